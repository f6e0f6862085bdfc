//! The hit path.

use std::sync::Arc;

use crate::base::clock::Tick;
use crate::base::fault::{Point, removed};
use crate::base::sync::expect_no_lock;
use crate::core::state::{Cache, Core};
use crate::encoding::codec::cacheable::Cacheable;
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::l1::memory::cache_on_thread;
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l2::tier::SharedTier;
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::owner::{Owner, OwnerId};
use crate::model::owner_index::CachedOwnerIndex;
use crate::model::policy::EntryOptions;
use crate::model::tags::EntryTags;
use crate::read::cached_error::shareable_error;
use crate::read::call::{L1State, MemoryMiss};
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{Plain, ReturnOps, ReturnType, ValueSharing};

/// What this thread has at hand.
enum ThreadHit<S: ReturnType> {
    Ret(S::Ret),
    /// An `Option<S::Value>`, to be cloned.
    Value(AnyShared),
}

impl Core {
    /// What a call that looks for `lookup` gets of what this thread has at hand: no lock, no allocation
    /// but the value's own clone. `text` makes the key.
    #[inline]
    pub(crate) fn hit_on_thread<S, K: AsRef<[u8]>>(
        &self,
        return_ops: impl Fn() -> ReturnOps<S>,
        lookup: &LookupKey<'_>,
        reader: OwnerId,
        text: impl Fn() -> K,
    ) -> Option<S::Ret>
    where
        S: ReturnType,
        S::Value: Clone + 'static,
    {
        let now = Tick::coarse(&*self.clock);
        if !self.l2.as_ref().is_none_or(|it| it.is_bus_live(now)) {
            return None;
        }
        let unpack = |value| unpack_hit::<S>(return_ops().sharing(), value);
        let count = |uses| self.count_sampled(reader, &text, uses, now);
        match self.memory.find(lookup, now, unpack, count)? {
            ThreadHit::Ret(ret) => Some(ret),
            ThreadHit::Value(value) => of_shared::<S>(&value),
        }
    }

    /// The same for a key that `reader` wrote by hand, from the tier too.
    pub(crate) fn hit_direct<S>(
        &self,
        return_ops: impl Fn() -> ReturnOps<S>,
        key: &[u8],
        reader: OwnerId,
        owner_index: &CachedOwnerIndex,
    ) -> Result<S::Ret, MemoryMiss>
    where
        S: ReturnType,
        S::Value: Clone + Send + Sync + 'static,
    {
        let arg_words = KeyBuf::arg_words_of(key);
        let lookup = LookupKey::new(&arg_words, self.memory.owner_index(reader, owner_index));
        if let Some(ret) = self.hit_on_thread(&return_ops, &lookup, reader, || key) {
            return Ok(ret);
        }
        let return_ops = return_ops();
        let stored = self.hit_in_memory(&return_ops.value_ops(), &lookup, reader, key)?;
        Ok(return_value(&return_ops, &stored))
    }

    /// The entry that a call gets from the tier itself, which has an answer for it; the next call on
    /// this thread has it at hand.
    pub(crate) fn hit_in_memory(
        &self,
        ops: &ValueOps,
        lookup: &LookupKey<'_>,
        reader: OwnerId,
        key: &[u8],
    ) -> Result<Arc<MemoryEntry>, MemoryMiss> {
        let now = Tick::coarse(&*self.clock);
        self.count_use(reader, key, now);
        // Before the look-up: what happens in between shows.
        let seen = self.memory.snapshot(key);
        let stored = self.memory.get(key);
        let missed = |old| MemoryMiss {
            key: Key::new(key),
            l1_state: self.l1_state(stored.as_deref(), reader, now),
            seen: Some(seen),
            old,
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
            return Ok(Arc::clone(entry));
        }
        self.faults.at(Point::BeforeKeep);
        let seen = if removed!(self, StampLate) {
            self.memory.snapshot(key)
        } else {
            seen
        };
        match ops.shared(entry.shared()) {
            Some(value) => cache_on_thread(lookup, seen, entry, &value),
            None => cache_on_thread(lookup, seen, entry, entry.shared()),
        }
        entry.owner.counts.memory_hits.bump();
        Ok(Arc::clone(entry))
    }

    /// `owner` has a key in common with `reader`.
    #[cold]
    fn note_key_collision(&self, owner: &Owner, reader: OwnerId) {
        let reader = self.owners.read().get(&reader).map(Arc::clone);
        if let Some(reader) = reader {
            owner.collides_with(&reader);
        }
    }

    /// The same with the one of that name, if it is known here and this is new of `owner`.
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

    /// What a call by `reader` knows whose entry is never in memory.
    pub(crate) fn miss_without_memory(&self, key: &[u8], reader: OwnerId) -> MemoryMiss {
        self.count_use(reader, key, Tick::coarse(&*self.clock));
        MemoryMiss {
            key: Key::new(key),
            l1_state: L1State::Absent,
            seen: None,
            old: None,
        }
    }

    /// What a call knows that is to compute whatever memory has under `key`.
    pub(crate) fn forced_miss(&self, key: &[u8], reader: OwnerId) -> MemoryMiss {
        let now = Tick::coarse(&*self.clock);
        let stored = self.l2.as_ref().and_then(|_| self.memory.get(key));
        MemoryMiss {
            key: Key::new(key),
            l1_state: self.l1_state(stored.as_deref(), reader, now),
            seen: None,
            old: None,
        }
    }

