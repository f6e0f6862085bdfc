//! Several processes over one Redis, faults of every kind, and a judge.
//!
//! The parent starts a Redis, one proxy before it for each node, and the nodes: processes of
//! this same program, each with a cache, readers and writers. A table of versions in the
//! parent is the truth that computations read and writers raise. Each node tells what its
//! readers got and what its writers invalidated, all on one monotonic clock; the judge holds
//! that against what the cache promises.
//!
//! `checker --help` says more.

mod args;
mod cells;
mod invalidation_mode;
mod mix;
mod node;
mod parent;
mod removed_guards;
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
