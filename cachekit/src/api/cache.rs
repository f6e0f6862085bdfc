//! The operations of every cache: its builder and its statistics.

use crate::api::builder::CacheBuilder;
use crate::base::clock::Tick;
use crate::core::state::Cache;
use crate::model::stats::{BackgroundStats, FunctionStats, Stats};

impl Cache {
    /// Returns a builder with the default settings, which sets up a cache.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// Returns the cache's statistics since the cache was built, in total and for each function.
    ///
    /// The call also lets memory finish its pending work, so that `entries` is exact. This work
    /// takes time: call `stats` for a dashboard, not for every request.
    pub fn stats(&self) -> Stats {
        // Memory finishes its pending work first, so that the entries of each function are exact.
        let size = self.core.size();
        let is_weighed = self.core.weighs();
        let owners = self.core.owners.read();
        let functions = owners
            .values()
            .map(|owner| FunctionStats::of(owner, is_weighed))
            .collect();
        drop(owners);
        let now = Tick::now(&*self.core.clock);
        Stats {
            elapsed: now.since(self.core.built_at),
            invalidations: self.core.invalidations.sum(),
            entries: size.entries,
            bytes: size.bytes,
            flights: self.core.flights.len(),
            writes: self.core.writes.len(),
            tags: self.core.tags.len(),
            dependencies: self.core.tags.dependencies(),
            background: BackgroundStats::new(
                self.core.background.running(),
                self.core.background.failures(),
            ),
            redis: self
                .core
                .l2
                .as_ref()
                .map(|l2| l2.stats(now))
                .unwrap_or_default(),
            queues: self.core.queues.stats(),
            ..Stats::sum(functions)
        }
    }
}
