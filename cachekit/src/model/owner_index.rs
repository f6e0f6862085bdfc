//! Small consecutive numbers for owners of entries (functions, regions and caches), so that a slot
//! of the thread's table (L0) needs two bytes for the owner of its entry.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::sync::Mutex;
use crate::model::owner::OwnerId;

/// Number of the pair of an owner of entries (function, region or cache) and a memory (L1) with its
/// entries. Each pair has its own number in this process, except that pairs beyond the first 65,535
/// all have [`NONE`](OwnerIndex::NONE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerIndex(pub(crate) u16);

impl OwnerIndex {
    /// Owner index of all functions and regions that were registered after all smaller numbers were
    /// taken. A process has so many functions and regions only if it builds thousands of caches, as
    /// tests do.
    pub(crate) const NONE: Self = Self(u16::MAX);

    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The owner indexes (small numbers) of all functions and regions with entries in one memory (L1).
#[derive(Debug)]
pub(crate) struct OwnerIndexes {
    /// Number of the memory (L1) whose owner indexes this map has, unique in this process and never
    /// zero.
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

/// Cache of the owner indexes (small numbers) that one function or region has in up to eight
/// memories (L1). A look-up of one of these indexes takes no lock. Nearly every function uses only
/// one memory, and few functions use more than eight.
#[derive(Debug)]
pub(crate) struct CachedOwnerIndex {
    /// Owner index (small number) of a function or region, from its last look-up under the lock.
    /// The lower half is the owner index, and the upper half the number of the memory (L1) in which
    /// the index is valid. Zero: no index was looked up yet.
    last: AtomicU64,
    /// Owner indexes (small numbers) of a function or region, from earlier look-ups under the lock.
    /// Each lower half is an owner index, and the upper half the number of the memory (L1) in which
    /// the index is valid.
    others: [AtomicU64; OTHERS],
}

/// Number of memories (L1), besides the one looked up last, for which the owner index (a small
/// number) of a function or region is remembered. If a function alternates between more memories,
/// some look-ups of its index take the lock.
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
        // The index that was found does not become the last one, because other threads read the
        // same CPU cache line.
        known.unwrap_or_else(|| self.look_up(owner, indexes))
    }

    /// Looks up the small number (owner index) of the function or region `owner` in `indexes` under
    /// the lock, and stores the number in `last`. The previous content of `last` moves to `others`.
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

/// Returns the lower half of `known`, an owner index (the small number of a function or region in
/// one memory). Returns `None` if the upper half of `known` is not `memory`, the number of that
/// memory (L1).
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
