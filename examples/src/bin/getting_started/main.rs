//! The steps of the page `docs/getting-started.md`. The page shows the output of each step, and
//! `examples/tests/getting_started.rs` compares the two.

mod first;
mod invalidates;
mod redis;
mod shop;
mod stale;
mod stampede;
mod statistics;
mod table;
mod tags;
mod ttl;

use std::process::ExitCode;

use cachekit_examples::program::{Fail, run};
use lexopt::{Arg, Parser, ValueExt};

const HELP: &str = "\
Shows the effect of one option at a time, with the listings of docs/getting-started.md.

Usage: getting_started STEP

  1   the first cached function
  2   ttl: a lifetime
  3   tags: many entries at once
  4   #[invalidates]: no old value after a write
  5   many callers of one missing entry
  6   stale: old values while one call refreshes the entry
  7   Redis: entries that processes share; REDIS_URL names the server
  8   statistics

Step 7 alone needs anything besides the program.
";

#[tokio::main]
async fn main() -> ExitCode {
    run(args(), HELP, step).await
}

/// Reads the command line; `None` if it asks for the help.
fn args() -> Result<Option<u32>, Fail> {
    let mut parser = Parser::from_env();
    let mut step = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(number) if step.is_none() => step = Some(number.parse()?),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    Ok(step)
}

async fn step(number: u32) -> Result<(), Fail> {
    match number {
        1 => first::run().await,
        2 => ttl::run().await,
        3 => tags::run().await,
        4 => invalidates::run().await,
        5 => stampede::run().await,
        6 => stale::run().await,
        7 => redis::run().await,
        8 => statistics::run().await,
        _ => Err(format!("there is no step {number}; see --help").into()),
    }
}
