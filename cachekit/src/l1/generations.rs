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

use crate::model::config::Capacity;

/// The counts stay in a core's nearest cache.
const MOST_GROUPS: u64 = 1 << 12;
const FEWEST_GROUPS: u64 = 1 << 6;

/// A turn is as many insertions as there are entries, divided by this.
const TURNS: u64 = 8;
/// Nor shorter than so many groups' part of it: moving all counts costs little then.
const GROUPS_PER_INSERTION: u64 = 4;

/// The state of one key's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) count: u32,
    pub(crate) group: u16,
}

/// Counts of changes.
#[derive(Debug)]
pub(crate) struct Changes {
    counts: Box<[AtomicU32]>,
    hasher: foldhash::quality::RandomState,
    turn: Turn,
}

/// How far the turn is, and how long. On lines that no hit reads.
#[derive(Debug)]
#[repr(align(128))]
struct Turn {
    inserted: AtomicU64,
    length: AtomicU64,
}

impl Changes {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let groups = (capacity.small_entries() / 4)
            .clamp(FEWEST_GROUPS, MOST_GROUPS)
            .next_power_of_two();
        Self {
            counts: (0..groups).map(|_| AtomicU32::new(0)).collect(),
            hasher: foldhash::quality::RandomState::default(),
            turn: Turn {
                inserted: AtomicU64::new(0),
                length: AtomicU64::new(groups / GROUPS_PER_INSERTION),
            },
        }
    }

    pub(crate) fn stamp(&self, key: &[u8]) -> Stamp {
        let group = self.group(key);
        Stamp {
            count: self.counts[group].load(Ordering::Acquire),
            group: u16::try_from(group).unwrap_or_default(),
        }
    }

    #[inline]
    pub(crate) fn holds(&self, stamp: Stamp) -> bool {
        let count = self.counts.get(usize::from(stamp.group));
        count.is_some_and(|count| count.load(Ordering::Acquire) == stamp.count)
    }

    /// What is under `key` changed.
    pub(crate) fn changed(&self, key: &[u8]) {
        self.counts[self.group(key)].fetch_add(1, Ordering::Release);
    }

    /// What is under any key may have changed.
    pub(crate) fn all_changed(&self) {
        for count in &self.counts {
            count.fetch_add(1, Ordering::Release);
        }
    }

    /// One more entry came into the engine, which holds so many.
    pub(crate) fn inserted(&self, entries: impl FnOnce() -> u64) {
        let inserted = self.turn.inserted.fetch_add(1, Ordering::Relaxed) + 1;
        // Of several threads that are past the end, one is at it.
        if inserted == self.turn.length.load(Ordering::Relaxed) {
            self.next_turn(entries());
        }
    }

    #[cold]
    fn next_turn(&self, entries: u64) {
        let shortest = self.counts.len() as u64 / GROUPS_PER_INSERTION;
        let length = (entries / TURNS).max(shortest);
        self.turn.length.store(length, Ordering::Relaxed);
        self.turn.inserted.store(0, Ordering::Relaxed);
        self.all_changed();
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
        let changes = Changes::new(Capacity::entries(1_000));
        let stamp = changes.stamp(b"a");
        assert!(changes.holds(stamp));
        changes.changed(b"a");
        assert!(!changes.holds(stamp));
        let stamp = changes.stamp(b"a");
        changes.all_changed();
        assert!(!changes.holds(stamp));
    }

    #[test]
    fn a_stamp_holds_for_an_eighth_of_the_entries() {
        let changes = Changes::new(Capacity::entries(1_000));
        let first = changes.stamp(b"a");
        (0..64).for_each(|_| changes.inserted(|| 800));
        assert!(!changes.holds(first), "the first turn is a short one");
        let second = changes.stamp(b"a");
        (0..99).for_each(|_| changes.inserted(|| 800));
        assert!(changes.holds(second));
        changes.inserted(|| 800);
        assert!(!changes.holds(second));
    }

    #[test]
    fn the_smallest_and_the_largest_capacity_have_groups() {
        for capacity in [
            Capacity::entries(0),
            Capacity::entries(u64::MAX),
            Capacity::bytes(1),
        ] {
            let changes = Changes::new(capacity);
            assert!(changes.holds(changes.stamp(b"a")), "{capacity:?}");
        }
    }
}
