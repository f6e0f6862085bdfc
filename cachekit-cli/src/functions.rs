//! The table of functions, which `stats` and `top` show.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use cachekit::{CallStats, Histogram, MissStats, Stats};
use serde::Serialize;

use crate::output::{length, printable};

/// Number of causes of misses that a row shows.
const CAUSES: usize = 3;

/// The sums of one function over several processes.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) calls: CallStats,
    /// Calls per second: the sum over the processes of the calls in each process, divided by the
    /// time that the process's counters cover.
    pub(crate) per_second: f64,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Returns the functions of all `processes`, each with its sums over the processes, sorted by name.
pub(crate) fn summed<'a>(processes: impl Iterator<Item = &'a Stats>) -> Vec<Function> {
    let mut by_name = BTreeMap::<&str, Function>::new();
    for stats in processes {
        for function in &stats.functions {
            let sum = by_name.entry(&function.name).or_default();
            sum.calls += &function.calls;
            sum.per_second += stats.per_second(function.calls());
            sum.entries = sum.entries.saturating_add(function.entries);
            sum.bytes = sum.bytes.saturating_add(function.bytes);
        }
    }
    let named = by_name.into_iter().map(|(name, sum)| Function {
        name: name.to_owned(),
        ..sum
    });
    named.collect()
}

/// The heading of the table, and the width of each column after the name.
const COLUMNS: [(&str, usize); 6] = [
    ("calls", 10),
    ("calls/s", 9),
    ("hits", 7),
    ("runs", 9),
    ("p50", 8),
    ("p99", 8),
];

/// Returns the table of `functions`, with a heading.
pub(crate) fn table(functions: &[Function]) -> String {
    let widths = functions.iter().map(|it| it.name.chars().count());
    let width = widths.max().unwrap_or(0).max("function".len());
    let heads = COLUMNS.map(|(head, _)| head.to_owned());
    let mut text = row("function", width, &heads, "misses by cause");
    for function in functions {
        let Function {
            name,
            calls,
            per_second,
            ..
        } = function;
        let cells = [
            calls.calls().to_string(),
            format!("{per_second:.1}"),
            share(calls),
            calls.computations.to_string(),
            quantile(&calls.compute_time, 0.5),
            quantile(&calls.compute_time, 0.99),
        ];
        text += &row(&printable(name), width, &cells, &causes(&calls.by_cause));
    }
    text
}

fn row(name: &str, width: usize, cells: &[String; COLUMNS.len()], causes: &str) -> String {
    let mut line = format!("{name:<width$}");
    for ((_, width), cell) in COLUMNS.iter().zip(cells) {
        // Writing to a string does not fail.
        let _ = write!(line, " {cell:>width$}");
    }
    format!("{}\n", format!("{line}  {causes}").trim_end())
}

/// Returns the hit rate, or `-` if there was no call.
fn share(calls: &CallStats) -> String {
    if calls.calls() == 0 {
        "-".to_owned()
    } else {
        format!("{:.1}%", calls.hit_rate() * 100.0)
    }
}

fn quantile(times: &Histogram, p: f64) -> String {
    times.quantile(p).map_or_else(|| "-".to_owned(), length)
}

/// Returns the causes with the most misses, such as `absent 7, tag category: 2`.
fn causes(misses: &MissStats) -> String {
    let fixed = [
        ("absent", misses.absent),
        ("expired", misses.expired),
        ("key", misses.key),
        ("event", misses.event),
        ("function", misses.function),
        ("cleared", misses.cleared),
        ("source", misses.source),
        ("changed", misses.changed),
        ("unconfirmed", misses.unconfirmed),
        ("unreachable", misses.unreachable),
        ("forced", misses.forced),
        ("queued", misses.queued),
        ("other tag", misses.other_tags),
        ("other", misses.other),
    ];
    let fixed = fixed.map(|(name, count)| (name.to_owned(), count));
    let tags = misses.tags.iter();
    let tags = tags.map(|(family, count)| (format!("tag {}", printable(family)), *count));
    let mut all: Vec<_> = fixed.into_iter().chain(tags).collect();
    all.retain(|(_, count)| *count > 0);
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = if all.len() > CAUSES { ", .." } else { "" };
    let shown = all.iter().take(CAUSES);
    let shown: Vec<_> = shown
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    shown.join(", ") + more
}

/// Returns the longest of the times that the counters of `processes` cover.
pub(crate) fn covered<'a>(processes: impl Iterator<Item = &'a Stats>) -> Duration {
    processes
        .map(|stats| stats.elapsed)
        .max()
        .unwrap_or_default()
}
