//! The statistics of a cache as metrics of the facade `metrics`.

mod labels;
mod table;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::base::sync::unpoisoned;
use crate::core::state::Cache;
use crate::model::call_stats::CallStats;
use crate::model::miss_cause::MissStats;
use crate::model::redis_stats::{BreakerState, RedisStats};
use crate::model::stats::FunctionStats;
use crate::ops::metrics::labels::Labels;

/// Largest number of functions and regions with time series of their own.
const FUNCTIONS: usize = 100;
/// Locked while the metrics of a cache are recorded. It is a lock of the standard library, because a
/// recorder is a user's code, which may not run while a lock of the cache is held.
static RECORDING: std::sync::Mutex<()> = std::sync::Mutex::new(());
/// Value of the label `function` for the sum of all further functions and regions.
const OTHERS: &str = "(others)";

impl Cache {
    /// Copies the cache's statistics into the recorder of the crate
    /// [`metrics`](https://docs.rs/metrics), from which an exporter takes them to Prometheus or
    /// another system. Call this method before each scrape, or at regular intervals.
    ///
    /// `docs/operating.md` lists the metrics. Times are in seconds, and sizes in bytes. Each metric
    /// has the label `namespace`, so two caches of one process need different
    /// [namespaces](crate::CacheBuilder::namespace). Metrics of calls also have the label `function`,
    /// which names a function, a region or a rule of the HTTP layer. The first 100 that the cache came
    /// to know have time series of their own. All further ones are summed under the name
    /// `(others)`. Metrics of queues have the label `function` too, for each write-behind function of
    /// the program.
    ///
    /// Calls of cached functions do no work for metrics. This method reads [`stats`](Self::stats),
    /// and sets up to a hundred values for each function. Without a recorder the method has no
    /// effect. Threads that call this method at the same time take turns, so the recorder must not
    /// call this method.
    ///
    /// # Panics
    ///
    /// Panics if the recorder panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// async fn record(cache: cachekit::Cache) {
    ///     loop {
    ///         cache.record_metrics();
    ///         tokio::time::sleep(Duration::from_secs(15)).await;
    ///     }
    /// }
    /// ```
    pub fn record_metrics(&self) {
        // Another thread that read earlier counters would set the gauges of sums to smaller values.
        let _recording = unpoisoned(RECORDING.lock());
        // The metrics are described at each call, because the application may install its recorder
        // late.
        table::all().for_each(table::Metric::describe);
        let stats = self.stats();
        let labels = Labels::new("namespace", self.core().config.namespace.clone());
        labels.record(table::CACHE, &stats);
        if self.core().l2.is_some() {
            record_redis(&labels, &stats.redis);
        }
        for queue in &stats.queues {
            let labels = labels.with("function", queue.function.clone());
            labels.record(table::QUEUE, queue);
            labels.set_seconds(table::LAG.name, queue.lag);
        }
        for (name, function) in by_name(stats.functions, &self.names_of_own()) {
            let labels = labels.with("function", name);
            labels.record(table::FUNCTION, &function);
            record_calls(&labels, &function.calls);
        }
    }

    /// Returns the names of the functions and regions that have time series of their own. A name
    /// that was among them stays, because a counter that moved to [`OTHERS`] would be counted
    /// twice.
    fn names_of_own(&self) -> HashSet<Box<str>> {
        let owners = self.core().owners.read();
        let mut known: Vec<_> = owners
            .values()
            .map(|owner| (owner.owners_before, owner.name.clone()))
            .collect();
        drop(owners);
        known.sort_unstable();
        let mut names = HashSet::new();
        for (_, name) in known {
            if names.len() < FUNCTIONS {
                names.insert(name);
            }
        }
        names
    }
}

/// Returns the sum of the `functions` of each name in `own`, and the sum of all others.
fn by_name(
    functions: Vec<FunctionStats>,
    own: &HashSet<Box<str>>,
) -> BTreeMap<Arc<str>, FunctionStats> {
    let mut sums = BTreeMap::<Arc<str>, FunctionStats>::new();
    for function in functions {
        let is_own = own.contains(function.name.as_str());
        let name = if is_own { &function.name } else { OTHERS };
        let sum = sums.entry(name.into()).or_default();
        sum.calls += &function.calls;
        sum.entries += function.entries;
        sum.bytes += function.bytes;
    }
    if let Some(others) = sums.get_mut(OTHERS) {
        // Many functions have many families of tags, each of which would be a time series.
        let causes = &mut others.calls.by_cause;
        let families = std::mem::take(&mut causes.tags);
        causes.other_tags += families.values().sum::<u64>();
    }
    sums
}

fn record_calls(labels: &Labels, calls: &CallStats) {
    for ((name, _), count) in CallStats::METRICS.iter().zip(calls.counters()) {
        match table::tier_of_hits(name) {
            Some(tier) => labels.with("tier", tier).count(table::HITS.name, count),
            None => labels.count(name, count),
        }
    }
    record_causes(labels, &calls.by_cause);
    labels.record_histogram(&table::COMPUTE_TIME, &calls.compute_time);
    labels.record_histogram(&table::AGE, &calls.age);
}

fn record_causes(labels: &Labels, causes: &MissStats) {
    let name = table::BY_CAUSE.name;
    for (cause, count) in MissStats::NAMES.into_iter().zip(causes.fixed()) {
        labels.with("cause", cause).count(name, count);
    }
    let of_tags = labels.with("cause", "tags");
    for (family, count) in &causes.tags {
        of_tags.with("family", family.clone()).count(name, *count);
    }
}

fn record_redis(labels: &Labels, redis: &RedisStats) {
    labels.record(table::REDIS, redis);
    for (reason, count) in redis.misses.by_reason() {
        let labels = labels.with("reason", reason);
        labels.count(table::REDIS_MISSES.name, count);
    }
    for (state, name) in [
        (BreakerState::Closed, "closed"),
        (BreakerState::Open, "open"),
        (BreakerState::HalfOpen, "half_open"),
    ] {
        let is_state = u64::from(redis.breaker == state);
        labels
            .with("state", name)
            .set(table::BREAKER.name, is_state);
    }
    labels.record_histogram(&table::BUS_ROUND_TRIP, &redis.bus_round_trip);
}
