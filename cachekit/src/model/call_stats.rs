//! Counters of calls: those that calls raise, and those that statistics return.

use std::ops::AddAssign;

use crate::base::counter::Counter;
use crate::model::histogram::{Histogram, HistogramRecorder};
use crate::model::miss_cause::{MissCauses, MissStats};

/// Defines, from one list of the counters, the [`Counts`] that calls raise and the [`CallStats`]
/// that users read.
macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// Counters of the calls on the entries of one owner (function, region or cache), for the
        /// statistics.
        #[derive(Debug, Default)]
        pub(crate) struct Counts {
            $(pub(crate) $name: Counter,)*
            pub(crate) causes: MissCauses,
            pub(crate) compute_time: HistogramRecorder,
            pub(crate) age: HistogramRecorder,
        }

        impl Counts {
            pub(crate) fn read(&self) -> CallStats {
                CallStats {
                    $($name: self.$name.sum(),)*
                    by_cause: self.causes.read(),
                    compute_time: self.compute_time.read(),
                    age: self.age.read(),
                }
            }
        }

        /// Counters of the calls of one function or region, or of all calls of a cache.
        ///
        /// Counters only rise, from the time when the cache was built.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default))]
        #[non_exhaustive]
        pub struct CallStats {
            $($(#[doc = $doc])* pub $name: u64,)*
            /// Calls that no tier answered with a fresh value and that had to compute, or found
            /// nothing, by the cause.
            pub by_cause: MissStats,
            /// Run times of the function's body, also of runs that failed, ran in the background or
            /// exceeded their `timeout`.
            pub compute_time: Histogram,
            /// Ages of the values that calls were answered with from memory and Redis, fresh and
            /// stale: the times since the values were computed. Hits in memory are sampled like the
            /// [hot keys](crate::Cache::hot_keys), and each sample counts for the hits that it
            /// stands for.
            pub age: Histogram,
        }

        impl CallStats {
            const COUNTERS: usize = [$(stringify!($name)),*].len();

            pub(crate) fn counters(&self) -> [u64; Self::COUNTERS] {
                [$(self.$name),*]
            }

            fn counters_mut(&mut self) -> [&mut u64; Self::COUNTERS] {
                [$(&mut self.$name),*]
            }

            #[cfg(feature = "serde")]
            const NAMES: [&str; Self::COUNTERS] = [$(stringify!($name)),*];

            /// Name of each counter as a metric, and its description, which begins with a space.
            #[cfg(feature = "metrics")]
            pub(crate) const METRICS: [(&str, &str); Self::COUNTERS] = [$((
                concat!("cachekit_", stringify!($name), "_total"),
                concat!($($doc),*),
            )),*];
        }
    };
}

counters! {
    /// Calls answered from memory, with a value or a remembered error.
    memory_hits,
    /// Calls that memory could not answer and that were answered with a value from Redis.
    redis_hits,
    /// Calls that memory could not answer with a fresh value. Redis, a stale value, another call's
    /// computation or a computation of their own answered these calls.
    misses,
    /// Runs of the function by the cache, also in the background.
    computations,
    /// Misses answered by another call's computation (single-flight).
    coalesced,
    /// Waits for another process that was computing the same key (`single_flight = cluster`).
    lease_waits,
    /// Calls that neither read nor filled the cache: `when` was false, the call was `uncached(..)`
    /// or inside of `deferred(..)`, or the cache is disabled.
    bypassed,
    /// Computations that returned `Err`.
    errors,
    /// Values that were stored in the cache, and errors that it remembered (`err_ttl`).
    stores,
    /// Values not stored because the entry was invalidated, or its key was written by another call,
    /// after the computation or the write of the value began.
    refused_stores,
    /// Writes with `order_by` whose value was not stored because the cache already had a value with
    /// a greater order.
    superseded,
    /// Calls that waited for another call's computation until the longest time for such waits
    /// (`lock_timeout`) was over.
    lock_timeouts,
    /// Computations that were dropped because they took longer than their `timeout`, or because
    /// they still ran after their caller had been dropped for the time `lock_timeout` (with the
    /// option `detach`).
    timeouts,
    /// Computations that began without a permit although `max_computations` others were running,
    /// because their caller had waited for a permit for the longest time allowed (`lock_timeout`).
    over_limit,
    /// Computations that continued in the background after their caller was dropped (the option
    /// `detach`).
    detached,
    /// Misses answered with a stale value, because an option allows this: `stale`, `stale_if_error`
    /// or `soft_timeout`.
    stale_hits,
    /// Computations that began before the entry of their key expired, because of `early`.
    early_refreshes,
    /// Computations that failed while their callers were served a stale value.
    refresh_failures,
    /// Values that were not stored in Redis because they were computed from values whose versions
    /// in Redis are not known, or from too many values. Memory keeps them.
    memory_only,
    /// Entries that memory dropped to make room for others, or did not take in because others are
    /// used more. An entry is counted when its memory is freed: moka frees an entry after up to
    /// about a hundred further removals.
    evictions,
    /// Requests that the HTTP layer answered with `304 Not Modified`, because the client had the
    /// response. They are hits, stale hits or misses too.
    not_modified,
}

impl Counts {
    /// Returns the counters from which a hit rate is computed. All other counters are zero.
    pub(crate) fn read_hits(&self) -> CallStats {
        CallStats {
            memory_hits: self.memory_hits.sum(),
            redis_hits: self.redis_hits.sum(),
            misses: self.misses.sum(),
            stale_hits: self.stale_hits.sum(),
            ..CallStats::default()
        }
    }
}

impl CallStats {
    /// Returns the number of calls that looked for a value in the cache.
    pub fn calls(&self) -> u64 {
        self.memory_hits.saturating_add(self.misses)
    }

    /// Returns the share of calls that were answered with a value from memory or Redis, or with a
    /// stale value, from 0 to 1. Returns 0 before the first call.
    #[expect(clippy::cast_precision_loss, reason = "a share of two counters")]
    pub fn hit_rate(&self) -> f64 {
        // Calls that Redis or a stale value answered are included in `misses`.
        let from_redis = self.redis_hits.saturating_add(self.stale_hits);
        let hits = self.memory_hits.saturating_add(from_redis);
        hits as f64 / self.calls().max(1) as f64
    }

    /// Returns what was counted after `earlier`, an earlier state of these counters.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (to, from) in since.counters_mut().into_iter().zip(earlier.counters()) {
            *to = to.saturating_sub(from);
        }
        since.by_cause = self.by_cause.since(&earlier.by_cause);
        since.compute_time = self.compute_time.since(&earlier.compute_time);
        since.age = self.age.since(&earlier.age);
        since
    }
}

/// Adds the counters of `other`, as for the sum over several functions or processes.
impl AddAssign<&CallStats> for CallStats {
    fn add_assign(&mut self, other: &CallStats) {
        for (to, from) in self.counters_mut().into_iter().zip(other.counters()) {
            *to = to.saturating_add(from);
        }
        self.by_cause.add(&other.by_cause);
        self.compute_time.add(&other.compute_time);
        self.age.add(&other.age);
    }
}

/// Serialized as a map of the counters, with `hit_rate` beside them.
#[cfg(feature = "serde")]
impl serde::Serialize for CallStats {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("hit_rate", &self.hit_rate())?;
        for (name, count) in Self::NAMES.iter().zip(self.counters()) {
            map.serialize_entry(name, &count)?;
        }
        map.serialize_entry("by_cause", &self.by_cause)?;
        map.serialize_entry("compute_time", &self.compute_time)?;
        map.serialize_entry("age", &self.age)?;
        map.end()
    }
}
