//! The hit path.

use std::sync::Arc;

use super::{Cache, Core};
use crate::clock::Tick;
use crate::key::Key;
use crate::owner::OwnerId;
use crate::plan::{Plain, Shape};
use crate::stored::AnyStored;

impl Core {
    /// What a call of `reader` gets from memory: no lock, no allocation but the value's
    /// own clone.
    pub(crate) fn hit<S>(&self, key: &[u8], reader: OwnerId) -> Option<S::Ret>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        let stored = self.memory.get(key)?;
        if !stored.may_serve(reader, Tick::now(&*self.clock), self.faults) {
            return None;
        }
        let ret = returned::<S>(&stored)?;
        stored.owner.counts.memory_hits.bump();
        Some(ret)
    }

    /// The entry under `key`, if it may be served to `reader`. Not counted as a hit.
    pub(crate) fn peek(&self, key: &Key, reader: OwnerId) -> Option<Arc<AnyStored>> {
        let stored = self.memory.get(key.as_bytes())?;
        stored
            .may_serve(reader, Tick::now(&*self.clock), self.faults)
            .then_some(stored)
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
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier asks it here"
    )]
    pub async fn get<V: Clone + Send + Sync + 'static>(&self, key: &str) -> Option<V> {
        let hit = self.core.hit::<Plain<V>>(key.as_bytes(), OwnerId::DIRECT);
        if hit.is_none() {
            self.core.direct_owner().counts.misses.bump();
        }
        hit
    }
}
