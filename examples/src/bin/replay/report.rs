//! What the program prints.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use cachekit::Stats;
use hdrhistogram::Histogram;

use crate::run::{Outcome, Workload};

/// Prints to standard output. A reader that went away is no failure.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The whole report.
pub(crate) fn table(
    workload: &Workload,
    with: &Outcome,
    without: &Outcome,
    queries: u64,
    stats: &Stats,
) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<28} {value:>14}");
    };
    // As counted by the callers: it says so if an access was lost.
    let calls = with.reads + with.writes;
    row("calls", calls.to_string());
    row("  reads", with.reads.to_string());
    row("  writes", with.writes.to_string());
    row("distinct products", workload.products().len().to_string());
    for (tier, hits) in tiers(stats) {
        row(
            &format!("hits in {tier}"),
            format!("{hits} ({})", percent(hits, with.reads)),
        );
    }
    row("answered by another's query", stats.coalesced.to_string());
    row("database queries", queries.to_string());
    row("hit rate", percent_of(stats.hit_rate()));
    row(
        "stores refused as outdated",
        stats.refused_stores.to_string(),
    );
    row("stale reads", with.stale.len().to_string());
    row("wall time", format!("{:.2?}", with.wall));
    row("calls per second", per_second(calls, with.wall));
    text.push('\n');
    latencies(&mut text, with, without);
    for stale in with.stale.iter().take(5) {
        let _ = writeln!(
            text,
            "STALE: product {} was at version {} before the call began, and the call returned {}",
            stale.id, stale.at_least, stale.got
        );
    }
    text
}

/// The tiers that can answer a call, nearest first.
fn tiers(stats: &Stats) -> [(&'static str, u64); 1] {
    [("memory", stats.memory_hits)]
}

fn latencies(text: &mut String, with: &Outcome, without: &Outcome) {
    let _ = writeln!(
        text,
        "{:<28} {:>14} {:>14}",
        "latency of a read", "with cache", "without"
    );
    let quantiles = [
        ("p50", 0.5),
        ("p90", 0.9),
        ("p99", 0.99),
        ("p99.9", 0.999),
        ("max", 1.0),
    ];
    for (name, quantile) in quantiles {
        let at = |outcome: &Outcome| shown(&outcome.latency, quantile);
        let _ = writeln!(text, "{name:<28} {:>14} {:>14}", at(with), at(without));
    }
    if with.reads == 0 {
        return;
    }
    let mean = |latency: &Histogram<u64>| latency.mean();
    let (with, without) = (mean(&with.latency), mean(&without.latency));
    let duration = |nanos: f64| format!("{:.1?}", Duration::from_nanos(1).mul_f64(nanos));
    let _ = writeln!(
        text,
        "{:<28} {:>14} {:>14}",
        "mean",
        duration(with),
        duration(without)
    );
    if with > 0.0 {
        let _ = writeln!(
            text,
            "{:<28} {:>14}",
            "speed-up (mean)",
            format!("{:.1} x", without / with)
        );
    }
}

fn shown(latency: &Histogram<u64>, quantile: f64) -> String {
    if latency.is_empty() {
        return "-".to_owned();
    }
    let nanos = latency.value_at_quantile(quantile);
    format!("{:.1?}", Duration::from_nanos(nanos))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        "-".to_owned()
    } else {
        percent_of(part as f64 / whole as f64)
    }
}

fn percent_of(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "shown without digits")]
fn per_second(calls: u64, wall: Duration) -> String {
    format!("{:.0}", calls as f64 / wall.as_secs_f64().max(f64::EPSILON))
}
