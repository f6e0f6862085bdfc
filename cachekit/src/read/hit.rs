//! The hit path: answers from the thread's table (L0) and from memory (L1).

use std::sync::{Arc, Weak};

use crate::base::clock::Tick;
use crate::base::fault::{Point, removed};
use crate::base::sync::expect_no_lock;
use crate::core::state::Core;
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::l1::memory::cache_on_thread;
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l2::tier::SharedTier;
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::miss_cause::MissCause;
use crate::model::owner::{Owner, OwnerId};
use crate::model::owner_index::CachedOwnerIndex;
use crate::model::source::SourceTier;
use crate::read::cached_error::shareable_error;
use crate::read::call::{L1State, MemoryMiss};
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{ReturnOps, ReturnType, ValueSharing};

/// A hit in this thread's table (L0), before the hit becomes the function's result.
enum ThreadHit<S: ReturnType> {
    Ret(S::Ret),
    /// A shared `Option<S::Value>`. The value in it is cloned for the caller.
    Value(AnyShared),
}

impl Core {
    /// Answers a call from this thread's table (L0), at the coarse reading `now` of the clock.
    /// Takes no lock, and allocates nothing except for the clone of the value. Returns `None` if
    /// the table has no usable value, or the bus is not live. `text` makes the text of the key, to
    /// count the use of the key.
    #[inline]
    pub(crate) fn hit_on_thread<S, K: AsRef<[u8]>>(
        &self,
        return_ops: impl Fn() -> ReturnOps<S>,
        lookup: &LookupKey<'_>,
        reader: OwnerId,
        now: Tick,
        text: impl Fn() -> K,
    ) -> Option<S::Ret>
    where
        S: ReturnType,
        S::Value: Clone + 'static,
    {
        if !self.l2.as_ref().is_none_or(|it| it.is_bus_live(now)) {
            return None;
        }
        let unpack = |value| unpack_hit::<S>(return_ops().sharing(), value);
        let count = |uses, entry: &Weak<MemoryEntry>| {
            self.count_sampled(reader, &text, uses, (now, entry));
        };
        match self.memory.find(lookup, now, unpack, count)? {
            ThreadHit::Ret(ret) => Some(ret),
            ThreadHit::Value(value) => of_shared::<S>(&value),
        }
    }

    /// Returns the entry that this thread's table (L0) has for a call inside of a computation,
    /// where the table is lent. Returns `None` if the table has no usable entry, or the bus is not
    /// live.
    pub(crate) fn entry_on_thread<K: AsRef<[u8]>>(
        &self,
        lookup: &LookupKey<'_>,
        reader: OwnerId,
        now: Tick,
        text: impl Fn() -> K,
    ) -> Option<Arc<MemoryEntry>> {
        if !self.l2.as_ref().is_none_or(|it| it.is_bus_live(now)) {
            return None;
        }
        let count = |uses, entry: &Weak<MemoryEntry>| {
            self.count_sampled(reader, &text, uses, (now, entry));
        };
        self.memory.find_entry(lookup, now, count)
    }

    /// Answers a call of `reader` with a key that is already text, from this thread's table (L0) or
    /// from memory (L1). Returns a `MemoryMiss` if neither answers, and `None` as the error if the
    /// call bypasses the cache.
    pub(crate) fn hit_direct<S>(
        &self,
        return_ops: impl Fn() -> ReturnOps<S>,
        key: &[u8],
        reader: OwnerId,
        owner_index: &CachedOwnerIndex,
    ) -> Result<S::Ret, Option<MemoryMiss>>
    where
        S: ReturnType,
        S::Value: Clone + Send + Sync + 'static,
    {
        let arg_words = KeyBuf::arg_words_of(key);
        let lookup = LookupKey::new(&arg_words, self.memory.owner_index(reader, owner_index));
        let now = Tick::coarse(&*self.clock);
        if let Some(ret) = self.hit_on_thread(&return_ops, &lookup, reader, now, || key) {
            return Ok(ret);
        }
        let surroundings = self.surroundings();
        if surroundings.bypasses() {
            return Err(None);
        }
        if surroundings.is_refresh_due(reader, key) {
            return Err(Some(MemoryMiss {
                is_forced: true,
                ..self.forced_miss(key, reader)
            }));
        }
        let return_ops = return_ops();
        let stored = self.hit_in_memory(&return_ops.value_ops(), &lookup, reader, key)?;
        if surroundings.is_recorded() {
            if self.lacks_lineage(&stored) {
                return Err(Some(Self::miss_without_lineage(key)));
            }
            self.record_taken(|| Key::new(key), &stored);
        }
        self.observe_hit(surroundings, SourceTier::Memory, || key, &stored);
        Ok(return_value(&return_ops, &stored))
    }

