//! Small consecutive numbers for owners, so that a slot of the thread's table (L0) needs two bytes
//! for its owner.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::sync::Mutex;
use crate::model::owner::OwnerId;

/// Number of the pair of an owner and a memory. Each pair has its own number in this process,
/// except that pairs beyond the first 65,535 all have [`NONE`](OwnerIndex::NONE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerIndex(pub(crate) u16);

impl OwnerIndex {
    /// Index of all owners that were registered after all other indexes were taken. A process has
    /// so many owners only if it builds thousands of caches, as tests do.
    pub(crate) const NONE: Self = Self(u16::MAX);

    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The indexes of all owners with entries in one memory.
#[derive(Debug)]
pub(crate) struct OwnerIndexes {
    /// Number of the memory, unique in this process and never zero.
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

/// The indexes of one owner in up to eight memories. A look-up of one of these indexes takes no
/// lock. Nearly every owner uses only one memory, and few owners use more than eight.
#[derive(Debug)]
pub(crate) struct CachedOwnerIndex {
    /// Index in the memory that was looked up last with the lock, with the number of that memory in
    /// the upper half. Zero: no memory was looked up yet.
    last: AtomicU64,
    /// Indexes in memories that were looked up earlier with the lock, with the numbers of those
    /// memories in the upper halves.
    others: [AtomicU64; OTHERS],
}

/// Number of memories, besides the one looked up last, for which an owner's index is remembered. If
/// an owner alternates between more memories, some look-ups take the lock.
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
        // The index found is not made the last one, because other threads read the same CPU cache
        // line.
        known.unwrap_or_else(|| self.look_up(owner, indexes))
    }

    /// Looks up the owner's index in `indexes` under the lock, and stores the index in `last`. The
    /// previous content of `last` moves to `others`.
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

/// Returns the owner index in the lower half of `known` if the upper half is `memory`, the number
/// of a memory. Otherwise returns `None`.
#[inline]
fn index_in(known: u64, memory: u32) -> Option<OwnerIndex> {
    let [low, high, _, _, id @ ..] = known.to_le_bytes();
    (u32::from_le_bytes(id) == memory).then(|| OwnerIndex(u16::from_le_bytes([low, high])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: OwnerId = OwnerId(7);

    /// Returns `true` if an owner that alternates between this many memories finds its indexes
    /// without a lock. To show this, the function empties the maps behind the locks first.
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
