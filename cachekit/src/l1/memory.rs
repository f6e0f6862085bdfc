//! The memory tier (L1): an engine with the entries, and counters by which the threads' tables (L0)
//! notice that an entry was changed.

use std::sync::{Arc, Weak};

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::key::Key;
use crate::l1::engine::{MemoryEngine, Size};
use crate::l1::generations::{Generation, Generations};
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::model::config::engine::Engine;
use crate::model::config::{Capacity, Config};
use crate::model::deferred_drop::AnyShared;
use crate::model::deferred_drop::inside;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::revision;
use crate::model::owner::OwnerId;
use crate::model::owner_index::{CachedOwnerIndex, OwnerIndex, OwnerIndexes};

/// Counters of a key, read before a look-up of the key. With a snapshot, a caller finds out later
/// if the entry of the key may have changed since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    revision: u64,
    generation: Generation,
}

/// Puts `value` into this thread's table (L0) under `lookup`. `stored` is the entry of the value.
/// The caller must have looked up the entry and found it valid after taking the snapshot `seen`.
pub(crate) fn cache_on_thread(
    lookup: &LookupKey<'_>,
    seen: Snapshot,
    stored: &Arc<MemoryEntry>,
    value: &AnyShared,
) {
    crate::l1::thread_cache::keep(lookup, (seen.generation, seen.revision), stored, value);
}

/// Memory of a cache, a region or a function: an engine with the entries, and generation counters
/// for changes of the entries.
#[derive(Debug)]
pub(crate) struct Memory {
    engine: Box<dyn MemoryEngine>,
    pub(crate) generations: Generations,
    indexes: OwnerIndexes,
}

impl Memory {
    /// Creates an empty memory with the capacity `capacity`, with the engine that `config` names.
    pub(crate) fn new(capacity: Capacity, config: &Config) -> Self {
        Self {
            engine: engine(capacity, config),
            generations: Generations::new(capacity),
            indexes: OwnerIndexes::new(),
        }
    }

    /// Returns the small number (owner index) by which a thread's table counts hits of the function
    /// or region `owner` in this memory. `last` keeps the number, so that the next call takes no
    /// lock.
    #[inline]
    pub(crate) fn owner_index(&self, owner: OwnerId, last: &CachedOwnerIndex) -> OwnerIndex {
        last.get(owner, &self.indexes)
    }

    /// Looks up `lookup` in this thread's table (L0). If the table has a value that is valid at
    /// `now`, passes the value to `take`, and returns the result of `take`. A result `Some` counts
    /// as a hit. Returns `None` if the table has no valid value.
    ///
    /// If the use of the key is a sample for the hot keys, calls `count` with the number of uses
    /// that the sample stands for, and with the entry. Neither closure may run user code.
    #[inline]
    pub(crate) fn find<R>(
        &self,
        lookup: &LookupKey<'_>,
        now: Tick,
        take: impl FnOnce(AnyShared) -> Option<R>,
        count: impl FnOnce(u32, &Weak<MemoryEntry>),
    ) -> Option<R> {
        crate::l1::thread_cache::find(lookup, now, &self.generations, take, count)
    }

    /// Looks up `lookup` in this thread's table (L0), also while the table is lent, and returns the
    /// entry. `count` is that of [`find`](Self::find).
    pub(crate) fn find_entry(
        &self,
        lookup: &LookupKey<'_>,
        now: Tick,
        count: impl FnOnce(u32, &Weak<MemoryEntry>),
    ) -> Option<Arc<MemoryEntry>> {
        crate::l1::thread_cache::find_entry(lookup, now, &self.generations, count)
    }

    /// Returns a snapshot of the counters of `key`. The caller must take the snapshot before it
    /// looks up the key.
    pub(crate) fn snapshot(&self, key: &[u8]) -> Snapshot {
        Snapshot {
            revision: revision(),
            generation: self.generations.generation(key),
        }
    }

    /// Returns the entry under `key`, or `None` if this memory (L1) has no entry under `key`. The
    /// engine's eviction policy counts a use of the key in both cases.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>> {
        self.ask(|engine| engine.get(key))
    }

    /// Inserts `entry` under `key` and replaces the previous entry of the key. The threads' tables
    /// (L0) no longer use an older entry of the key.
    pub(crate) fn insert(&self, key: &Key, entry: Arc<MemoryEntry>) {
        self.ask(|engine| engine.insert(key, entry));
        self.generations.advance(key.as_bytes());
        self.generations.inserted(|| self.engine.entries());
    }

    /// Removes the entry under `key` from memory. The threads' tables (L0) no longer use the
    /// removed entry.
    pub(crate) fn remove(&self, key: &[u8]) {
        self.ask(|engine| engine.remove(key));
        self.generations.advance(key);
    }

    /// Removes all entries from memory. The threads' tables (L0) no longer use the removed entries.
    pub(crate) fn clear(&self) {
        self.ask(|engine| engine.clear());
        self.generations.advance_all();
    }

    /// Returns the number of entries in this memory and the sum of their weights.
    pub(crate) fn size(&self) -> Size {
        self.ask(|engine| engine.size())
    }

    /// Runs `call` with the memory engine. The values of entries that the engine evicts in `call`
    /// are dropped after `call`, because the engine has locks during a call and a value's
    /// destructor may use the cache.
    #[inline]
    fn ask<R>(&self, call: impl FnOnce(&dyn MemoryEngine) -> R) -> R {
        let engine = &*self.engine;
        if removed!(self.generations, DropLocked) {
            call(engine)
        } else {
            inside(|| call(engine))
        }
    }

    /// Returns `true` if no entry was inserted or removed under the key of `seen` since the
    /// snapshot `seen` was taken. The engine may still have evicted the entry.
    pub(crate) fn is_unchanged_since(&self, seen: Snapshot) -> bool {
        self.generations.is_current(seen.generation)
    }
}

pub(crate) fn engine(capacity: Capacity, config: &Config) -> Box<dyn MemoryEngine> {
    let first = || {
        let eviction = config.eviction.unwrap_or_default();
        Box::new(crate::l1::moka_engine::Moka::new(capacity, eviction))
    };
    match config.engine {
        Engine::Moka => first(),
        #[cfg(feature = "quick_cache")]
        Engine::QuickCache => Box::new(crate::l1::quick_cache_engine::QuickCache::new(capacity)),
        // `Cache::build` returns an error for an engine whose feature is off.
        #[cfg(not(feature = "quick_cache"))]
        Engine::QuickCache => first(),
    }
}
