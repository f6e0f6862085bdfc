//! The commands.

mod config;
mod dead_writes;
mod doctor;
mod inspect;
mod invalidate;
mod stats;
mod top;
mod watch;

use std::process::ExitCode;

use cachekit::Cache;
use clap::CommandFactory as _;

use crate::args::{Args, Command};
use crate::connect::connect;
use crate::output;
use crate::output::{Error, Output};

/// Runs the command of `args`, and returns its exit code.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Error> {
    let server = args.server.without_empty();
    let (server, output) = (&server, *output);
    match args.command {
        Command::Doctor => doctor::run(server, output).await,
        Command::Completion { shell } => {
            // Not written directly: a reader may close the pipe early.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "cachekit", &mut script);
            output::print(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let cache = connect(server).await?;
            let done = run_on(&cache, output, command).await;
            // Also after an error: without a goodbye, services would wait for this process in their
            // acknowledged invalidations.
            cache.shutdown().await;
            done
        }
    }
}

/// Runs a command that speaks to Redis by `cache`.
async fn run_on(cache: &Cache, output: Output, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Inspect { key } => inspect::run(cache, output, &key).await,
        Command::Invalidate(targets) => Ok(invalidate::run(cache, output, targets).await),
        Command::Clear { ack } => Ok(invalidate::clear(cache, output, ack).await),
        Command::Watch => Ok(watch::run(cache, output).await),
        Command::Stats {
            asking,
            nodes,
            function,
        } => {
            let shown = stats::Shown {
                by_node: nodes,
                function,
            };
            stats::run(cache, output, asking, shown).await
        }
        Command::Top(top) => top::run(cache, output, top).await,
        Command::Config { asking } => config::run(cache, output, asking).await,
        Command::DeadWrites(command) => dead_writes::run(cache, output, command).await,
        // They have no cache.
        Command::Doctor | Command::Completion { .. } => Ok(ExitCode::SUCCESS),
    }
}