    /// What memory, which has `stored`, knows of what `reader` stored there.
    fn l1_state(&self, stored: Option<&MemoryEntry>, reader: OwnerId, now: Tick) -> L1State {
        match stored {
            // Without a second tier nobody asks.
            _ if self.l2.is_none() => L1State::Unknown,
            None => L1State::Absent,
            // Another process may have succeeded.
            Some(it) if it.cached_error().is_some() => L1State::Unknown,
            Some(it) if it.owner.id == reader && it.is_gone(now) => L1State::Expired,
            Some(_) => L1State::Unknown,
        }
    }

    #[inline]
    pub(crate) fn may_serve(&self, entry: &MemoryEntry, reader: OwnerId, now: Tick) -> bool {
        entry.may_serve(reader, now) && self.is_confirmed(entry, now)
    }

    /// The entry under `key`, if it has a value that may be served to `reader`. Not counted as a
    /// hit, nor as a use.
    pub(crate) fn peek(&self, key: &Key, reader: OwnerId) -> Option<Arc<MemoryEntry>> {
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.cached_error().is_none() && self.may_serve(&stored, reader, now);
        may_serve.then_some(stored)
    }

    /// The same where the store could not be asked for it.
    pub(crate) fn peek_unconfirmed(&self, key: &Key, reader: OwnerId) -> Option<Arc<MemoryEntry>> {
        let l2 = self.l2.as_ref()?;
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.may_serve(reader, now) && l2.serves_disconnected(now);
        may_serve.then_some(stored)
    }

    /// What memory has under `key`, where other nodes' invalidations of it need not have arrived.
    pub(crate) fn unconfirmed(&self, key: &Key) -> Option<Arc<MemoryEntry>> {
        let l2 = self.l2.as_ref()?;
        if l2.is_bus_live(Tick::now(&*self.clock)) {
            return None;
        }
        self.memory.get(key.as_bytes())
    }

    /// Whether other nodes' invalidations of `stored` would have arrived by `now`.
    #[inline]
    pub(crate) fn is_confirmed(&self, stored: &MemoryEntry, now: Tick) -> bool {
        match &self.l2 {
            None => true,
            Some(l2) => l2.is_bus_live(now) || self.serves_unconfirmed(l2, stored, now),
        }
    }

    /// Whether to serve what nobody confirms.
    #[cold]
    fn serves_unconfirmed(&self, l2: &SharedTier, stored: &MemoryEntry, now: Tick) -> bool {
        if removed!(self, NoHeartbeat) {
            return true;
        }
        let can_ask = !stored.local && l2.is_usable() && l2.has_capacity();
        !can_ask && l2.serves_disconnected(now)
    }
}

/// What a hit has in `value`; `None` if that is of another type. Runs none of its code.
#[inline]
fn unpack_hit<S>(sharing: Option<ValueSharing<S::Value>>, value: AnyShared) -> Option<ThreadHit<S>>
where
    S: ReturnType,
    S::Value: 'static,
{
    if let Some(sharing) = sharing {
        return match (sharing.back)(value) {
            Ok(value) => Some(ThreadHit::Ret(S::some(value))),
            // A remembered absence.
            Err(value) => Some(ThreadHit::Value(value)),
        };
    }
    value
        .is::<Option<S::Value>>()
        .then_some(ThreadHit::Value(value))
}

/// What a function returns for an entry's `value`; `None` if that is of another type.
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

/// What `stored` holds. Of an entry that is nobody else's it is the last reference, and need not be
/// cloned.
pub(crate) fn take_shared(stored: Arc<MemoryEntry>) -> AnyShared {
    match Arc::try_unwrap(stored) {
        Ok(stored) => stored.into_shared(),
        Err(stored) => Arc::clone(stored.shared()),
    }
}

/// What a function returns for `stored`, which it has an answer for.
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

/// What a function returns for the value of `stored`; `None` if that is of another type.
pub(crate) fn value_in<S>(stored: &MemoryEntry) -> Option<S::Ret>
where
    S: ReturnType,
    S::Value: Clone + 'static,
{
    of_shared::<S>(stored.shared())
}

impl Cache {
    /// The value that was stored under `key` by [`put`](Self::put) or
    /// [`get_or_compute`](Self::get_or_compute). Never computes.
    ///
    /// `None` also if the value under that key is of another type.
    pub async fn get<V: Cacheable>(&self, key: &str) -> Option<V> {
        let owner = self.core.direct_owner();
        get(
            &self.core,
            &owner,
            &Key::new(key.as_bytes()),
            EntryOptions::DEFAULT,
        )
        .await
    }
}

/// The value under `key`, from memory or from the store.
pub(crate) async fn get<V: Cacheable>(
    core: &Core,
    owner: &Arc<Owner>,
    key: &Key,
    options: EntryOptions,
) -> Option<V> {
    core.count_use(owner.id, key.as_bytes(), Tick::coarse(&*core.clock));
    if let Some(stored) = core.peek(key, owner.id)
        && let Some(hit) = value_in::<Plain<V>>(&stored)
    {
        stored.record_use(Tick::coarse(&*core.clock));
        owner.counts.memory_hits.bump();
        return Some(hit);
    }
    owner.counts.misses.bump();
    let ops = ValueOps::of::<Plain<V>>(V::__wire());
    let hit = core
        .peek_l2(owner, key, &EntryTags::default(), options, &ops)
        .await?;
    if hit.is_from_l2 {
        owner.counts.redis_hits.bump();
    }
    value_in::<Plain<V>>(&hit.stored)
}
