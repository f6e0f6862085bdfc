//! `quick_cache` as the engine of the memory tier.
//!
//! `quick_cache` has no expiration. The cache needs none, because it checks the deadline of each
//! entry itself. A `quick_cache` consists of shards. Each shard has a lock, an equal share of the
//! capacity, and evicts only its own entries.

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

/// Hasher of the keys. Each engine has a random seed, because an attacker who may choose keys must
/// not know their hashes.
type Hasher = foldhash::quality::RandomState;

/// Smallest capacity of a `quick_cache` shard in entries, unless the whole capacity is smaller. The
/// number of keys that hash to a shard for `n` entries varies by about the square root of `n`, so
/// smaller shards would fill too unevenly.
const FEWEST_ENTRIES: u64 = 512;
/// Smallest capacity of a `quick_cache` shard in bytes, unless the whole capacity is smaller. An
/// entry larger than a shard is never kept, so smaller shards would reject more entries.
const FEWEST_BYTES: u64 = 16 << 20;
/// Number of `quick_cache` shards for each CPU core. With four shards for each core, two callers
/// rarely wait for the lock of the same shard.
const SHARDS_PER_CORE: usize = 4;

/// Engine that keeps the entries in a cache of the crate `quick_cache`.
pub(crate) struct QuickCache {
    entries: Cache<Key, Arc<MemoryEntry>, Weigh, Hasher>,
    unit: Unit,
}

impl QuickCache {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let shards = shards(capacity);
        // `quick_cache` would round the capacity of a shard up, and so exceed the whole capacity.
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

/// Returns the number of `quick_cache` shards for `capacity`: the smallest power of two with
/// [`SHARDS_PER_CORE`] shards for each CPU core, or fewer if a shard would be smaller than
/// [`FEWEST_ENTRIES`] or [`FEWEST_BYTES`].
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
        if let Some((_, entry)) = self.entries.remove(key) {
            entry.owner.end();
        }
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

/// Weigher of entries for `quick_cache`, in the unit of the capacity: 1 for each entry, or the
/// entry's bytes.
#[derive(Debug, Clone, Copy)]
struct Weigh(Unit);

impl Weighter<Key, Arc<MemoryEntry>> for Weigh {
    fn weight(&self, _: &Key, entry: &Arc<MemoryEntry>) -> u64 {
        match self.0 {
            Unit::Entries => 1,
            // `quick_cache` would never evict an entry of weight zero.
            Unit::Bytes => u64::from(entry.owner.weight().max(1)),
        }
    }
}
