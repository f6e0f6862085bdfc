//! The text that the program prints.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use cachekit_examples::truth::WINDOW;
use hdrhistogram::Histogram;

use crate::accesses::Workload;
use crate::item::StaleRead;
use crate::propagation::Propagation;
use crate::run::Outcome;
use crate::shares::Shares;

/// Prints to standard output. It is no failure if the reader of the output has ended.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// All data of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) with: &'a Outcome,
    pub(crate) without: &'a Outcome,
    /// The times until writes are known on other nodes, if there are several nodes and writes.
    pub(crate) propagation: Option<&'a Propagation>,
    pub(crate) shares: &'a Shares<'a>,
}

impl<'a> Report<'a> {
    /// Returns every stale read, including the reads of the measurement of propagation.
    pub(crate) fn stale(&self) -> impl Iterator<Item = &'a StaleRead> {
        let measured = self.propagation.into_iter();
        let measured = measured.flat_map(|measured| &measured.stale);
        self.with.stale.iter().chain(measured)
    }

    /// Returns the whole report as text.
    pub(crate) fn table(&self) -> String {
        let Self { with, shares, .. } = *self;
        let mut text = String::new();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<28} {value:>14}");
        };
        // The number that the callers counted, which shows if an access was lost.
        let calls = with.reads + with.writes;
        row("calls", calls.to_string());
        row("  reads", with.reads.to_string());
        row("  writes", with.writes.to_string());
        let products = self.workload.products().len();
        row("distinct products", products.to_string());
        for (name, value) in shares.rows() {
            row(name, value);
        }
        if shares.stats.len() > 1 {
            row("reads behind another node", with.behind.reads.to_string());
            row("  the longest for", format!("{:.1?}", with.behind.worst));
        }
        row("stale reads", self.stale().count().to_string());
        row("wall time", format!("{:.2?}", with.wall));
        row("calls per second", per_second(calls, with.wall));
        text.push('\n');
        nodes(&mut text, shares);
        if let Some(measured) = self.propagation {
            propagation(&mut text, measured);
        }
        latencies(&mut text, with, self.without);
        own_share(&mut text, with);
        for stale in self.stale().take(5) {
            let _ = writeln!(text, "{}", in_words(stale));
        }
        text
    }
}

fn in_words(stale: &StaleRead) -> String {
    let whose = if stale.own { "the same" } else { "another" };
    format!(
        "STALE: node {} returned version {} of {}; version {} had been written through \
         {whose} node {:.1?} before the call began",
        stale.node + 1,
        stale.got,
        stale.item,
        stale.newer,
        stale.since,
    )
}

/// Appends to `text` the times until a write is known on all nodes, and an explanation.
fn propagation(text: &mut String, measured: &Propagation) {
    let writes = measured.delays.len();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<28} {value:>14}");
    };
    row("propagation, writes", writes.to_string());
    for (name, quantile) in [("  p50", 0.5), ("  p99", 0.99), ("  max", 1.0)] {
        row(name, shown(&measured.delays, quantile));
    }
    let _ = writeln!(
        text,
        "  From when a write of a product that all nodes had just read returned, until each of\n  \
         the other nodes, asked in a loop under the same load, answered with nothing older.\n  \
         More than {WINDOW:?} after Redis accepted it would be stale.\n",
    );
}

/// Appends to `text` the hits of each node, if there are several nodes.
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

/// Appends to `text` the cache's own share of a miss.
fn own_share(text: &mut String, with: &Outcome) {
    text.push('\n');
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<28} {value:>14}");
    };
    row("cache's share of a miss", with.own_share.len().to_string());
    for (name, quantile) in [("  p50", 0.5), ("  p99", 0.99)] {
        row(name, shown(&with.own_share, quantile));
    }
    text.push_str("  The time of a read that computed its value, without that of the query.\n");
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
