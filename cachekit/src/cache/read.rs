//! The hit path.

use std::sync::Arc;

use super::refresh::Old;
use super::remote::Remote;
use super::{Cache, Core};
use crate::clock::Tick;
use crate::codec::Cacheable;
use crate::fault::Fault;
use crate::key::Key;
use crate::labels::Labels;
use crate::owner::{Owner, OwnerId};
use crate::plan::{Plain, Shape};
use crate::policy::Lives;
use crate::stored::AnyStored;

/// What a call that memory could not answer knows from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing, or nobody looked.
    Unknown,
    /// There was nothing.
    None,
    /// No tier can have the entry.
    Gone,
}

impl Core {
    /// What a call of `reader` gets from memory: no lock, no allocation but the value's
    /// own clone.
    ///
    /// # Errors
    ///
    /// No answer, or one that was drawn to be computed again before its end.
    pub(crate) fn hit<S>(&self, key: &[u8], reader: OwnerId) -> Result<S::Ret, Option<Box<Old>>>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        let stored = self.memory.get(key).ok_or(None)?;
        let now = Tick::now(&*self.clock);
        if !stored.may_serve(reader, now, self.faults) || !self.trusts(&stored, now) {
            return Err(None);
        }
        if stored.freshness.is_near_end(now)
            && let Some(old) = self.drawn(&stored, key, now)
        {
            return Err(Some(Box::new(old)));
        }
        let ret = returned::<S>(&stored).ok_or(None)?;
        stored.owner.counts.memory_hits.bump();
        Ok(ret)
    }

    /// What memory knows of what `reader` stored under `key`, after it could not answer.
    pub(crate) fn trace(&self, key: &[u8], reader: OwnerId) -> Trace {
        // Without a second tier nobody asks.
        if self.remote.is_none() {
            return Trace::Unknown;
        }
        let Some(stored) = self.memory.get(key) else {
            return Trace::None;
        };
        let now = Tick::now(&*self.clock);
        if stored.owner.id == reader && stored.is_gone(now, self.faults) {
            Trace::Gone
        } else {
            Trace::Unknown
        }
    }

    /// The entry under `key`, if it may be served to `reader`. Not counted as a hit.
    pub(crate) fn peek(&self, key: &Key, reader: OwnerId) -> Option<Arc<AnyStored>> {
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.may_serve(reader, now, self.faults) && self.trusts(&stored, now);
        may_serve.then_some(stored)
    }

    /// The same where the store could not be asked for it.
    pub(super) fn peek_unconfirmed(&self, key: &Key, reader: OwnerId) -> Option<Arc<AnyStored>> {
        let remote = self.remote.as_ref()?;
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.may_serve(reader, now, self.faults) && remote.goes_on(now);
        may_serve.then_some(stored)
    }

    /// Whether other nodes' invalidations of `stored` would have arrived by `now`.
    #[inline]
    pub(super) fn trusts(&self, stored: &AnyStored, now: Tick) -> bool {
        match &self.remote {
            None => true,
            Some(remote) => remote.is_heard(now) || self.goes_on_without(remote, stored, now),
        }
    }

    /// Whether to serve what nobody confirms.
    #[cold]
    fn goes_on_without(&self, remote: &Remote, stored: &AnyStored, now: Tick) -> bool {
        if self.faults.has(Fault::NoHeartbeat) {
            return true;
        }
        let can_ask = !stored.local && remote.is_usable() && remote.may_ask();
        !can_ask && remote.goes_on(now)
    }
}

/// What a function returns for `stored`; `None` if that is of another type.
pub(super) fn returned<S>(stored: &AnyStored) -> Option<S::Ret>
where
    S: Shape,
    S::Value: Clone + 'static,
{
    match stored.value::<S::Value>()? {
        Some(value) => Some(S::some(value.clone())),
        None => S::none(),
    }
}

impl Cache {
    /// The value that was stored under `key` by [`put`](Self::put) or
    /// [`get_or_compute`](Self::get_or_compute). Never computes.
    ///
    /// `None` also if the value under that key is of another type.
    pub async fn get<V: Cacheable>(&self, key: &str) -> Option<V> {
        let owner = self.core.direct_owner();
        get(&self.core, &owner, &Key::new(key.as_bytes()), Lives::UNSAID).await
    }
}

/// The value under `key`, from memory or from the store.
pub(super) async fn get<V: Cacheable>(
    core: &Core,
    owner: &Arc<Owner>,
    key: &Key,
    lives: Lives,
) -> Option<V> {
    if let Some(stored) = core.peek(key, owner.id)
        && let Some(hit) = returned::<Plain<V>>(&stored)
    {
        owner.counts.memory_hits.bump();
        return Some(hit);
    }
    owner.counts.misses.bump();
    let further = core
        .look_further(owner, key, &Labels::default(), lives, V::__wire())
        .await?;
    if further.is_from_store {
        owner.counts.redis_hits.bump();
    }
    returned::<Plain<V>>(&further.stored)
}
