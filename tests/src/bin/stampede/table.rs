//! Prints the outcomes as a table.

use std::process::Command;
use std::time::Duration;

use crate::outcome::Outcome;
use crate::rows::{self, Row, Scale};

/// The names of all rows, and what they are held to.
pub(crate) fn list() -> String {
    let row = |row: Row| {
        format!(
            "{:<18} {}\n{:<18} bound: {}",
            row.name, row.what, "", row.bound
        )
    };
    rows::all()
        .into_iter()
        .map(row)
        .collect::<Vec<_>>()
        .join("\n")
}

const COLUMNS: [&str; 7] = [
    "answers",
    "executions",
    "wall",
    "p50",
    "p99",
    "p99.9",
    "max",
];

fn cells(outcome: &Outcome) -> [String; 7] {
    let at = |per_mille| outcome.latencies.at(per_mille).map_or_else(none, millis);
    [
        outcome.latencies.len().to_string(),
        outcome.executions.to_string(),
        millis(outcome.wall),
        at(500),
        at(990),
        at(999),
        at(1_000),
    ]
}

fn none() -> String {
    "-".to_owned()
}

/// Milliseconds.
fn millis(length: Duration) -> String {
    let millis = length.as_secs_f64() * 1_000.0;
    let digits = if millis < 10.0 { 2 } else { 0 };
    format!("{millis:.digits$}")
}

fn aligned(name: &str, cells: [String; 7]) -> String {
    let cells = cells.map(|cell| format!(" {cell:>10}"));
    format!("{name:<18}{}", cells.concat())
}

/// The columns' names.
pub(crate) fn head() -> String {
    let names = aligned("row", COLUMNS.map(str::to_owned));
    format!("{names}  (milliseconds)")
}

/// One row.
pub(crate) fn line(row: &Row, outcome: &Outcome) -> String {
    let cells = aligned(row.name, cells(outcome));
    format!("{cells}  {:<7} {}", outcome.verdict(), outcome.note)
        .trim_end()
        .to_owned()
}

/// All of it, for the documentation.
pub(crate) fn markdown(scale: Scale, results: &[(&Row, Outcome)]) -> String {
    let mut lines = vec![
        opening(scale),
        format!(
            "| row | load | bound | {} | seen besides | result |",
            COLUMNS.join(" | ")
        ),
        format!("|---|---|---|{}---|---|", "--:|".repeat(COLUMNS.len())),
    ];
    lines.extend(results.iter().map(|(row, outcome)| {
        format!(
            "| {} | {} | {} | {} | {} | {} |",
            row.name,
            row.what,
            row.bound,
            cells(outcome).join(" | "),
            outcome.note,
            outcome.verdict()
        )
    }));
    for (row, outcome) in results {
        lines.extend(
            outcome
                .problems()
                .map(|problem| format!("\n**{}**: {problem}", row.name)),
        );
    }
    lines.join("\n") + "\n"
}

fn opening(scale: Scale) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let quick = match scale {
        Scale::Full => "",
        Scale::Quick => "--quick ",
    };
    format!(
        "# Cache stampedes\n\n\
         **TL;DR** The bounds: 50,000 callers of one cold key run the function once, in one process \
         and in four. When 1,000 hot keys expire together, each is computed once; with `stale`, no \
         caller waits for it. The last column says whether they held.\n\n\
         {date}, cachekit {version}, {cores} cores, by\n\n    \
         cargo run --release -p cachekit-tests --bin stampede -- {quick}--markdown docs/stampede.md\n\n\
         Times are milliseconds. `p50` to `max` are the waiting times of callers, every answer counted. \
         They run from the start of the call. If calls are offered at a rate, they run from the \
         scheduled start, so a late start counts as waiting. Such a row is INVALID if the \
         generator was late by a millisecond or more for one call in a hundred.\n",
        date = date(),
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn date() -> String {
    let output = Command::new("date").arg("+%Y-%m-%d").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().trim().to_owned()
}
