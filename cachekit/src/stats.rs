//! Counters, as users see them.

use crate::counter::Counter;
use crate::owner::{Counts, Owner};

/// What one cached function, or one region, did so far in one cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Its name.
    pub name: String,
    /// Calls answered from memory.
    pub memory_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// How often the function ran.
    pub computations: u64,
    /// Misses answered by another call's computation.
    pub coalesced: u64,
    /// Calls that went past the cache: `when` was false, or the cache is disabled.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored.
    pub stores: u64,
    /// Values not stored because an invalidation, or another write, came in between.
    pub refused_stores: u64,
    /// Waits for another's computation that were given up.
    pub lock_timeouts: u64,
}

impl FunctionStats {
    pub(crate) fn of(owner: &Owner) -> Self {
        let mut stats = Self {
            name: owner.name.to_string(),
            ..Self::default()
        };
        stats.add(&owner.counts);
        stats
    }

    fn add(&mut self, counts: &Counts) {
        let add = |to: &mut u64, counter: &Counter| *to += counter.sum();
        add(&mut self.memory_hits, &counts.memory_hits);
        add(&mut self.misses, &counts.misses);
        add(&mut self.computations, &counts.computations);
        add(&mut self.coalesced, &counts.coalesced);
        add(&mut self.bypassed, &counts.bypassed);
        add(&mut self.errors, &counts.errors);
        add(&mut self.stores, &counts.stores);
        add(&mut self.refused_stores, &counts.refused_stores);
        add(&mut self.lock_timeouts, &counts.lock_timeouts);
    }

    /// The share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(self.memory_hits, self.misses)
    }
}

/// What one cache did so far.
///
/// The numbers are read one by one while calls go on, so they need not add up to the last
/// unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from memory.
    pub memory_hits: u64,
    /// Calls that memory could not answer.
    pub misses: u64,
    /// How often a function ran.
    pub computations: u64,
    /// Misses answered by another call's computation.
    pub coalesced: u64,
    /// Calls that went past the cache.
    pub bypassed: u64,
    /// Computations that ended with `Err`.
    pub errors: u64,
    /// Values stored.
    pub stores: u64,
    /// Values not stored because an invalidation, or another write, came in between.
    pub refused_stores: u64,
    /// Waits for another's computation that were given up.
    pub lock_timeouts: u64,
    /// Invalidations of keys, tags, events, functions and the whole cache.
    pub invalidations: u64,
    /// Entries in memory, those that an invalidation made useless included.
    pub entries: u64,
    /// Their weight, where the cache is bounded by bytes; else 0.
    pub bytes: u64,
    /// Computations that are running or waited for.
    pub flights: usize,
    /// Keys that are being written through.
    pub writes: usize,
    /// Tags and events whose last invalidation is kept.
    pub tags: usize,
    /// The same by function and region, in order of name.
    pub functions: Vec<FunctionStats>,
}

impl Stats {
    pub(crate) fn sum(mut functions: Vec<FunctionStats>) -> Self {
        let mut stats = Self::default();
        for function in &functions {
            stats.memory_hits += function.memory_hits;
            stats.misses += function.misses;
            stats.computations += function.computations;
            stats.coalesced += function.coalesced;
            stats.bypassed += function.bypassed;
            stats.errors += function.errors;
            stats.stores += function.stores;
            stats.refused_stores += function.refused_stores;
            stats.lock_timeouts += function.lock_timeouts;
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        stats.functions = functions;
        stats
    }

    /// The share of calls answered from the cache, from 0 to 1; 0 before the first call.
    pub fn hit_rate(&self) -> f64 {
        share(self.memory_hits, self.misses)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of two counters")]
fn share(hits: u64, misses: u64) -> f64 {
    let calls = hits + misses;
    if calls == 0 {
        0.0
    } else {
        hits as f64 / calls as f64
    }
}
