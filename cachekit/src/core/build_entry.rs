//! Builds entries of the memory tier (L1) from values, and inserts them.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::durations::cut;
use crate::base::fault::Point;
use crate::core::state::Core;
use crate::core::validity::Validity;
use crate::key::Key;
use crate::model::config::engine::Engine;
use crate::model::config::{Tier, Unit};
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epoch, Epochs};
use crate::model::freshness::{Freshness, Life};
use crate::model::idle_expiry::Idle;
use crate::model::owner::Owner;
use crate::model::residence::Residence;
use crate::model::tags::EntryTags;
use crate::model::ttl_jitter::jittered;
use crate::store::key_name::StoreKey;

/// Returns the number of bytes that an entry needs besides its key and value: for its header, its
/// epochs and the engine's bookkeeping. The numbers in this function were counted by an allocator
/// (`tests/footprint`).
const fn overhead(engine: Engine) -> usize {
    match engine {
        Engine::Moka => 496,
        Engine::QuickCache => 368,
    }
}

/// Value from which an entry is built, or the absence of a value.
pub(crate) struct Value {
    /// The value as an `Option<V>`. The `None` of that `Option` is an absence.
    pub(crate) content: AnyShared,
    /// `true` if `content` is a value, `false` if `content` is an absence.
    pub(crate) is_present: bool,
    /// Size of the type of `content` in bytes.
    pub(crate) size: usize,
    /// Number of bytes that `content` points to, as far as the number is known. Zero if values are
    /// not weighed.
    pub(crate) heap: usize,
    /// Order of the write that returned the value (`order_by`). `None`: the write has no order, or
    /// no write returned the value.
    pub(crate) order: Option<u64>,
    /// Time that the computation of the value took. Zero if no call computed the value.
    pub(crate) took: Duration,
    /// Time since the value was computed. Zero for a value that this call computed or wrote.
    pub(crate) age: Duration,
}

impl Core {
    /// Returns the epochs that invalidate an entry of the function or region `owner` with the tags
    /// and events `entry_tags`: the epochs of the cache, of `owner`, of the tags and events, and,
    /// with Redis, of the bus.
    pub(crate) fn epochs(&self, owner: &Owner, entry_tags: &EntryTags) -> Epochs {
        let whole = [Arc::clone(&self.epoch), Arc::clone(&owner.epoch)];
        let bus = self.l2.is_some().then(|| Arc::clone(&self.bus_epoch));
        whole
            .into_iter()
            .chain(bus)
            .chain(entry_tags.tags.iter().map(|tag| self.tags.epoch(tag)))
            .collect()
    }

    /// Returns the epoch of `name`, on which an entry depends because it was computed from another
    /// entry: a key or a function. Returns `None` for any other name.
    pub(crate) fn foreign_epoch(&self, name: &StoreKey) -> Option<Arc<Epoch>> {
        let (kind, text) = name.parts()?;
        match kind {
            "v" => Some(self.tags.key_epoch(&Key::new(text))),
            "f" => Some(self.tags.function_epoch(str::from_utf8(text).ok()?)),
            _ => None,
        }
    }

    /// Returns `true` if the size of values is measured, because the capacity is in bytes.
    pub(crate) fn weighs(&self) -> bool {
        self.config.memory_capacity.unit == Unit::Bytes
    }

    /// Returns the number of bytes that a value points to, which `weigh` counts. Returns zero if
    /// values are not weighed.
    pub(crate) fn heap(&self, weigh: impl FnOnce() -> usize) -> usize {
        if self.weighs() { weigh() } else { 0 }
    }

    /// Returns the time to live of a value if `present` is `true`, and of an absence otherwise,
    /// shortened by jitter. Returns `None` if the value or absence must not be stored.
    pub(crate) fn ttl(
        &self,
        options: &EntryOptions,
        entry_tags: &EntryTags,
        present: bool,
    ) -> Option<Duration> {
        let ttl = if present {
            entry_tags
                .ttl
                .filter(|_| !options.has_fixed_ttl)
                .map(cut)
                .or(options.ttl)
                .unwrap_or(self.config.default_ttl)
        } else {
            options.none_ttl?
        };
        let ttl = jittered(ttl, options.jitter, fastrand::f64());
        (!entry_tags.do_not_store && !ttl.is_zero()).then_some(ttl)
    }

    /// Builds an entry for `value`, which depends on `validity`. The entry's fresh life ends with
    /// that of `validity` at the latest. If the entry's `life` is `None`, the caller must not store
    /// the entry, but may give it to callers that wait for the value.
    pub(crate) fn build_entry(
        &self,
        owner: &Arc<Owner>,
        key: &Key,
        validity: Validity,
        options: &EntryOptions,
        life: Option<Life>,
        value: Value,
    ) -> Arc<MemoryEntry> {
        let now = Tick::now(&*self.clock);
        let none = EntryOptions::DEFAULT;
        let is_kept = life.is_some();
        let (mut life, windows) =
            life.map_or((Life::from(Duration::MAX), &none), |it| (it, options));
        life.left = life.left.min(validity.end.since(now));
        let freshness = Freshness::new(now, life, windows, value.took);
        let deadline = if is_kept {
            now.after(options.in_memory(life.left))
        } else {
            now
        };
        let idle = options.idle.map(|length| Idle::new(now, length));
        let weight = match self.config.memory_capacity.unit {
            Unit::Entries => 1,
            Unit::Bytes => {
                let beside = overhead(self.config.engine);
                let own = key.as_bytes().len() + value.size + validity.heap() + beside;
                u32::try_from(own.saturating_add(value.heap)).unwrap_or(u32::MAX)
            }
        };
        MemoryEntry::new(
            Residence::new(Arc::clone(owner), weight),
            (now, value.age, validity.began),
            (validity.epochs, validity.lineage),
            (deadline, freshness, idle),
            options.tier == Tier::Memory,
            (value.content, value.is_present, value.order),
        )
    }

    /// Inserts `entry` under `key` into this memory tier (L1), in place of an entry that may still
    /// be usable. The end of the old entry is not counted as an eviction.
    pub(crate) fn replace(&self, key: &Key, entry: Arc<MemoryEntry>) {
        if let Some(old) = self.memory.get(key.as_bytes()) {
            old.owner.end();
        }
        self.insert(key, entry);
    }

    /// Inserts `entry` under `key` into this memory tier (L1).
    pub(crate) fn insert(&self, key: &Key, entry: Arc<MemoryEntry>) {
        self.faults.at(Point::BeforeInsert);
        entry.owner.begin();
        self.removed_keys.forget(key.as_bytes());
        self.memory.insert(key, entry);
    }
}
