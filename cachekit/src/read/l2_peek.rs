//! Look-ups in L2 that never compute, for `get` and `ttl`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::validate::Validated;
use crate::coordination::single_flight::table::Leadership;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::encoding::codec::type_codec::Fingerprint;
use crate::key::Key;
use crate::l2::entry_keys::Replica;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::SequenceNumber;
use crate::model::miss_cause::CurrentCause;
use crate::model::owner::Owner;
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::return_type::erased_ops::ValueOps;

/// A value found by a look-up in L2 that never computes.
pub(crate) struct L2Hit {
    pub(crate) stored: Arc<MemoryEntry>,
    /// `true` if the value comes from L2. `false` if the value comes from memory, because L2 could
    /// not be asked.
    pub(crate) is_from_l2: bool,
}

impl L2Hit {
    /// Returns the tier that the value comes from.
    pub(crate) fn tier(&self) -> SourceTier {
        if self.is_from_l2 {
            SourceTier::Redis
        } else {
            SourceTier::Memory
        }
    }
}

impl Core {
    /// Looks up an entry in L2 after memory had no entry, and puts a fresh value into memory too.
    /// Never computes. If L2 fails, returns the value in memory if the setting `on_disconnect` (the
    /// rule for a node without connection to Redis) allows it.
    ///
    /// `cause` is the cause of the miss in memory. If L2 knows the cause more exactly, `cause`
    /// becomes the cause from L2.
    pub(crate) async fn peek_l2(
        &self,
        (owner, key): (&Arc<Owner>, &Key),
        entry_tags: &EntryTags,
        options: &EntryOptions,
        ops: &ValueOps,
        cause: &CurrentCause,
    ) -> Option<L2Hit> {
        let wire = ops
            .wire
            .filter(|_| self.config.enabled && options.is_enabled)?;
        self.wait_for_l2(options.tier).await;
        let began = self.tags.now();
        let replica_key = (key, Replica::pick(options, &self.random));
        let lookup = self.l2_lookup(
            owner,
            replica_key,
            entry_tags,
            options,
            Some(wire.fingerprint),
            began,
        );
        let Some(lookup) = lookup else {
            if self.l2.is_some() && options.tier != Tier::Memory {
                cause.set(cause.get().without_redis());
            }
            return None;
        };
        let _in_flight = lookup.l2.in_flight_guard();
        let surroundings = self.surroundings();
        let lead = self.lead_lookup(owner, key, entry_tags, began);
        let answer = async {
            let start = lookup.started(lookup.l2.deadline());
            let found = lookup.read(surroundings.is_recorded(), start.until).await?;
            lookup.validate(ops, &found, start).await
        };
        match answer.await {
            Ok(Validated::Fresh(stored, _)) => {
                if let Some(lead) = lead {
                    let keep = options.tier != Tier::Redis && stored.is_valid();
                    lead.settle(Outcome::Value(Arc::clone(&stored)), || {
                        if keep {
                            self.replace(key, Arc::clone(&stored));
                        }
                    });
                }
                Some(L2Hit {
                    stored,
                    is_from_l2: true,
                })
            }
            Ok(Validated::Stale(..) | Validated::Rejected(_)) => {
                cause.set(cause.get().in_redis(lookup.cause.get()));
                None
            }
            Err(failure) => {
                cause.set(cause.get().without_redis());
                lookup.l2.count_failure(&failure);
                let stored = self.peek_unconfirmed(key, owner.id)?;
                Some(L2Hit {
                    stored,
                    is_from_l2: false,
                })
            }
        }
    }

    /// Begins a flight for a look-up in L2, so that an invalidation or a write of the key during
    /// that look-up keeps the value out of memory. Returns `None` if the key already has a flight,
    /// of any function. That flight continues, and the look-up stores no value in memory.
    pub(crate) fn lead_lookup(
        &self,
        owner: &Arc<Owner>,
        key: &Key,
        entry_tags: &EntryTags,
        began: SequenceNumber,
    ) -> Option<Leader<Outcome>> {
        let epochs = self.epochs(owner, entry_tags);
        let leadership = Leadership {
            number: began,
            start: Instant::now(),
            computes: false,
            refresh_scope: 0,
        };
        self.flights
            .lead_if_none((key, owner.id), &epochs, leadership)
    }

    /// Returns the remaining life of the entry in L2. Returns `None` if L2 has no usable entry or
    /// fails.
    pub(crate) async fn l2_ttl(
        &self,
        owner: &Arc<Owner>,
        key: &Key,
        entry_tags: &EntryTags,
        options: &EntryOptions,
        fingerprint: Option<Fingerprint>,
    ) -> Option<Duration> {
        self.wait_for_l2(options.tier).await;
        let began = self.tags.now();
        let replica_key = (key, Replica::pick(options, &self.random));
        let lookup = self.l2_lookup(owner, replica_key, entry_tags, options, fingerprint, began)?;
        let start = lookup.started(lookup.l2.deadline());
        let found = lookup
            .l2
            .store
            .read(lookup.keys.query(owner), start.until)
            .await;
        match found {
            Ok(found) => lookup.life(&found, start).await.ok().flatten(),
            Err(failure) => {
                lookup.l2.count_failure(&failure);
                None
            }
        }
    }
}
