//! `cachekit watch`.

use std::process::ExitCode;

use cachekit::Cache;

use crate::output::Output;

/// Prints invalidations until the command is interrupted.
pub(crate) async fn run(cache: &Cache, output: Output) -> ExitCode {
    let mut watch = cache.watch();
    let printing = async {
        while let Some(seen) = watch.next().await {
            if !output.print(&seen, format!("{seen}\n")) {
                return;
            }
        }
    };
    tokio::select! {
        () = printing => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}
