//! Space-Saving: an algorithm that finds the most frequent elements of a stream with a fixed number
//! of counters (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements
//! in Data Streams, ICDT 2005).
//!
//! If an element without a counter arrives, the element takes over the counter with the lowest
//! count, and increments that count. The count from before is recorded as the counter's error. So
//! the count of an element is never too low, and too high by at most the sum of all counts divided
//! by the number of counters. Every element whose uses exceed this quotient has a counter.
//!
//! A sampled use of a key adds the weight of the sample to a count. Between two halvings counts
//! only grow, so a heap finds the counter with the lowest count.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::model::owner::OwnerId;

/// Counter of the uses of one key, for the list of hot keys.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) owner: OwnerId,
    pub(crate) key: Vec<u8>,
    pub(crate) uses: u64,
    /// Largest number of the counted uses that can be those of other keys, which had this counter
    /// before this key.
    pub(crate) error: u64,
    hash: u64,
    /// Position in `SpaceSaving::heap` at which the heap has the index of this counter.
    at: usize,
}

/// Counters for the most used keys. The counters are created at the first use and never freed. If a
/// counter passes to another key, the buffer of the old key's text is reused. Counting allocates
/// memory only for a key that is longer than the buffer.
pub(crate) struct SpaceSaving {
    capacity: usize,
    counters: Vec<Counter>,
    /// Index in `counters` of a key's counter, by the hash of the key. Two keys with equal hashes
    /// share a counter.
    places: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// Min-heap by uses, with the indexes of the counters in `counters`. The counter at the heap
    /// position `at` has no more uses than the counters at the positions `2 * at + 1` and `2 * at +
    /// 2`.
    heap: Vec<usize>,
    /// Hasher of the keys. Each table has a random seed, because an attacker who may choose keys
    /// must not know their hashes.
    hasher: foldhash::quality::RandomState,
}

impl SpaceSaving {
    /// Creates the table of counters for `capacity` keys. The counters are allocated when the first
    /// key is added. [`add`](Self::add) must not be called if `capacity` is zero.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            counters: Vec::new(),
            places: HashMap::default(),
            heap: Vec::new(),
            hasher: foldhash::quality::RandomState::default(),
        }
    }

    /// Adds `uses` to the count of `key`, which belongs to `owner`. A key without a counter takes
    /// over the counter with the lowest count.
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

    /// Creates all counters of the list of hot keys, with no key and no uses. A new key takes over
    /// the counter with the fewest uses, and records that number as its error. The first keys take
    /// over unused counters, so their error is zero.
    #[cold]
    fn fill(&mut self) {
        let unused = |at: usize| Counter {
            owner: OwnerId::DIRECT,
            key: Vec::new(),
            uses: 0,
            error: 0,
            // When a key takes over the counter, the counter's hash is removed from `places`. This
            // first hash is not in `places`.
            hash: 0,
            at,
        };
        self.counters = (0..self.capacity).map(unused).collect();
        self.heap = (0..self.capacity).collect();
        // The map has room for twice as many keys as needed, so that insertions after removals need
        // no allocation.
        self.places.reserve(2 * self.capacity);
    }

    /// Restores the order of the heap after the count of the counter at the heap position `at`
    /// grew.
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

    /// Halves the counts of all keys `times` times. Halving keeps the order of the counts, so the
    /// heap needs no change.
    pub(crate) fn halve(&mut self, times: u64) {
        for _ in 0..times.min(u64::from(u64::BITS)) {
            for counter in &mut self.counters {
                counter.uses /= 2;
                // The error is rounded up, so that `uses - error` is never more than the real uses
                // of the key.
                counter.error = counter.error.div_ceil(2).min(counter.uses);
            }
        }
    }

    /// Iterates over the counters of keys that have a count above zero.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Counter> {
        self.counters.iter().filter(|counter| counter.uses > 0)
    }
}
