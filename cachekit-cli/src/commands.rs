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

use clap::CommandFactory as _;

use crate::args::{Args, Command};
use crate::output;
use crate::output::{Error, Output};

/// Runs the command of `args`, and returns its exit code.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Error> {
    let (server, output) = (&args.server, *output);
    match args.command {
        Command::Doctor => doctor::run(server, output).await,
        Command::Inspect { key } => inspect::run(server, output, &key).await,
        Command::Invalidate(targets) => invalidate::run(server, output, targets).await,
        Command::Clear { ack } => invalidate::clear(server, output, ack).await,
        Command::Watch => watch::run(server, output).await,
        Command::Stats {
            asking,
            nodes,
            function,
        } => {
            let shown = stats::Shown {
                by_node: nodes,
                function,
            };
            stats::run(server, output, asking, shown).await
        }
        Command::Top(top) => top::run(server, output, top).await,
        Command::Config { asking } => config::run(server, output, asking).await,
        Command::DeadWrites(command) => dead_writes::run(server, output, command).await,
        Command::Completion { shell } => {
            // The script is not written to standard output directly, because the reader may close
            // the pipe early.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "cachekit", &mut script);
            output::print(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
    }
}
