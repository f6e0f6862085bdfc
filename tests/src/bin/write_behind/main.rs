//! Queues writes in several processes, kills the processes that carry them out, and compares a real
//! database with what was accepted.
//!
//! The parent starts a Redis with an append-only file, a `SQLite` database, four writers and one to
//! four workers, each of which is a process of this program. Writers save carts, of which the newest
//! counts, and add to counters, for which each write counts. Workers are killed at random, Redis is
//! killed and started again once, the database is down for a while, and the clock that makes versions
//! is set back every other second. Each queue has a write that always fails. Readers look at what they
//! have just saved. At the end, the judge compares the tables with the calls that
//! returned `Ok`. Measurements of the queue follow, in comparison with direct writes.
//!
//! `write_behind --help` prints the options.

mod args;
mod broken;
mod child;
mod database;
mod figures;
mod functions;
mod judge;
mod reader;
mod run;
mod table;
mod truth;
mod worker;
mod writer;

use std::process::ExitCode;

use args::{Order, Parsed};

/// The most failures that are printed one by one.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // What this program starts of itself.
    match words.first().map(String::as_str) {
        Some(writer::WORD) => return ended(writer::main(&words[1..])),
        Some(worker::WORD) => return ended(worker::main(&words[1..])),
        _ => {}
    }
    match args::parse(words.into_iter()) {
        Ok(Parsed::Help) => {
            println!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(Parsed::Breaks) => {
            println!("{}", broken::names().join("\n"));
            ExitCode::SUCCESS
        }
        Ok(Parsed::Run(order)) => run(&order),
        Err(problem) => ended(Err(problem)),
    }
}

fn run(order: &Order) -> ExitCode {
    println!("seed {}", order.seed);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let verdict = match run::all(order, &runtime) {
        Ok(verdict) => verdict,
        Err(problem) => return ended(Err(problem)),
    };
    println!("{}", table::text(&verdict));
    for problem in verdict.problems.iter().take(SHOWN) {
        println!("FAIL {problem}");
    }
    if verdict.problems.len() > SHOWN {
        println!("and {} more", verdict.problems.len() - SHOWN);
    }
    if !verdict.problems.is_empty() {
        return ExitCode::from(1);
    }
    if order.has_figures {
        println!(
            "{}",
            runtime.block_on(figures::measured(order.figure_writes))
        );
    }
    ExitCode::SUCCESS
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}
