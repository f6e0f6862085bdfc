//! The report of a run that fills the cache, as `warm` returns it.

use std::time::Duration;

use crate::model::source::{Source, SourceTier};

/// Report of [`warm`](crate::warm).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WarmReport {
    /// Calls that ended, those that failed or panicked included.
    pub calls: u64,
    /// Calls whose values memory had.
    pub from_memory: u64,
    /// Calls whose values came from Redis, and are in memory now.
    pub from_redis: u64,
    /// Calls whose values were computed, by the call or by another call that it waited for.
    pub computed: u64,
    /// Calls that no cache answered: no cached function was called, or the call bypassed the cache.
    pub not_cached: u64,
    /// Calls whose results [`failed_if`](crate::Warming::failed_if) recognised as failures.
    pub failed: u64,
    /// Calls that panicked.
    pub panics: u64,
    /// Time since the run began.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub elapsed: Duration,
}

impl WarmReport {
    /// Counts a call with this source.
    pub(crate) fn add(&mut self, source: Source, has_failed: bool) {
        self.calls += 1;
        self.failed += u64::from(has_failed);
        match source.tier {
            SourceTier::Memory => self.from_memory += 1,
            SourceTier::Redis => self.from_redis += 1,
            SourceTier::Waited | SourceTier::Computed => self.computed += 1,
            SourceTier::Bypassed => self.not_cached += 1,
        }
    }

    /// Counts a call that panicked.
    pub(crate) fn add_panic(&mut self) {
        self.calls += 1;
        self.panics += 1;
    }
}
