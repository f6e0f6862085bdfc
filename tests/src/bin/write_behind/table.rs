//! Prints a run as a table.

use crate::database::Logged;
use crate::judge::Verdict;
use crate::truth::Calls;

/// Returns the table, and below it what was done to the processes.
pub(crate) fn text(verdict: &Verdict) -> String {
    let (saves, additions) = (verdict.saves, verdict.additions);
    let (carts, counters) = (verdict.carts, verdict.counters);
    let rows = [
        ("calls accepted", saves.accepted, additions.accepted),
        ("unconfirmed", saves.unconfirmed, additions.unconfirmed),
        ("refused, repeated", saves.refused, additions.refused),
        ("writes carried out", carts.written, counters.written),
        ("carried out again", carts.repeats, counters.repeats),
    ];
    let mut lines = vec![aligned("", "carts", "counters")];
    let numbers = |(name, carts, counters): (&str, u64, u64)| {
        aligned(name, &carts.to_string(), &counters.to_string())
    };
    lines.extend(rows.map(numbers));
    let factors = [factor(saves, carts), factor(additions, counters)];
    lines.push(aligned("calls for each write", &factors[0], &factors[1]));
    lines.push(format!(
        "{} reads right after a save, {} times repeated because Redis was away",
        verdict.reads, verdict.repeated_reads
    ));
    lines.push(disturbances(verdict));
    lines.push(format!("{} violations", verdict.problems.len()));
    lines.join("\n")
}

fn aligned(name: &str, carts: &str, counters: &str) -> String {
    format!("{name:<22}{carts:>11}{counters:>11}")
}

/// Returns the number of accepted calls for each write to the database.
fn factor(calls: Calls, logged: Logged) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let factor = calls.accepted as f64 / logged.written.max(1) as f64;
    format!("{factor:.2}")
}

fn disturbances(verdict: &Verdict) -> String {
    let it = verdict.disturbances;
    format!(
        "{} workers killed, {} stopped, at most {} at once; Redis killed {} time(s)\n\
         the database was down for {:.0} s\n\
         {:.1} s of writing, then {:.1} s until the queues were empty",
        it.killed_workers,
        it.stopped_workers,
        it.most_workers,
        it.redis_deaths,
        it.database_down.as_secs_f64(),
        it.writing.as_secs_f64(),
        it.draining.as_secs_f64(),
    )
}