    /// Returns the entry in memory (L1) that answers the call, or a `MemoryMiss`. Also puts the
    /// value of that entry into this thread's table (L0), for the next call on this thread, unless
    /// the cache reports calls as spans or logs them.
    pub(crate) fn hit_in_memory(
        &self,
        ops: &ValueOps,
        lookup: &LookupKey<'_>,
        reader: OwnerId,
        key: &[u8],
    ) -> Result<Arc<MemoryEntry>, MemoryMiss> {
        let now = Tick::coarse(&*self.clock);
        let sampled = self.count_use(reader, key, now);
        // The snapshot is taken before the look-up, so that a store or an invalidation after this
        // line is noticed.
        let seen = self.memory.snapshot(key);
        let stored = self.memory.get(key);
        let missed = |old| MemoryMiss {
            key: Key::new(key),
            l1_state: self.l1_state(stored.as_deref(), reader, now),
            cause: self.cause_in_memory(stored.as_deref(), reader, key, now),
            seen: Some(seen),
            old,
            is_forced: false,
        };
        let Some(entry) = &stored else {
            return Err(missed(None));
        };
        if !self.may_serve(entry, reader, now) {
            if entry.owner.id != reader {
                self.note_key_collision(&entry.owner, reader);
            }
            return Err(missed(None));
        }
        entry.record_use(now);
        if entry.freshness.is_near_end(now)
            && let Some(old) = self.draw_early_refresh(entry, key, now)
        {
            return Err(missed(Some(Box::new(old))));
        }
        if !ops.answers(entry.shared()) {
            if shareable_error(ops, entry).is_none() {
                return Err(missed(None));
            }
            entry.owner.counts.memory_hits.bump();
            entry.count_age(sampled, now);
            return Ok(Arc::clone(entry));
        }
        self.faults.at(Point::BeforeKeep);
        let seen = if removed!(self, StampLate) {
            self.memory.snapshot(key)
        } else {
            seen
        };
        if !self.reports_calls() {
            match ops.shared(entry.shared()) {
                Some(value) => cache_on_thread(lookup, seen, entry, &value),
                None => cache_on_thread(lookup, seen, entry, entry.shared()),
            }
        }
        entry.owner.counts.memory_hits.bump();
        entry.count_age(sampled, now);
        Ok(Arc::clone(entry))
    }

    /// Returns the cause of the miss in memory that a call of `reader` had. `stored` is the entry
    /// that memory has under `key`, and that the call cannot use.
    #[cold]
    pub(crate) fn cause_in_memory(
        &self,
        stored: Option<&MemoryEntry>,
        reader: OwnerId,
        key: &[u8],
        now: Tick,
    ) -> MissCause {
        let Some(stored) = stored else {
            return if self.removed_keys.forget(key) {
                MissCause::KEY
            } else {
                MissCause::ABSENT
            };
        };
        #[cfg(feature = "dashboard")]
        self.note_outdated(stored, key);
        // The computation replaces the entry, unless the entry is only due for a refresh.
        stored.owner.end();
        if stored.may_serve(reader, now) && !self.is_confirmed(stored, now) {
            MissCause::UNCONFIRMED
        } else {
            stored.miss_cause(reader, now)
        }
    }

    /// Records that two owners of entries (functions or regions), `owner` and `reader`, have
    /// entries under one key.
    #[cold]
    fn note_key_collision(&self, owner: &Owner, reader: OwnerId) {
        let reader = self.owners.read().get(&reader).map(Arc::clone);
        if let Some(reader) = reader {
            owner.collides_with(&reader);
        }
    }

    /// Records that the function or region `owner` and the function with the name `name` have
    /// entries under one key. Does nothing if this process does not know that function, or if a key
    /// collision of `owner` was recorded before.
    #[cold]
    pub(crate) fn note_key_collision_with(&self, owner: &Owner, name: &[u8]) {
        if owner.has_collided() {
            return;
        }
        let owners = self.owners.read();
        let mut named = owners.values();
        let other = named.find(|other| other.name.as_bytes() == name).cloned();
        drop(owners);
        if let Some(other) = other {
            owner.collides_with(&other);
        }
    }

    /// Returns the `MemoryMiss` for a call of `reader`, a function whose entries are never in
    /// memory, and counts the use of `key`.
    pub(crate) fn miss_without_memory(&self, key: &[u8], reader: OwnerId) -> MemoryMiss {
        self.count_use(reader, key, Tick::coarse(&*self.clock));
        MemoryMiss {
            key: Key::new(key),
            l1_state: L1State::Absent,
            cause: self.cause_in_memory(None, reader, key, Tick::coarse(&*self.clock)),
            seen: None,
            old: None,
            is_forced: false,
        }
    }

    /// Returns the miss of a call whose entry in memory lacks the versions that a computation
    /// needs.
    pub(crate) fn miss_without_lineage(key: &[u8]) -> MemoryMiss {
        MemoryMiss {
            key: Key::new(key),
            l1_state: L1State::Unknown,
            cause: MissCause::OTHER,
            seen: None,
            old: None,
            is_forced: false,
        }
    }

