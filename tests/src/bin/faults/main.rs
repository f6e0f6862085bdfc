//! Injects faults of Redis, and reports their effect on a service that uses the cache.
//!
//! Each row of a table has a real Redis, two nodes that each reach it through a proxy of their own,
//! and a steady load of reads and of writes that invalidate. A fault begins and ends under this
//! load. Every call is recorded and compared with the promises of the cache.
//!
//! `faults --help` prints the options.

mod args;
mod document;
mod judge;
mod left_out;
mod load;
mod masters;
mod outcome;
mod probes;
mod record;
mod rows;
mod run;
mod said;
mod set;
mod settings;
mod starved;
mod table;
mod topology;
mod truth;
mod watch;
mod world;

use std::process::ExitCode;

use args::{Order, Parsed};
use outcome::Outcome;
use said::Output;

fn main() -> ExitCode {
    let order = match args::parse(std::env::args().skip(1)) {
        Ok(Parsed::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::List(topology)) => {
            println!("{}", table::list(topology));
            return ExitCode::SUCCESS;
        }
        Ok(Parsed::Rows(order)) => order,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let said = Output::begin();
    let outcomes = run_all(&order, &said);
    let leaks = said.leaks();
    for leak in &leaks {
        said.say(&format!("LEAK {leak}"));
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
    said.say(&format!(
        "\n{} rows, {failed} failed; {} lines were said or logged, {} of them with a secret",
        outcomes.len(),
        said.count(),
        leaks.len(),
    ));
    if let Some(file) = &order.markdown
        && let Err(error) = document::write(
            file,
            order.topology,
            &table::markdown(order.topology, &outcomes),
        )
    {
        eprintln!("error: {}: {error}", file.display());
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(failed > 0 || !leaks.is_empty()))
}

fn run_all(order: &Order, said: &Output) -> Vec<Outcome> {
    said.say(&table::head(order.topology));
    let mut outcomes = Vec::new();
    for row in &order.rows {
        let outcome = run::run(row, order.broken);
        said.say(&table::line(&outcome));
        for problem in &outcome.problems {
            said.say(&format!("    FAIL {problem}"));
        }
        outcomes.push(outcome);
    }
    for line in left_out::lines(order.topology) {
        said.say(&line);
    }
    outcomes
}
