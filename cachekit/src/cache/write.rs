//! Storing a value that was not computed by a cached call.

use std::sync::Arc;

use super::store::Value;
use super::{Cache, Core};
use crate::epoch::Moment;
use crate::event;
use crate::fault::Fault;
use crate::key::Key;
use crate::labels::Labels;
use crate::owner::Owner;
use crate::policy::{Lives, Policy};
use crate::writes::WriteToken;

/// A write of one entry that has begun.
#[derive(Debug)]
pub(super) struct Bracket {
    core: Arc<Core>,
    owner: Arc<Owner>,
    key: Key,
    lives: Lives,
    /// When it began, among the node's invalidations.
    began: Moment,
    token: WriteToken,
}

impl Bracket {
    pub(super) fn begin(core: &Arc<Core>, owner: Arc<Owner>, key: Key, lives: Lives) -> Self {
        let began = core.tags.now();
        let token = core.writes.begin(&key);
        Self {
            core: Arc::clone(core),
            owner,
            key,
            lives,
            began,
            token,
        }
    }

    /// Ends it: stores `value`, unless an invalidation or another write came in between,
    /// or the value is not to be stored; then the entry is left empty.
    pub(super) fn finish<V>(self, labels: &Labels, value: Value<V>)
    where
        V: Clone + Send + Sync + 'static,
    {
        let core = &self.core;
        let ttl = core.ttl(self.lives, labels, value.value.is_some());
        let stored = core.stored(&self.owner, &self.key, self.began, labels, ttl, value);
        let redeemed = self.token.redeem(&stored) || core.faults.has(Fault::IgnoreWriteToken);
        if ttl.is_some() && redeemed && stored.is_valid(core.faults) && core.config.enabled {
            // A computation that began before the write may have read what was there then.
            if !core.faults.has(Fault::LeaveFlight) {
                core.flights.ground(self.key.as_bytes());
            }
            core.insert(&self.key, stored);
            self.owner.counts.stores.bump();
            return;
        }
        if ttl.is_some() && core.config.enabled {
            self.owner.counts.refused_stores.bump();
            event::store_refused(&self.owner.name, &self.key);
        }
        self.abandon();
    }

    /// Ends it with the entry empty.
    pub(super) fn abandon(self) {
        self.core.drop_key(self.key.as_bytes());
    }
}

impl Cache {
    /// Stores `value` under `key`.
    ///
    /// Two calls that overlap, or one that overlaps with an invalidation of the key, leave
    /// it empty: which value is the newer one cannot be known.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn put<V: Clone + Send + Sync + 'static>(
        &self,
        key: &str,
        value: V,
        policy: &Policy,
    ) {
        let owner = self.core.direct_owner();
        let key = Key::new(key.as_bytes());
        let bracket = Bracket::begin(&self.core, owner, key, Lives::from(policy));
        bracket.finish(
            &Labels::from(policy),
            Value {
                value: Some(value),
                heap: 0,
            },
        );
    }
}
