//! Runs several processes over one Redis, injects faults of every kind, and judges the results.
//!
//! The parent starts a Redis, one proxy in front of it for each node, and the nodes. A node is a
//! process of this program with a cache, readers and writers. The parent holds a table of versions,
//! the truth: computations read it, and writers raise it. Each node reports the versions that its
//! readers got and the rows that its writers invalidated, all on one monotonic clock. The judge
//! compares that with the promises of the cache.
//!
//! `checker --help` prints the options.

mod args;
mod cells;
mod invalidation_mode;
mod mix;
mod node;
mod parent;
mod removed_guards;
mod topology;
mod write_kind;

use std::process::ExitCode;

use args::Parsed;

fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)) {
        Ok(Parsed::Help) => {
            println!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(Parsed::Breaks) => {
            println!("{}", removed_guards::names());
            ExitCode::SUCCESS
        }
        Ok(Parsed::Parent(settings)) => parent::run(&settings),
        Ok(Parsed::Node(settings)) => node::run(settings),
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}
