//! What changed in an engine, told by a few counters instead of by asking it.
//!
//! Keys are in groups, by hash. A look-up's result may be kept elsewhere, with the group's
//! count from before the look-up, for as long as that count stands. Whoever inserts or
//! removes does it first and counts then: so a count that stands means that no change had
//! returned, and one that returns leaves no result in use.
//!
//! The engine must hear of uses, or what is used most looks unused to it and is dropped. It
//! need not hear of each: only how many insertions passed since the last counts. So from time
//! to time, whenever an eighth of the entries were inserted, all counts move, and every
//! result is looked up once more. (Measured: docs/decisions/0010-hits-in-memory.md.)

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::fault::Faults;
use crate::model::config::Capacity;

/// The counts stay in a core's nearest cache.
const MOST_GROUPS: u64 = 1 << 12;
const FEWEST_GROUPS: u64 = 1 << 6;

/// A turn is as many insertions as there are entries, divided by this.
const WINDOWS: u64 = 8;
/// Nor shorter than so many groups' part of it: moving all counts costs little then.
const GROUPS_PER_INSERTION: u64 = 4;

/// The state of one key's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) count: u32,
    pub(crate) group: u16,
}

/// Counts of changes.
#[derive(Debug)]
pub(crate) struct Generations {
    counts: Box<[AtomicU32]>,
    hasher: foldhash::quality::RandomState,
    window: Window,
    pub(crate) faults: Faults,
}

/// How far the turn is, and how long. On lines that no hit reads.
#[derive(Debug)]
#[repr(align(128))]
struct Window {
    inserted: AtomicU64,
    length: AtomicU64,
}

impl Generations {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let groups = (capacity.small_entries() / 4)
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

    /// What is under `key` changed.
    pub(crate) fn advance(&self, key: &[u8]) {
        self.counts[self.group(key)].fetch_add(1, Ordering::Release);
    }

    /// What is under any key may have changed.
    pub(crate) fn advance_all(&self) {
        for count in &self.counts {
            count.fetch_add(1, Ordering::Release);
        }
    }

    /// One more entry came into the engine, which holds so many.
    pub(crate) fn inserted(&self, entries: impl FnOnce() -> u64) {
        let inserted = self.window.inserted.fetch_add(1, Ordering::Relaxed) + 1;
        // Of several threads that are past the end, one is at it.
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
