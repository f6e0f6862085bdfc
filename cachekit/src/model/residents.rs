//! The number and weight of the entries that one owner (function, region or cache) has in memory.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Entries of one owner (function, region or cache) in memory: their number and weight.
#[derive(Debug, Default)]
pub(crate) struct Residents {
    entries: AtomicU64,
    weight: AtomicU64,
    removals: AtomicU32,
}

/// Times of removal of all entries that are told apart. After this many the count starts again.
const REMOVALS: u32 = 1 << 31;

impl Residents {
    pub(crate) fn add(&self, weight: u32) {
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.weight.fetch_add(u64::from(weight), Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, weight: u32) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.weight.fetch_sub(u64::from(weight), Ordering::Relaxed);
    }

    /// Records that all entries are about to be removed from memory, so that their end is no
    /// eviction.
    pub(crate) fn end_all(&self) {
        self.removals.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often all entries were removed from memory, modulo [`REMOVALS`].
    pub(crate) fn removals(&self) -> u32 {
        self.removals.load(Ordering::Relaxed) % REMOVALS
    }

    /// Returns the number of entries in memory, and the sum of their weights.
    pub(crate) fn read(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.entries), read(&self.weight))
    }
}
