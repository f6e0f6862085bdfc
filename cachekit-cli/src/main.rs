//! The command `cachekit`: looks into the caches of services that use cachekit, and invalidates
//! entries.

mod access;
mod args;
mod asked;
mod commands;
mod connect;
mod functions;
mod output;
mod screen;
mod signals;
mod value;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::output::Output;

/// Runs on one thread: a command waits for Redis and for nothing else.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    match commands::run(args, &output).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.code)
        }
    }
}
