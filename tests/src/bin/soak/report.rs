//! The line printed after each step.

use std::fs;

use cachekit::Stats;

/// The state after a step.
pub(crate) struct Row {
    keys: u64,
    /// Resident memory of the process, in KiB.
    pub(crate) resident: u64,
    /// Of each node.
    pub(crate) nodes: Vec<Stats>,
}

impl Row {
    pub(crate) fn of(keys: u64, nodes: Vec<Stats>) -> Self {
        Self {
            keys,
            resident: resident(),
            nodes,
        }
    }

    pub(crate) fn print(&self) {
        for (node, stats) in self.nodes.iter().enumerate() {
            let redis = &stats.redis;
            println!(
                "{:>10} {:>4} {:>9} {:>7} {:>7} {:>6} {:>6} {:>10} {:>12} {:>8} {:>9} {:>7} {:>7} {:>8}",
                self.keys,
                node + 1,
                self.resident,
                stats.entries,
                stats.flights,
                stats.writes,
                stats.tags,
                stats.stores,
                stats.invalidations,
                stats.refused_stores + redis.refused_stores,
                redis.stores,
                redis.waits,
                redis.queued_invalidations,
                redis.messages,
            );
        }
    }
}

/// The names of the columns.
pub(crate) fn head() {
    println!(
        "{:>10} {:>4} {:>9} {:>7} {:>7} {:>6} {:>6} {:>10} {:>12} {:>8} {:>9} {:>7} {:>7} {:>8}",
        "keys",
        "node",
        "RSS (KiB)",
        "entries",
        "flights",
        "writes",
        "tags",
        "stores",
        "invalidated",
        "refused",
        "in Redis",
        "waits",
        "untold",
        "messages"
    );
}

/// `VmRSS`.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number of KiB")
}
