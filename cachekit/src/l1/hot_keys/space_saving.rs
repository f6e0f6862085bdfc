//! Space-Saving: the most frequent elements of a stream, in a fixed number of counters (Metwally,
//! Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT
//! 2005).
//!
//! An element without a counter gets that with the lowest count, goes on from there, and remembers
//! that count as its error. So no count is too low; none is too high by more than the sum of all
//! counts divided by the number of counters; and what has a larger share than that has a counter.
//!
//! Counts are weighted here, and only go up between two halvings, so a heap finds the lowest.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::model::owner::OwnerId;

/// How often one key was used.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) owner: OwnerId,
    pub(crate) key: Vec<u8>,
    pub(crate) uses: u64,
    /// At most so many of them are others'.
    pub(crate) error: u64,
    hash: u64,
    /// Where it is in the heap.
    at: usize,
}

/// The counters. None of them is given up, and their keys' buffers are used again: once they
/// are there, counting allocates nothing but for a longer key.
pub(crate) struct SpaceSaving {
    capacity: usize,
    counters: Vec<Counter>,
    /// Where a key's counter is, by the key's hash. Two keys of one hash count as one.
    places: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// Counters, of which none has fewer uses than the one above it: that at `at` is above those
    /// at `2 * at + 1` and `2 * at + 2`.
    heap: Vec<usize>,
    /// Keys come from users, so the hasher is seeded per instance.
    hasher: foldhash::quality::RandomState,
}

impl SpaceSaving {
    /// For `capacity` keys, which is not zero where keys are added. Takes no room before that.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            counters: Vec::new(),
            places: HashMap::default(),
            heap: Vec::new(),
            hasher: foldhash::quality::RandomState::default(),
        }
    }

    /// `uses` more of `key`, of `owner`.
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

    /// Makes all counters, at zero: the lowest, and without an error for who takes one over.
    #[cold]
    fn fill(&mut self) {
        let unused = |at: usize| Counter {
            owner: OwnerId::DIRECT,
            key: Vec::new(),
            uses: 0,
            error: 0,
            // What is removed from `places` for it is not there.
            hash: 0,
            at,
        };
        self.counters = (0..self.capacity).map(unused).collect();
        self.heap = (0..self.capacity).collect();
        // With room to spare: then removals make room for insertions without an allocation.
        self.places.reserve(2 * self.capacity);
    }

    /// Moves the counter at `at` in the heap, whose count went up, below those that are lower now.
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

    /// Halves all counts, so often. What was lower is not higher afterwards: the heap stays one.
    pub(crate) fn halve(&mut self, times: u64) {
        for _ in 0..times.min(u64::from(u64::BITS)) {
            for counter in &mut self.counters {
                counter.uses /= 2;
                // Up, so that `uses - error` is never more than what was used for certain.
                counter.error = counter.error.div_ceil(2).min(counter.uses);
            }
        }
    }

    /// Those that count something.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Counter> {
        self.counters.iter().filter(|counter| counter.uses > 0)
    }
}
