//! Look-ups that never compute: in memory alone, and `get` with Redis.

use std::sync::Arc;

use crate::base::clock::Tick;
use crate::coordination::frame;
use crate::core::state::{Cache, Core};
use crate::encoding::codec::cacheable::Cacheable;
use crate::key::Key;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::miss_cause::CurrentCause;
use crate::model::owner::{Owner, OwnerId};
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::hit::value_in;
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::Plain;

impl Core {
    /// Returns the entry under `key` if the entry contains a value and `reader` may be served that
    /// value. Counts neither a hit nor a use.
    pub(crate) fn peek(&self, key: &Key, reader: OwnerId) -> Option<Arc<MemoryEntry>> {
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.cached_error().is_none() && self.may_serve(&stored, reader, now);
        may_serve.then_some(stored)
    }

    /// Does what [`peek`](Self::peek) does, for a caller that may be inside of a computation.
    ///
    /// Returns `None` also if all of these hold: the caller is inside of a computation, the entry
    /// in memory lacks the versions that the computation needs, and the function's entries are in
    /// L2 too. The caller then reads the entry from L2, with its versions.
    pub(crate) fn peek_to_take(
        &self,
        key: &Key,
        reader: OwnerId,
        options: &EntryOptions,
    ) -> Option<Arc<MemoryEntry>> {
        let surroundings = self.surroundings();
        let stored = self.peek(key, reader)?;
        let is_of_no_use = options.tier != Tier::Memory
            && surroundings.is_recorded()
            && self.lacks_lineage(&stored);
        (!is_of_no_use).then_some(stored)
    }

    /// Returns the entry in memory under `key` after L2 could not be asked, if `reader` may be
    /// served that entry and `on_disconnect` allows it.
    pub(crate) fn peek_unconfirmed(&self, key: &Key, reader: OwnerId) -> Option<Arc<MemoryEntry>> {
        let l2 = self.l2.as_ref()?;
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.may_serve(reader, now) && l2.serves_disconnected(now);
        may_serve.then_some(stored)
    }

    /// Returns the entry in memory under `key` if the bus is not live, so that another node's
    /// invalidation of the entry may not have arrived. Returns `None` while the bus is live.
    pub(crate) fn unconfirmed(&self, key: &Key) -> Option<Arc<MemoryEntry>> {
        let l2 = self.l2.as_ref()?;
        if l2.is_bus_live(Tick::now(&*self.clock)) {
            return None;
        }
        self.memory.get(key.as_bytes())
    }
}

impl Cache {
    /// Returns the value that [`put`](Self::put) or [`get_or_compute`](Self::get_or_compute) stored
    /// under `key`, from memory or from Redis. Never computes.
    ///
    /// Returns `None` if neither tier has a value under `key`, or if that value is of a type other
    /// than `V`.
    pub async fn get<V: Cacheable>(&self, key: &str) -> Option<V> {
        let owner = self.core.direct_owner();
        get(
            &self.core,
            &owner,
            &Key::new(key.as_bytes()),
            &EntryOptions::DEFAULT,
        )
        .await
    }
}

/// Returns the value of the function or region `owner` under `key`, from memory or from L2. Returns
/// `None` if neither tier has a value of type `V`.
pub(crate) async fn get<V: Cacheable>(
    core: &Core,
    owner: &Arc<Owner>,
    key: &Key,
    options: &EntryOptions,
) -> Option<V> {
    let now = Tick::coarse(&*core.clock);
    let sampled = core.count_use(owner.id, key.as_bytes(), now);
    let stored = core.peek_to_take(key, owner.id, options);
    if let Some(stored) = stored
        && let Some(hit) = value_in::<Plain<V>>(&stored)
    {
        core.record_taken(|| key.clone(), &stored);
        let text = || key.as_bytes();
        core.observe_hit(frame::surroundings(), SourceTier::Memory, text, &stored);
        stored.record_use(now);
        stored.count_age(sampled, now);
        owner.counts.memory_hits.bump();
        return Some(hit);
    }
    owner.counts.misses.bump();
    let in_memory = core.memory.get(key.as_bytes());
    let cause = core.cause_in_memory(in_memory.as_deref(), owner.id, key.as_bytes(), now);
    let cause = CurrentCause::new(cause);
    let ops = ValueOps::of::<Plain<V>>(V::__wire());
    let hit = core
        .peek_l2((owner, key), &EntryTags::default(), options, &ops, &cause)
        .await;
    let Some(hit) = hit else {
        owner.counts.causes.count(cause.get());
        #[cfg(feature = "dashboard")]
        core.note_miss(cause.get(), owner, key);
        core.report_absence(owner, key);
        core.record_absence(key);
        return None;
    };
    hit.stored.count_age(1, now);
    if hit.is_from_l2 {
        owner.counts.redis_hits.bump();
    }
    let text = || key.as_bytes();
    core.observe_hit(frame::surroundings(), hit.tier(), text, &hit.stored);
    core.record_taken(|| key.clone(), &hit.stored);
    value_in::<Plain<V>>(&hit.stored)
}
