//! The memory tier (L1): an engine, and the state that makes hits in the thread's table (L0) safe.

use std::sync::Arc;

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

/// State of a key before a look-up, to find out later if its result is still current.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    revision: u64,
    generation: Generation,
}

/// Puts `value` into this thread's table (L0) under `lookup`. `stored` is its entry, which was
/// looked up and found valid after `seen` was taken.
pub(crate) fn cache_on_thread(
    lookup: &LookupKey<'_>,
    seen: Snapshot,
    stored: &Arc<MemoryEntry>,
    value: &AnyShared,
) {
    crate::l1::thread_cache::keep(lookup, (seen.generation, seen.revision), stored, value);
}

/// An engine, with generation counters of its changes.
#[derive(Debug)]
pub(crate) struct Memory {
    engine: Box<dyn MemoryEngine>,
    pub(crate) generations: Generations,
    indexes: OwnerIndexes,
}

impl Memory {
    /// Creates a memory with the engine that `config` names.
    pub(crate) fn new(capacity: Capacity, config: &Config) -> Self {
        Self {
            engine: engine(capacity, config),
            generations: Generations::new(capacity),
            indexes: OwnerIndexes::new(),
        }
    }

    /// Returns the index of `owner`'s entries in this memory, and caches it in `last`.
    #[inline]
    pub(crate) fn owner_index(&self, owner: OwnerId, last: &CachedOwnerIndex) -> OwnerIndex {
        last.get(owner, &self.indexes)
    }

    /// Finds the value of `lookup` in this thread's table (L0), if it is valid at `now`. Returns
    /// the result of `take`, and counts a hit.
    ///
    /// If this use is sampled for the hot keys, `count` is called with the number of uses that it
    /// stands for. Neither closure may run user code.
    #[inline]
    pub(crate) fn find<R>(
        &self,
        lookup: &LookupKey<'_>,
        now: Tick,
        take: impl FnOnce(AnyShared) -> Option<R>,
        count: impl FnOnce(u32),
    ) -> Option<R> {
        crate::l1::thread_cache::find(lookup, now, &self.generations, take, count)
    }

    /// Returns the state of `key`. Take it before the look-up.
    pub(crate) fn snapshot(&self, key: &[u8]) -> Snapshot {
        Snapshot {
            revision: revision(),
            generation: self.generations.generation(key),
        }
    }

    /// Returns the entry under `key`. Counts as a use of the key, even if there is no entry.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>> {
        self.ask(|engine| engine.get(key))
    }

    /// Inserts `entry`, and replaces the previous one.
    pub(crate) fn insert(&self, key: &Key, entry: Arc<MemoryEntry>) {
        self.ask(|engine| engine.insert(key, entry));
        self.generations.advance(key.as_bytes());
        self.generations.inserted(|| self.engine.entries());
    }

    /// Removes the entry under `key`.
    pub(crate) fn remove(&self, key: &[u8]) {
        self.ask(|engine| engine.remove(key));
        self.generations.advance(key);
    }

    /// Removes all entries.
    pub(crate) fn clear(&self) {
        self.ask(|engine| engine.clear());
        self.generations.advance_all();
    }

    /// Returns the number of entries and the sum of their weights.
    pub(crate) fn size(&self) -> Size {
        self.ask(|engine| engine.size())
    }

    /// Calls the engine. Values that it evicts are dropped after the call, because it holds locks.
    #[inline]
    fn ask<R>(&self, call: impl FnOnce(&dyn MemoryEngine) -> R) -> R {
        let engine = &*self.engine;
        if removed!(self.generations, DropLocked) {
            call(engine)
        } else {
            inside(|| call(engine))
        }
    }

    /// Returns `true` if the entry under the key is unchanged since `seen`, unless the engine
    /// evicted it.
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
        // A cache cannot be built with an engine whose feature is off.
        #[cfg(not(feature = "quick_cache"))]
        Engine::QuickCache => first(),
    }
}