    /// Returns the miss of a call that computes even if memory has a value under `key` (`refresh`).
    pub(crate) fn forced_miss(&self, key: &[u8], reader: OwnerId) -> MemoryMiss {
        let now = Tick::coarse(&*self.clock);
        let stored = self.l2.as_ref().and_then(|_| self.memory.get(key));
        MemoryMiss {
            key: Key::new(key),
            l1_state: self.l1_state(stored.as_deref(), reader, now),
            cause: MissCause::FORCED,
            seen: None,
            old: None,
            is_forced: false,
        }
    }

    /// Returns the state of `reader`'s entry (absent, expired or unknown) after a look-up in
    /// memory. `stored` is the entry that memory has, or `None` if memory has no entry.
    fn l1_state(&self, stored: Option<&MemoryEntry>, reader: OwnerId, now: Tick) -> L1State {
        match stored {
            // In a cache without L2, no code reads the state.
            _ if self.l2.is_none() => L1State::Unknown,
            None => L1State::Absent,
            // Another process may have computed a value since this error.
            Some(it) if it.cached_error().is_some() => L1State::Unknown,
            Some(it) if it.owner.id == reader && it.is_gone(now) => L1State::Expired,
            Some(_) => L1State::Unknown,
        }
    }

    /// Returns `true` if a call of `reader` may be served `entry` at `now`: the entry is usable for
    /// `reader`, and [`is_confirmed`](Self::is_confirmed) returns `true` for the entry.
    #[inline]
    pub(crate) fn may_serve(&self, entry: &MemoryEntry, reader: OwnerId, now: Tick) -> bool {
        entry.may_serve(reader, now) && self.is_confirmed(entry, now)
    }

    /// Returns `true` if other nodes' invalidations do not prevent that `stored` is served at
    /// `now`. In a cache without L2, there are no other nodes. In a cache with L2, the bus must be
    /// live, so that these invalidations have arrived, or the setting `on_disconnect` (the rule for
    /// a node without connection to Redis) must allow entries from memory.
    #[inline]
    pub(crate) fn is_confirmed(&self, stored: &MemoryEntry, now: Tick) -> bool {
        match &self.l2 {
            None => true,
            Some(l2) => l2.is_bus_live(now) || self.serves_unconfirmed(l2, stored, now),
        }
    }

    /// Returns `true` if `stored` is served although the bus is not live: L2 cannot be asked for
    /// the entry, and the setting `on_disconnect` (the rule for a node without connection to Redis)
    /// allows entries from memory.
    #[cold]
    fn serves_unconfirmed(&self, l2: &SharedTier, stored: &MemoryEntry, now: Tick) -> bool {
        if removed!(self, NoHeartbeat) {
            return true;
        }
        // An entry in memory alone also needs the permission of `on_disconnect`: other nodes may
        // have invalidated it.
        let can_ask = l2.is_usable() && !stored.local && l2.has_capacity();
        !can_ask && l2.serves_disconnected(now)
    }
}

/// Unpacks `value`, a hit in the thread's table (L0). Returns `None` if `value` does not have the
/// type that the function returns. Runs no code of that type.
#[inline]
fn unpack_hit<S>(sharing: Option<ValueSharing<S::Value>>, value: AnyShared) -> Option<ThreadHit<S>>
where
    S: ReturnType,
    S::Value: 'static,
{
    if let Some(sharing) = sharing {
        return match (sharing.back)(value) {
            Ok(value) => Some(ThreadHit::Ret(S::some(value))),
            // The value is a cached absence.
            Err(value) => Some(ThreadHit::Value(value)),
        };
    }
    value
        .is::<Option<S::Value>>()
        .then_some(ThreadHit::Value(value))
}

/// Converts `value`, the content of an entry, into the function's return type. Returns `None` if
/// `value` has another type, or is an absence that the return type cannot express.
fn of_shared<S>(value: &AnyShared) -> Option<S::Ret>
where
    S: ReturnType,
    S::Value: Clone + 'static,
{
    let value = value.downcast_ref::<Option<S::Value>>()?;
    expect_no_lock();
    match value {
        Some(value) => Some(S::some(value.clone())),
        None => S::none(),
    }
}

/// Takes the value out of the entry `stored`. If nothing else refers to the entry and to its value,
/// the returned reference is the only one, and the caller need not clone the value.
pub(crate) fn take_shared(stored: Arc<MemoryEntry>) -> AnyShared {
    let shared = Arc::clone(stored.shared());
    drop(stored);
    shared
}

/// Converts the value or the error in `stored` into the function's return type. The return type
/// must be able to express the value or the error.
pub(crate) fn return_value<S>(return_ops: &ReturnOps<S>, stored: &MemoryEntry) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + 'static,
{
    let error = || {
        stored
            .cached_error()
            .and_then(|error| return_ops.copy(error))
    };
    value_in::<S>(stored)
        .or_else(|| error().map(S::err))
        .unwrap_or_else(|| unreachable!("an entry without an answer"))
}

/// Converts the value of `stored` into the function's return type. Returns `None` if the value is
/// of another type, or is an absence that the return type cannot express.
pub(crate) fn value_in<S>(stored: &MemoryEntry) -> Option<S::Ret>
where
    S: ReturnType,
    S::Value: Clone + 'static,
{
    of_shared::<S>(stored.shared())
}
