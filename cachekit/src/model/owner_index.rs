//! Numbers for what a key can belong to, so that a hit compares one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::sync::Mutex;
use crate::model::owner::OwnerId;

/// One owner's entries in one memory. No two in a process have the same, but those that came
/// when no number was left: see [`NONE`](OwnerIndex::NONE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerIndex(pub(crate) u16);

impl OwnerIndex {
    /// For whoever came when no number was left: tests may make thousands of caches.
    pub(crate) const NONE: Self = Self(u16::MAX);

    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The places of one memory.
#[derive(Debug)]
pub(crate) struct OwnerIndexes {
    /// Tells the memory from every other in this process; never zero.
    id: u32,
    indexes: Mutex<HashMap<OwnerId, OwnerIndex>>,
}

impl OwnerIndexes {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            indexes: Mutex::default(),
        }
    }

    #[cold]
    pub(crate) fn of(&self, owner: OwnerId) -> OwnerIndex {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut indexes = self.indexes.lock();
        *indexes.entry(owner).or_insert_with(|| {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            u16::try_from(next).map_or(OwnerIndex::NONE, OwnerIndex)
        })
    }
}

/// Places that were looked up, for an owner that nearly always asks in the same memory, and else
/// in one of a few in turn: then no lock is taken either.
#[derive(Debug)]
pub(crate) struct CachedOwnerIndex {
    /// In the memory that was met last.
    last: AtomicU64,
    /// In those that were met before.
    others: [AtomicU64; OTHERS],
}

/// Of an owner that is used with more memories than these and one, some are looked up at each call.
const OTHERS: usize = 7;

impl CachedOwnerIndex {
    pub(crate) const fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
            others: [const { AtomicU64::new(0) }; OTHERS],
        }
    }

    #[inline]
    pub(crate) fn get(&self, owner: OwnerId, indexes: &OwnerIndexes) -> OwnerIndex {
        let last = self.last.load(Ordering::Relaxed);
        index_in(last, indexes.id).unwrap_or_else(|| self.another(owner, indexes))
    }

    #[cold]
    fn another(&self, owner: OwnerId, indexes: &OwnerIndexes) -> OwnerIndex {
        let known = self.others.iter().find_map(|other| {
            let other = other.load(Ordering::Relaxed);
            index_in(other, indexes.id)
        });
        // Nothing is written: others read the same line.
        known.unwrap_or_else(|| self.look_up(owner, indexes))
    }

    /// Remembers it as the last, and the one that was the last among the others.
    fn look_up(&self, owner: OwnerId, indexes: &OwnerIndexes) -> OwnerIndex {
        let owner_index = indexes.of(owner);
        let now = u64::from(indexes.id) << 32 | u64::from(owner_index.0);
        let before = self.last.swap(now, Ordering::Relaxed);
        let is_free = |other: &&AtomicU64| other.load(Ordering::Relaxed) == 0;
        let free = self.others.iter().find(is_free);
        let of_memory = usize::try_from(before >> 32).unwrap_or_default() % OTHERS;
        free.unwrap_or(&self.others[of_memory])
            .store(before, Ordering::Relaxed);
        owner_index
    }
}

/// The place that is remembered in `known`, if that is one in this memory.
#[inline]
fn index_in(known: u64, memory: u32) -> Option<OwnerIndex> {
    let [low, high, _, _, id @ ..] = known.to_le_bytes();
    (u32::from_le_bytes(id) == memory).then(|| OwnerIndex(u16::from_le_bytes([low, high])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: OwnerId = OwnerId(7);

    /// Whether an owner that is used with so many memories in turn finds its places without their
    /// lock: what is behind that is taken away.
    fn finds_without_a_lock(memories: usize) -> bool {
        let memories: Vec<OwnerIndexes> = (0..memories).map(|_| OwnerIndexes::new()).collect();
        let known = CachedOwnerIndex::new();
        let get = |indexes: &OwnerIndexes| known.get(OWNER, indexes);
        let first: Vec<OwnerIndex> = memories.iter().map(get).collect();
        for indexes in &memories {
            indexes.indexes.lock().clear();
        }
        (0..3).all(|_| memories.iter().map(get).eq(first.iter().copied()))
    }

    #[test]
    fn an_owner_in_several_memories_in_turn_takes_no_lock() {
        for memories in 1..=OTHERS + 1 {
            assert!(finds_without_a_lock(memories), "{memories}");
        }
        assert!(!finds_without_a_lock(OTHERS + 2));
    }

    #[test]
    fn the_memory_that_is_met_last_is_found_first() {
        let known = CachedOwnerIndex::new();
        for _ in 0..100 {
            let indexes = OwnerIndexes::new();
            let owner_index = known.get(OWNER, &indexes);
            let last = known.last.load(Ordering::Relaxed);
            assert_eq!(index_in(last, indexes.id), Some(owner_index));
        }
    }
}
