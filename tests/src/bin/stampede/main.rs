//! Runs many calls at one moment: for a cold key, in one process and in several, while the leader
//! is killed or hangs, and when the keys of a steady load expire.
//!
//! Each row runs a load, prints its measurements, and compares them with a stated bound.
//!
//! `stampede --help` prints the options.

mod args;
mod caller;
mod children;
mod latencies;
mod outcome;
mod pace;
mod resident;
mod rows;
mod table;

use std::fs;
use std::process::ExitCode;

use args::{Order, Parsed};
use outcome::Verdict;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        // What this program starts of itself.
        Some("--caller") => return caller::main(&words[1..]),
        Some("--resident") => return resident::main(&words[1..]),
        _ => {}
    }
    match args::parse(words.into_iter()) {
        Ok(Parsed::Help) => {
            println!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(Parsed::List) => {
            println!("{}", table::list());
            ExitCode::SUCCESS
        }
        Ok(Parsed::Rows(order)) => run(&order),
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}

fn run(order: &Order) -> ExitCode {
    println!("{}", table::head());
    let mut results = Vec::new();
    for row in &order.rows {
        let outcome = (row.run)(order.scale);
        println!("{}", table::line(row, &outcome));
        for problem in outcome.problems() {
            println!("    {problem}");
        }
        results.push((row, outcome));
    }
    if let Some(file) = &order.markdown
        && let Err(error) = fs::write(file, table::markdown(order.scale, &results))
    {
        eprintln!("error: {}: {error}", file.display());
        return ExitCode::from(2);
    }
    let has = |verdict| {
        results
            .iter()
            .any(|(_, outcome)| outcome.verdict() == verdict)
    };
    match (has(Verdict::Broken), has(Verdict::Invalid)) {
        (true, _) => ExitCode::from(1),
        (false, true) => ExitCode::from(3),
        (false, false) => ExitCode::SUCCESS,
    }
}
