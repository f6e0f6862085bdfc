//! The memory tier: an engine that decides who stays, and what a hit needs beside it.

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

/// The state of what a key is, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    revision: u64,
    generation: Generation,
}

/// Has this thread find `value` by `lookup`, as that of `stored`, which was looked up and found
/// good after `seen`.
pub(crate) fn cache_on_thread(
    lookup: &LookupKey<'_>,
    seen: Snapshot,
    stored: &Arc<MemoryEntry>,
    value: &AnyShared,
) {
    crate::l1::thread_cache::keep(lookup, (seen.generation, seen.revision), stored, value);
}

/// An engine, with a record of what changed in it.
#[derive(Debug)]
pub(crate) struct Memory {
    engine: Box<dyn MemoryEngine>,
    pub(crate) generations: Generations,
    indexes: OwnerIndexes,
}

impl Memory {
    /// Of an engine as `config` says.
    pub(crate) fn new(capacity: Capacity, config: &Config) -> Self {
        Self {
            engine: engine(capacity, config),
            generations: Generations::new(capacity),
            indexes: OwnerIndexes::new(),
        }
    }

    /// Where the entries of `owner` are, which remembers it in `last`.
    #[inline]
    pub(crate) fn owner_index(&self, owner: OwnerId, last: &CachedOwnerIndex) -> OwnerIndex {
        last.get(owner, &self.indexes)
    }

    /// What `take` makes of the value that `lookup` looks for, if this thread has it at hand
    /// and it is good at `now`: then that is a hit, and `count` learns for how many uses it
    /// stands, if it is [drawn](draw). Neither may run the caller's code.
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

    /// The state of what `key` is, before it is looked up.
    pub(crate) fn snapshot(&self, key: &[u8]) -> Snapshot {
        Snapshot {
            revision: revision(),
            generation: self.generations.generation(key),
        }
    }

    /// The entry under `key`. Counts as a use of it, also when there is none.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>> {
        self.ask(|engine| engine.get(key))
    }

    /// Puts `entry` in the place of what was there.
    pub(crate) fn insert(&self, key: &Key, entry: Arc<MemoryEntry>) {
        self.ask(|engine| engine.insert(key, entry));
        self.generations.advance(key.as_bytes());
        self.generations.inserted(|| self.engine.entries());
    }

    /// Removes what is there.
    pub(crate) fn remove(&self, key: &[u8]) {
        self.ask(|engine| engine.remove(key));
        self.generations.advance(key);
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        self.ask(|engine| engine.clear());
        self.generations.advance_all();
    }

    /// How many entries it holds, and the sum of their weights.
    pub(crate) fn size(&self) -> Size {
        self.ask(|engine| engine.size())
    }

    /// Nothing that dies in an engine is dropped there: it holds its locks.
    #[inline]
    fn ask<R>(&self, call: impl FnOnce(&dyn MemoryEngine) -> R) -> R {
        let engine = &*self.engine;
        if removed!(self.generations, DropLocked) {
            call(engine)
        } else {
            inside(|| call(engine))
        }
    }

    /// Whether what was under a key is still there, unless the engine dropped it.
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
        // A cache cannot be built with what is not there.
        #[cfg(not(feature = "quick_cache"))]
        Engine::QuickCache => first(),
    }
}
