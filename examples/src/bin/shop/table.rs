//! The table of the acts, and the promises that the acts must keep.

use std::fmt::Write as _;

use crate::acts::{Act, SALE};
use crate::load::Measured;
use crate::numbers::{count, float, shown};

/// The heads of the columns.
pub(crate) const HEADS: [&str; 10] = [
    "act",
    "requests",
    "queries",
    "per 1,000",
    "fewer",
    "hit rate",
    "p50",
    "p99",
    "stale reads",
    "price everywhere",
];

/// The explanation below the table.
pub(crate) const NOTES: &str = "\
per 1,000: queries for 1,000 requests. fewer: the factor between the two shops. hit rate: of the
calls of cached functions and cached responses. stale reads: reads that showed an older value than a
write that had returned before they began; through another instance, 1.05 s after Redis had accepted
the write. price everywhere: p50 / p99 of the time from the return of a write until every instance,
asked in a loop, had answered with the new price.
";

/// The least factor by which there must be fewer queries than without the cache.
const LEAST: f64 = 20.0;

/// Returns the queries for one request.
fn per_request(measured: &Measured) -> f64 {
    float(measured.queries) / float(measured.requests().max(1))
}

/// Returns the queries for 1,000 requests.
pub(crate) fn per_1_000(measured: &Measured) -> f64 {
    1_000.0 * per_request(measured)
}

/// Returns the queries that the requests with the cache would take without it.
fn expected(act: &Act) -> f64 {
    per_request(&act.without) * float(act.with.requests())
}

/// Returns the factor by which there are fewer queries with the cache, over some acts.
fn fewer(acts: &[Act]) -> f64 {
    let without: f64 = acts.iter().map(expected).sum();
    let with: u64 = acts.iter().map(|act| act.with.queries).sum();
    without / float(with.max(1))
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * float(part) / float(whole.max(1)))
}

/// Returns the rows of the table: for each act one with the cache, and one without.
pub(crate) fn rows(acts: &[Act]) -> Vec<[String; 10]> {
    let mut rows = Vec::new();
    for act in acts {
        let factor = fewer(std::slice::from_ref(act));
        let factor = format!("{} x", count(factor));
        let hits = percent(act.with.hits, act.with.calls);
        rows.push(row(act.name, &act.with, factor, hits));
        let without = row("  without the cache", &act.without, "-".into(), "-".into());
        rows.push(without);
    }
    rows
}

fn row(name: &str, measured: &Measured, fewer: String, hits: String) -> [String; 10] {
    let Measured { part, .. } = measured;
    let seen = if part.seen.is_empty() {
        "-".to_owned()
    } else {
        format!("{} / {}", shown(&part.seen, 0.5), shown(&part.seen, 0.99))
    };
    [
        name.to_owned(),
        count(float(measured.requests())),
        count(float(measured.queries)),
        format!("{:.1}", per_1_000(measured)),
        fewer,
        hits,
        shown(&part.latency, 0.5),
        shown(&part.latency, 0.99),
        part.stale.len().to_string(),
        seen,
    ]
}

/// Returns the table as text.
pub(crate) fn text(acts: &[Act]) -> String {
    let rows = rows(acts);
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows);
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A promise, and the result of its check.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) is_kept: bool,
    pub(crate) text: String,
}

/// Checks the promises.
pub(crate) fn promises(acts: &[Act]) -> Vec<Promise> {
    let flash = acts.iter().find(|act| act.name == SALE);
    let queries = flash.map_or(0, |act| act.with.queries);
    let requests = flash.map_or(0, |act| act.with.requests());
    let stale: usize = acts.iter().map(|act| act.with.part.stale.len()).sum();
    let factor = fewer(acts);
    vec![
        Promise {
            is_kept: queries == 1,
            text: format!(
                "queries for the {} requests of the flash sale: {queries}; promised: 1",
                count(float(requests))
            ),
        },
        Promise {
            is_kept: stale == 0,
            text: format!("stale reads: {stale}; promised: 0"),
        },
        Promise {
            is_kept: factor >= LEAST,
            text: format!(
                "fewer queries than without the cache, in all acts: {} times; promised: {LEAST} times",
                count(factor)
            ),
        },
    ]
}

/// Returns the promises as text, and some stale reads in words.
pub(crate) fn kept(acts: &[Act], promises: &[Promise]) -> String {
    let mut text = String::new();
    for promise in promises {
        let word = if promise.is_kept { "kept  " } else { "BROKEN" };
        let _ = writeln!(text, "{word}  {}", promise.text);
    }
    let behind: u64 = acts.iter().map(|act| act.with.part.behind).sum();
    if behind > 0 {
        let _ = writeln!(
            text,
            "allowed reads of an older value, soon after a write through another instance: {behind}"
        );
    }
    let stale = acts.iter().flat_map(|act| &act.with.part.stale);
    for read in stale.take(5) {
        let _ = writeln!(text, "STALE: {read}");
    }
    text
}
