//! `quick_cache` as the engine of the memory tier.
//!
//! It has no expiration, and none is needed: the cache judges an entry's deadline. It consists of
//! shards, each with a lock, an equal share of the capacity and a policy of its own.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use std::thread;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use crate::key::Key;
use crate::l1::engine::{MemoryEngine, Size};
use crate::model::config::{Capacity, Unit};
use crate::model::entry::MemoryEntry;

/// Keys come from users, so the hasher is seeded per instance.
type Hasher = foldhash::quality::RandomState;

/// Smaller shards fill too unevenly: the number of keys in a shard of `n` varies by its square
/// root.
const FEWEST_ENTRIES: u64 = 512;
/// An entry larger than a shard is never kept.
const FEWEST_BYTES: u64 = 16 << 20;
/// Enough for callers to meet rarely at a lock.
const SHARDS_PER_CORE: usize = 4;

/// A cache of `quick_cache`.
pub(crate) struct QuickCache {
    entries: Cache<Key, Arc<MemoryEntry>, Weigh, Hasher>,
    unit: Unit,
}

impl QuickCache {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let shards = shards(capacity);
        // quick_cache would round a shard's share up, and exceed the capacity.
        let amount = capacity.amount - capacity.amount % shards;
        let entries = usize::try_from(capacity.small_entries()).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .shards(usize::try_from(shards).unwrap_or(1))
            .estimated_items_capacity(entries)
            .weight_capacity(amount)
            .build()
            .unwrap_or_else(|_| unreachable!("both capacities are set"));
        let weigh = Weigh(capacity.unit);
        Self {
            entries: Cache::with_options(
                options,
                weigh,
                Hasher::default(),
                DefaultLifecycle::default(),
            ),
            unit: capacity.unit,
        }
    }
}

/// Returns the number of shards: a power of two, enough for the cores, and none of them too small.
fn shards(capacity: Capacity) -> u64 {
    static CORES: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let of_use = (*CORES * SHARDS_PER_CORE).next_power_of_two() as u64;
    let fewest = match capacity.unit {
        Unit::Entries => FEWEST_ENTRIES,
        Unit::Bytes => FEWEST_BYTES,
    };
    let large_enough = (capacity.amount / fewest).max(1);
    // The greatest power of two that is not more than `large_enough`.
    of_use.min(1 << large_enough.ilog2())
}

impl MemoryEngine for QuickCache {
    fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>> {
        self.entries.get(key)
    }

    fn insert(&self, key: &Key, entry: Arc<MemoryEntry>) {
        self.entries.insert(key.clone(), entry);
    }

    fn remove(&self, key: &[u8]) {
        self.entries.remove(key);
    }

    fn clear(&self) {
        self.entries.clear();
    }

    fn entries(&self) -> u64 {
        self.entries.len() as u64
    }

    fn size(&self) -> Size {
        let bytes = match self.unit {
            Unit::Entries => 0,
            Unit::Bytes => self.entries.weight(),
        };
        Size {
            entries: self.entries(),
            bytes,
        }
    }
}

impl fmt::Debug for QuickCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuickCache")
            .field("shards", &self.entries.num_shards())
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}

/// Weight of an entry, in the unit of the capacity.
#[derive(Debug, Clone, Copy)]
struct Weigh(Unit);

impl Weighter<Key, Arc<MemoryEntry>> for Weigh {
    fn weight(&self, _: &Key, entry: &Arc<MemoryEntry>) -> u64 {
        match self.0 {
            Unit::Entries => 1,
            // An entry of weight zero would never be evicted.
            Unit::Bytes => u64::from(entry.weight.max(1)),
        }
    }
}
