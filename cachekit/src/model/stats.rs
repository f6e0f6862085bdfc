//! Statistics of a cache, as the public types that `Cache::stats` returns.

use std::ops::Deref;
use std::time::Duration;

use crate::model::call_stats::CallStats;
use crate::model::owner::Owner;
use crate::model::queue_stats::QueueStats;
use crate::model::redis_stats::{RedisStats, since};

/// Counters of one cached function, or one region, in one cache.
///
/// The counters of its calls are fields of [`calls`](Self::calls), and can be read as fields of
/// this value: `stats.memory_hits`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Name of the function or of the region.
    pub name: String,
    /// Counters of the calls of the function or region.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub calls: CallStats,
    /// Entries of the function or region in memory now. The number includes entries that expired
    /// or were invalidated, as in [`Stats::entries`], and up to about a hundred entries that were
    /// removed a moment ago.
    pub entries: u64,
    /// Bytes that these entries take. Zero if the capacity is in entries.
    pub bytes: u64,
}

impl FunctionStats {
    /// Returns the statistics of `owner`. The bytes are known if `is_weighed`, which means that the
    /// capacity is in bytes.
    pub(crate) fn of(owner: &Owner, is_weighed: bool) -> Self {
        let (entries, weight) = owner.residents.read();
        Self {
            name: owner.name.to_string(),
            calls: owner.counts.read(),
            entries,
            bytes: if is_weighed { weight } else { 0 },
        }
    }

    /// Returns what was counted after `earlier`, an earlier result of this function's statistics.
    /// Numbers of things that exist now, such as [`entries`](Self::entries), are those of `self`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            name: self.name.clone(),
            calls: self.calls.since(&earlier.calls),
            entries: self.entries,
            bytes: self.bytes,
        }
    }
}

impl Deref for FunctionStats {
    type Target = CallStats;

    fn deref(&self) -> &CallStats {
        &self.calls
    }
}

/// Statistics of one cache, since it was built.
///
/// The counters of all calls are fields of [`calls`](Self::calls), and can be read as fields of
/// this value: `stats.memory_hits`. Calls continue while the counters are read one after the other,
/// so two counters may differ by a few calls.
///
/// With the feature `serde`, the type is `Serialize` and `Deserialize`: a handler of axum can
/// return `Json(cache.stats())`. Lengths of time are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
#[non_exhaustive]
pub struct Stats {
    /// Time that the counters cover, by the cache's [clock](crate::CacheBuilder::clock): since the
    /// cache was built, or between the two results of `stats` in a result of
    /// [`since`](Self::since).
    #[cfg_attr(feature = "serde", serde(with = "crate::base::durations::seconds"))]
    pub elapsed: Duration,
    /// Sums of the counters of all functions and regions.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub calls: CallStats,
    /// Invalidations of keys, tags, events, functions and the whole cache by this process.
    pub invalidations: u64,
    /// Entries in memory now. The number includes entries that expired, or were invalidated by a
    /// tag, an event or a function. Such entries stay until other entries take their room, or their
    /// key is computed again.
    pub entries: u64,
    /// Bytes that the entries in memory take. Zero if the capacity is in entries.
    pub bytes: u64,
    /// Keys that are being computed now, each with one or more calls that wait.
    pub flights: usize,
    /// Keys that `put` or `#[write_through]` is writing now.
    pub writes: usize,
    /// Number of tags and events whose last invalidation this process remembers.
    pub tags: usize,
    /// Number of keys and functions whose last invalidation this process remembers, because entries
    /// were computed from their values.
    pub dependencies: usize,
    /// Counters of the cache's background tasks.
    pub background: BackgroundStats,
    /// Counters of Redis (L2). Without Redis, all of them are zero.
    pub redis: RedisStats,
    /// Counters of the queues of write-behind functions, sorted by name: of all that this
    /// program has, also before their first write.
    pub queues: Vec<QueueStats>,
    /// Counters of each function and each region, sorted by name.
    pub functions: Vec<FunctionStats>,
}

impl Stats {
    pub(crate) fn sum(mut functions: Vec<FunctionStats>) -> Self {
        let mut stats = Self::default();
        for function in &functions {
            stats.calls += &function.calls;
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        stats.functions = functions;
        stats
    }

    /// Returns what was counted after `earlier`, an earlier result of `stats` of this cache. Use it
    /// for rates over a window. Numbers of things that exist now, such as
    /// [`entries`](Self::entries), and states are those of `self`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder().build().await?;
    /// let earlier = cache.stats();
    /// // A minute later:
    /// let minute = cache.stats().since(&earlier);
    /// println!("{:.2} of {:.1} calls a second", minute.hit_rate(), minute.per_second(minute.calls()));
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let functions = self.functions.iter().map(|function| {
            let before = earlier.functions.iter().find(|it| it.name == function.name);
            before.map_or_else(|| function.clone(), |before| function.since(before))
        });
        let queues = self.queues.iter().map(|queue| {
            let mut before = earlier.queues.iter();
            let before = before.find(|it| it.function == queue.function);
            before.map_or_else(|| queue.clone(), |before| queue.since(before))
        });
        Self {
            elapsed: self.elapsed.saturating_sub(earlier.elapsed),
            calls: self.calls.since(&earlier.calls),
            invalidations: since(self.invalidations, earlier.invalidations),
            background: self.background.since(&earlier.background),
            redis: self.redis.since(&earlier.redis),
            queues: queues.collect(),
            functions: functions.collect(),
            ..*self
        }
    }

    /// Returns `count`, a counter of these statistics, per second of the time that they
    /// [cover](Self::elapsed). Returns 0 if that time is zero.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn per_second(&self, count: u64) -> f64 {
        if self.elapsed.is_zero() {
            0.0
        } else {
            count as f64 / self.elapsed.as_secs_f64()
        }
    }
}

impl Deref for Stats {
    type Target = CallStats;

    fn deref(&self) -> &CallStats {
        &self.calls
    }
}

/// Counters of background tasks: stores in Redis, refreshes of stale entries, releases of leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
#[non_exhaustive]
pub struct BackgroundStats {
    /// Background tasks that run now.
    pub running: usize,
    /// Background tasks that were not started, because too many ran already, the cache was shut
    /// down, or no Tokio runtime was found.
    pub refused: u64,
    /// Background tasks that ended by a panic.
    pub panicked: u64,
}

impl BackgroundStats {
    pub(crate) fn new(running: usize, (refused, panicked): (u64, u64)) -> Self {
        Self {
            running,
            refused,
            panicked,
        }
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            running: self.running,
            refused: since(self.refused, earlier.refused),
            panicked: since(self.panicked, earlier.panicked),
        }
    }
}
