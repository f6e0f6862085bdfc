//! What the program prints.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::accesses::Workload;
use crate::run::Outcome;
use crate::shares::Shares;

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
    shares: &Shares<'_>,
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
    for (name, value) in shares.rows() {
        row(name, value);
    }
    if shares.stats.len() > 1 {
        row("reads behind another node", with.behind.to_string());
    }
    row("stale reads", with.stale.len().to_string());
    row("wall time", format!("{:.2?}", with.wall));
    row("calls per second", per_second(calls, with.wall));
    text.push('\n');
    nodes(&mut text, shares);
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

/// The hits of each node, where there are several.
fn nodes(text: &mut String, shares: &Shares<'_>) {
    if shares.stats.len() < 2 {
        return;
    }
    let mut row = |name: &str, memory: &str, redis: &str| {
        let _ = writeln!(text, "{name:<28} {memory:>14} {redis:>14}");
    };
    row("hits", "in memory", "in Redis");
    for (node, stats) in (1..).zip(shares.stats) {
        let (memory, redis) = (stats.memory_hits, stats.redis_hits);
        row(
            &format!("node {node}"),
            &memory.to_string(),
            &redis.to_string(),
        );
    }
    text.push('\n');
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

#[expect(clippy::cast_precision_loss, reason = "shown without digits")]
fn per_second(calls: u64, wall: Duration) -> String {
    format!("{:.0}", calls as f64 / wall.as_secs_f64().max(f64::EPSILON))
}
