//! Kills processes in functions that write to a real Postgres, and looks for old values
//! afterwards.
//!
//! The parent starts a Postgres, a Redis and two nodes that read every row every few
//! milliseconds. For each run a child process writes a row in a function with `#[invalidates]` or
//! `#[write_through]`, and is killed at one of eight points between its call and its return. The
//! judge compares what the nodes serve from then on with what the database has.
//!
//! `crash --help` prints the options.

mod args;
mod broken;
mod judge;
mod lateness;
mod plan;
mod point;
mod postgres;
mod reader;
mod row;
mod run;
mod table;
mod world;
mod writer;

use std::process::ExitCode;

use args::{Order, Parsed};

/// The most failures that are printed one by one.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().map(String::as_str) == Some("--writer") {
        // What this program starts of itself.
        return writer::main(&words[1..]);
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
        Ok(Parsed::Runs(order)) => run(&order),
        Err(problem) => failed(&problem),
    }
}

fn run(order: &Order) -> ExitCode {
    let postgres = match postgres::Postgres::start() {
        Ok(postgres) => postgres,
        Err(problem) => return failed(&problem),
    };
    println!("seed {}", order.seed);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let judged = runtime.block_on(run::all(order, postgres));
    println!("{}", table::text(&judged));
    let problems: Vec<_> = judged.problems().collect();
    for problem in problems.iter().take(SHOWN) {
        println!("FAIL {problem}");
    }
    if problems.len() > SHOWN {
        println!("and {} more", problems.len() - SHOWN);
    }
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

fn failed(problem: &str) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::from(2)
}
