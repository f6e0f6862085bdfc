//! The number and weight of the entries that one owner (function, region or cache) has in memory.

use std::sync::atomic::{AtomicU64, Ordering};

/// Entries of one owner (function, region or cache) in memory: their number and weight.
#[derive(Debug, Default)]
pub(crate) struct Residents {
    entries: AtomicU64,
    weight: AtomicU64,
}

impl Residents {
    pub(crate) fn add(&self, weight: u32) {
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.weight.fetch_add(u64::from(weight), Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, weight: u32) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.weight.fetch_sub(u64::from(weight), Ordering::Relaxed);
    }

    /// Returns the number of entries in memory, and the sum of their weights.
    pub(crate) fn read(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.entries), read(&self.weight))
    }
}
