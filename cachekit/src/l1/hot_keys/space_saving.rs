//! Space-Saving: the most frequent elements of a stream, in a fixed number of counters (Metwally,
//! Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT
//! 2005).
//!
//! An element without a counter takes over the one with the lowest count, continues from that
//! count, and records it as its error. So no count is too low. No count is too high by more than
//! the sum of all counts divided by the number of counters. Every element with a larger share than
//! that has a counter.
//!
//! Counts are weighted here, and only grow between two halvings, so a heap finds the lowest.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::model::owner::OwnerId;

/// Uses of one key.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) owner: OwnerId,
    pub(crate) key: Vec<u8>,
    pub(crate) uses: u64,
    /// Upper bound of the uses that belong to earlier keys of this counter.
    pub(crate) error: u64,
    hash: u64,
    /// Position in the heap.
    at: usize,
}

/// The counters. They are never freed, and their keys' buffers are reused. Once they exist,
/// counting allocates only for a longer key.
pub(crate) struct SpaceSaving {
    capacity: usize,
    counters: Vec<Counter>,
    /// Index of a key's counter, by the key's hash. Two keys with one hash count as one.
    places: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// A min-heap of indexes of counters: the counter at `at` has no more uses than those at `2 *
    /// at + 1` and `2 * at + 2`.
    heap: Vec<usize>,
    /// Keys come from users, so the hasher is seeded per instance.
    hasher: foldhash::quality::RandomState,
}

impl SpaceSaving {
    /// Creates counters for `capacity` keys. Allocates nothing until a key is added, which needs a
    /// capacity above zero.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            counters: Vec::new(),
            places: HashMap::default(),
            heap: Vec::new(),
            hasher: foldhash::quality::RandomState::default(),
        }
    }

    /// Adds `uses` uses of `key`, of `owner`.
    pub(crate) fn add(&mut self, owner: OwnerId, key: &[u8], uses: u64) {
        let hash = self.hasher.hash_one(key);
        if let Some(&place) = self.places.get(&hash) {
            let counter = &mut self.counters[place];
            counter.uses = counter.uses.saturating_add(uses);
            let at = counter.at;
            self.sink(at);
        } else {
            self.replace_lowest(owner, key, hash, uses);
        }
    }

    fn replace_lowest(&mut self, owner: OwnerId, key: &[u8], hash: u64, uses: u64) {
        if self.counters.is_empty() {
            self.fill();
        }
        let place = self.heap[0];
        let lowest = &mut self.counters[place];
        self.places.remove(&lowest.hash);
        lowest.owner = owner;
        lowest.key.clear();
        lowest.key.extend_from_slice(key);
        lowest.error = lowest.uses;
        lowest.uses = lowest.uses.saturating_add(uses);
        lowest.hash = hash;
        self.places.insert(hash, place);
        self.sink(0);
    }

    /// Creates all counters, at zero: the lowest count, so each is taken over without an error.
    #[cold]
    fn fill(&mut self) {
        let unused = |at: usize| Counter {
            owner: OwnerId::DIRECT,
            key: Vec::new(),
            uses: 0,
            error: 0,
            // Taking one over removes this hash from `places`, where it is not.
            hash: 0,
            at,
        };
        self.counters = (0..self.capacity).map(unused).collect();
        self.heap = (0..self.capacity).collect();
        // Twice the size, so that removals make room for insertions without an allocation.
        self.places.reserve(2 * self.capacity);
    }

    /// Moves the counter at `at` in the heap, whose count grew, below the lower ones.
    fn sink(&mut self, mut at: usize) {
        loop {
            let below = [2 * at + 1, 2 * at + 2];
            let lowest = below
                .into_iter()
                .filter(|below| *below < self.heap.len())
                .min_by_key(|below| self.uses_at(*below));
            match lowest {
                Some(lowest) if self.uses_at(lowest) < self.uses_at(at) => {
                    self.heap.swap(at, lowest);
                    self.counters[self.heap[at]].at = at;
                    self.counters[self.heap[lowest]].at = lowest;
                    at = lowest;
                }
                _ => return,
            }
        }
    }

    fn uses_at(&self, at: usize) -> u64 {
        self.counters[self.heap[at]].uses
    }

    /// Halves all counts this many times. Halving keeps their order, so the heap remains one.
    pub(crate) fn halve(&mut self, times: u64) {
        for _ in 0..times.min(u64::from(u64::BITS)) {
            for counter in &mut self.counters {
                counter.uses /= 2;
                // Rounded up, so that `uses - error` never exceeds the certain uses.
                counter.error = counter.error.div_ceil(2).min(counter.uses);
            }
        }
    }

    /// Iterates over the counters in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Counter> {
        self.counters.iter().filter(|counter| counter.uses > 0)
    }
}
