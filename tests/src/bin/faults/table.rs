//! The outcomes as a table.

use std::process::Command;
use std::time::Duration;

use crate::outcome::Outcome;
use crate::rows;
use crate::settings::{
    ALLOWANCE, ALONE, BUS_TIMEOUT, LOADER, LOCK_TIMEOUT, RECOVERY, REDIS_TIMEOUT, WRITE, shared,
};

/// The names of all rows.
pub(crate) fn list() -> String {
    let row = |row: rows::Row| {
        let quick = if row.is_quick { "quick" } else { "" };
        format!("{:<22} {:<6} {}\n", row.name, quick, row.what)
    };
    rows::all().into_iter().map(row).collect()
}

/// The columns' names, and what they are held to.
pub(crate) fn head() -> String {
    let most = |bound: Duration| format!("<={}", (bound + ALLOWANCE).as_millis());
    let names = format!(
        "{:<22} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}  result",
        "row", "calls", "failed", "alone", "shared", "write", "back", "stale", "inval.", "lost"
    );
    let bounds = format!(
        "{:<22} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "",
        "",
        "=0",
        most(ALONE),
        most(shared()),
        most(WRITE),
        format!("<={}", RECOVERY.as_millis()),
        "=0",
        "",
        "=0"
    );
    format!("{names}\n{bounds}  (milliseconds)")
}

/// One row.
pub(crate) fn line(outcome: &Outcome) -> String {
    let [
        calls,
        failed,
        alone,
        shared,
        write,
        back,
        stale,
        invalidations,
        lost,
    ] = cells(outcome);
    format!(
        "{:<22} {calls:>6} {failed:>6} {alone:>6} {shared:>6} {write:>6} {back:>6} {stale:>6} \
         {invalidations:>6} {lost:>6}  {}",
        outcome.row.name,
        result(outcome),
    )
}

fn cells(outcome: &Outcome) -> [String; 9] {
    let millis = |length: Duration| format!("{:.0}", length.as_secs_f64() * 1_000.0);
    let never = if outcome.row.comes_back { "never" } else { "-" };
    [
        outcome.calls.to_string(),
        outcome.failed.to_string(),
        millis(outcome.alone),
        millis(outcome.shared),
        millis(outcome.write),
        outcome.back.map_or(never.to_owned(), millis),
        outcome.stale.to_string(),
        outcome.invalidations.to_string(),
        outcome.lost.to_string(),
    ]
}

fn result(outcome: &Outcome) -> &'static str {
    if outcome.is_ok() { "ok" } else { "FAIL" }
}

/// All of it, for the documentation.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = opening();
    text += "| fault | what is done | calls | failed | alone, ms | shared, ms | write, ms | \
             back after, ms | stale | invalidations | lost | result |\n\
             |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
    for outcome in outcomes {
        let cells = cells(outcome).join(" | ");
        let row = &outcome.row;
        let (name, what, result) = (row.name, row.what, result(outcome));
        text += &format!(
            "| {name} | {what} ({}) | {cells} | {result} |\n",
            outcome.evidence
        );
    }
    text += "\nAssumed, row by row:\n\n";
    for row in outcomes.iter().map(|outcome| &outcome.row) {
        text += &format!("- {}: {}.\n", row.name, row.assumes);
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_ok()) {
        text += &format!("\n**{}** is not as promised:\n\n", outcome.row.name);
        for problem in &outcome.problems {
            text += &format!("- {problem}\n");
        }
    }
    text
}

fn opening() -> String {
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default().trim().to_owned()
    };
    let redis = said("redis-server", &["--version"]);
    let version = redis.split(' ').find_map(|word| word.strip_prefix("v="));
    let ms = |length: Duration| format!("{} ms", length.as_millis());
    format!(
        "# When Redis misbehaves\n\n\
         Made by `cargo run --release -p cachekit-tests --bin faults -- --markdown docs/faults.md` on \
         {}, with cachekit {}, Redis {}.\n\n\
         Two nodes call and write without a pause, each through a network of its own, before, \
         during and after the fault. Their function takes {}; `redis_timeout` is {}, \
         `bus_timeout` {}, `lock_timeout` {}. The first node's memory goes on for 30 seconds without \
         messages, the second one's not at all.\n\n\
         - **failed**: calls that did not return, or not with a value of their row. Promised: 0.\n\
         - **alone**: the slowest call of a key that nobody else asks for, beyond its function's \
         time. Promised: {}, the machine's delays aside ({} allowed).\n\
         - **shared**: the same for keys that many ask for, who may wait for the other's \
         computation. Promised: {}.\n\
         - **write**: the slowest call that invalidates. Promised: {}.\n\
         - **back after**: from the end of the fault until both nodes use Redis and hear messages \
         again. Promised: {}.\n\
         - **stale**: calls that got a value whose computation began before an invalidation that \
         they had to know: on the writer's node from its return, on the other `bus_timeout` after \
         Redis accepted it, and for the first node when it hears messages. Promised: 0.\n\
         - **lost**: rows that a node, or one that knows nothing but what is in Redis, gets with \
         another version than the newest after it is over. Promised: 0.\n\n",
        said("date", &["+%Y-%m-%d"]),
        env!("CARGO_PKG_VERSION"),
        version.unwrap_or("of an unknown version"),
        ms(LOADER),
        ms(REDIS_TIMEOUT),
        ms(BUS_TIMEOUT),
        ms(LOCK_TIMEOUT),
        ms(ALONE),
        ms(ALLOWANCE),
        ms(shared()),
        ms(WRITE),
        ms(RECOVERY),
    )
}
