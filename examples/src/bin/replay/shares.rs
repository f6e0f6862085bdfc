//! The share of the calls that each tier answered, over all nodes.

use cachekit::{RedisMisses, Stats};

/// The counts of the caches and of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares<'a> {
    /// The number of reads, as the callers counted them.
    pub(crate) reads: u64,
    /// The number of queries to the database, writes included.
    pub(crate) queries: u64,
    /// The statistics of each node.
    pub(crate) stats: &'a [Stats],
    /// `true` if the nodes share a Redis.
    pub(crate) is_shared: bool,
}

type Row = (&'static str, String);

impl Shares<'_> {
    /// Returns the rows of the report, in the order of the tiers: memory first.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = vec![];
        if self.stats.len() > 1 {
            rows.push(("nodes", self.stats.len().to_string()));
        }
        rows.push(("hits in memory", self.of_reads(|of| of.memory_hits)));
        if self.is_shared {
            rows.push(("hits in Redis", self.of_reads(|of| of.redis_hits)));
        }
        // The other call may have got the value from Redis.
        let coalesced = self.of_reads(|of| of.coalesced);
        rows.push(("answered by another's call", coalesced));
        rows.push(("database queries", self.queries.to_string()));
        rows.push(("hit rate", percent(self.hits(), self.lookups())));
        let refused = self.sum(|of| of.refused_stores);
        rows.push(("stores refused as outdated", refused.to_string()));
        if self.is_shared {
            rows.extend(self.redis());
        }
        rows
    }

    fn redis(&self) -> Vec<Row> {
        let mut rows = vec![];
        let mut always = |name, value: u64| rows.push((name, value.to_string()));
        always("waits for another process", self.sum(|of| of.redis.waits));
        always("stores in Redis", self.sum(|of| of.redis.stores));
        always("  refused", self.sum(|of| of.redis.refused_stores));
        let misses = REASONS.map(|(name, of)| (name, self.sum(|stats| of(&stats.redis.misses))));
        always(
            "misses in Redis",
            misses.iter().map(|(_, count)| count).sum(),
        );
        let rare = [
            ("not for Redis", self.sum(|of| of.redis.unstorable)),
            ("failures of Redis", self.sum(|of| of.redis.failures)),
        ];
        let told = misses.into_iter().chain(rare);
        let told = told.filter(|(_, count)| *count > 0);
        rows.extend(told.map(|(name, count)| (name, count.to_string())));
        rows
    }

    fn hits(&self) -> u64 {
        self.sum(|of| of.memory_hits + of.redis_hits)
    }

    fn lookups(&self) -> u64 {
        self.sum(|of| of.memory_hits + of.misses)
    }

    fn sum(&self, of: impl Fn(&Stats) -> u64) -> u64 {
        self.stats.iter().map(of).sum()
    }

    fn of_reads(&self, of: impl Fn(&Stats) -> u64) -> String {
        let sum = self.sum(of);
        format!("{sum} ({})", percent(sum, self.reads))
    }
}

type Reason = (&'static str, fn(&RedisMisses) -> u64);

/// The reasons for misses in Redis, with their counters.
const REASONS: [Reason; 13] = [
    ("  none there", |of| of.absent),
    ("  expired", |of| of.expired),
    ("  invalidated", |of| of.invalidated),
    ("  not cachekit's", |of| of.foreign),
    ("  of another format", |of| of.format),
    ("  damaged", |of| of.damaged),
    ("  of another key", |of| of.key),
    ("  of another function", |of| of.function),
    ("  of another codec", |of| of.codec),
    ("  of another type", |of| of.schema),
    ("  too large", |of| of.too_large),
    ("  not to be decompressed", |of| of.compression),
    ("  unreadable", |of| of.undecodable),
];

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1} %", part as f64 / whole as f64 * 100.0)
}
