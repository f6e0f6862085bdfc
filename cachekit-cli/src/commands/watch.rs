//! `cachekit watch`.

use std::process::ExitCode;

use crate::args::Server;
use crate::connect::connect;
use crate::output::{Error, Output};

/// Prints invalidations until the command is interrupted.
pub(crate) async fn run(server: &Server, output: Output) -> Result<ExitCode, Error> {
    let cache = connect(server).await?;
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
    cache.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
