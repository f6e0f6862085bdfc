//! Generation counters, which tell if the memory engine's entry for a key may have changed since an
//! earlier look-up.
//!
//! Keys are grouped by hash, with one counter for each group. A thread's table (L0) keeps the
//! result of a look-up in the engine together with the value that the group's counter had before
//! the look-up. The result is used until that counter changes. Insertions and removals change the
//! engine first and the counter second. So after a call that inserts or removes has returned, no
//! older result is used.
//!
//! Hits in a thread's table (L0) do not reach the engine. If the engine never noticed these hits,
//! it would evict the entries that are used most. But eviction depends only on the number of
//! insertions since an entry's last use. Therefore all counters advance whenever as many entries
//! were inserted as an eighth of all entries, and the next use of each entry looks it up in the
//! engine. (Measured: docs/decisions/0010-hits-in-memory.md.)

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::fault::Faults;
use crate::model::config::Capacity;

/// Largest number of groups of keys with a generation counter each, as a group has a number of 16
/// bits. The counters take 256 KiB.
const MOST_GROUPS: u64 = 1 << 16;
/// Largest number of groups in a memory with no more than sixteen times as many entries. 4,096
/// counters, 16 KiB, fit into the data cache nearest to a CPU core.
const NEAR_GROUPS: u64 = 1 << 12;
const FEWEST_GROUPS: u64 = 1 << 6;

/// Divisor for the length of a window of insertions into memory: all generation counters advance
/// after as many insertions as memory has entries, divided by this number.
const WINDOWS: u64 = 8;
/// Number of groups of keys for each insertion into memory: the generation counters of at most so
/// many groups are advanced for one insertion on average. The advance of all counters at the end of
/// a window therefore costs little.
const GROUPS_PER_INSERTION: u64 = 4;

/// State of the generation counter of a key's group at one moment. A later change shows that the
/// entry of the key may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) count: u32,
    pub(crate) group: u16,
}

/// Generation counters, one for each group of keys in a memory engine.
#[derive(Debug)]
pub(crate) struct Generations {
    counts: Box<[AtomicU32]>,
    hasher: foldhash::quality::RandomState,
    window: Window,
    pub(crate) faults: Faults,
}

/// Number of insertions into memory in the current window, and the number at which the window ends
/// and all generation counters advance. Stored on CPU cache lines that hits do not read.
#[derive(Debug)]
#[repr(align(128))]
struct Window {
    inserted: AtomicU64,
    length: AtomicU64,
}

impl Generations {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let entries = capacity.small_entries();
        // An insertion ends the use of all slots of its group, so a group must not have too many.
        let groups = (entries / 4)
            .min(NEAR_GROUPS)
            .max(entries / 16)
            .clamp(FEWEST_GROUPS, MOST_GROUPS)
            .next_power_of_two();
        Self {
            counts: (0..groups).map(|_| AtomicU32::new(0)).collect(),
            hasher: foldhash::quality::RandomState::default(),
            window: Window {
                inserted: AtomicU64::new(0),
                length: AtomicU64::new(groups / GROUPS_PER_INSERTION),
            },
            faults: Faults::default(),
        }
    }

    pub(crate) fn generation(&self, key: &[u8]) -> Generation {
        let group = self.group(key);
        Generation {
            count: self.counts[group].load(Ordering::Acquire),
            group: u16::try_from(group).unwrap_or_default(),
        }
    }

    #[inline]
    pub(crate) fn is_current(&self, generation: Generation) -> bool {
        let count = self.counts.get(usize::from(generation.group));
        count.is_some_and(|count| count.load(Ordering::Acquire) == generation.count)
    }

    /// Records that the entry under `key` changed. From now on, the threads' tables do not use
    /// results of earlier look-ups of keys in the same group.
    pub(crate) fn advance(&self, key: &[u8]) {
        self.counts[self.group(key)].fetch_add(1, Ordering::Release);
    }

    /// Records that the entry of any key may have changed. From now on, the threads' tables do not
    /// use results of earlier look-ups.
    pub(crate) fn advance_all(&self) {
        for count in &self.counts {
            count.fetch_add(1, Ordering::Release);
        }
    }

    /// Records an insertion into the memory engine. If the insertion ends the window, calls
    /// `entries` for the number of entries in the engine, and advances all generation counters.
    pub(crate) fn inserted(&self, entries: impl FnOnce() -> u64) {
        let inserted = self.window.inserted.fetch_add(1, Ordering::Relaxed) + 1;
        // If several threads insert at the end of a window, only one thread reaches exactly this
        // number and starts the next window.
        if inserted == self.window.length.load(Ordering::Relaxed) {
            self.next_window(entries());
        }
    }

    #[cold]
    fn next_window(&self, entries: u64) {
        let shortest = self.counts.len() as u64 / GROUPS_PER_INSERTION;
        let length = (entries / WINDOWS).max(shortest);
        self.window.length.store(length, Ordering::Relaxed);
        self.window.inserted.store(0, Ordering::Relaxed);
        self.advance_all();
    }

    fn group(&self, key: &[u8]) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % self.counts.len() as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_until_its_key_changes() {
        let generations = Generations::new(Capacity::entries(1_000));
        let generation = generations.generation(b"a");
        assert!(generations.is_current(generation));
        generations.advance(b"a");
        assert!(!generations.is_current(generation));
        let generation = generations.generation(b"a");
        generations.advance_all();
        assert!(!generations.is_current(generation));
    }

    #[test]
    fn a_stamp_holds_for_an_eighth_of_the_entries() {
        let generations = Generations::new(Capacity::entries(1_000));
        let first = generations.generation(b"a");
        (0..64).for_each(|_| generations.inserted(|| 800));
        assert!(
            !generations.is_current(first),
            "the first turn is a short one"
        );
        let second = generations.generation(b"a");
        (0..99).for_each(|_| generations.inserted(|| 800));
        assert!(generations.is_current(second));
        generations.inserted(|| 800);
        assert!(!generations.is_current(second));
    }

    #[test]
    fn the_smallest_and_the_largest_capacity_have_groups() {
        for capacity in [
            Capacity::entries(0),
            Capacity::entries(u64::MAX),
            Capacity::bytes(1),
        ] {
            let generations = Generations::new(capacity);
            assert!(
                generations.is_current(generations.generation(b"a")),
                "{capacity:?}"
            );
        }
    }
}
