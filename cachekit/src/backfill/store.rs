//! The storing of a computed or written value in L2, for all processes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease;
use crate::backfill::lease::LeaseGuard;
use crate::base::fault::{Point, removed};
use crate::base::sync::expect_no_lock;
use crate::base::trace;
use crate::coordination::background::TaskOwner;
use crate::encoding::codec::type_codec::Wire;
use crate::encoding::codec::{Codec, EncodeError};
use crate::encoding::envelope::write::{Draft, Written};
use crate::encoding::envelope::{IMPLICIT, Token, Version};
use crate::key::Key;
use crate::l2::entry_keys::{is_guarded, tag_keys};
use crate::l2::tier::SharedTier;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::lineage::{Lineage, NamedVersion};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::failure::Failure;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::message::{BusMessage, NodeId};
use crate::store::write_mark::WriteMark;

/// The result of an attempt to store a value in L2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreOutcome {
    Stored,
    /// The value was not stored, because its entry was invalidated or written after the computation
    /// began.
    Rejected,
    /// The value was not stored, because a write with a greater order has already stored its value.
    Superseded,
    /// The value was not stored, because the value is not meant for L2 or cannot be stored there.
    Skipped,
    /// L2 did not answer in time, so it is unknown if the value was stored.
    Indeterminate,
}

/// The kind of bus message by which a write makes other nodes remove the previous value from their
/// memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broadcast {
    /// The message of a write without an order. L2 stores the value of such a write only if the
    /// value is newer than every other value.
    Invalidated,
    /// The message of a write with an order (`order_by`). The order decides which of several
    /// overlapping writes keeps its value.
    Written,
}

impl Broadcast {
    /// Builds the bus message by which the node `from` tells the other nodes that their values
    /// under `names` are outdated.
    fn message(self, from: NodeId, names: Vec<StoreKey>) -> BusMessage {
        match self {
            Self::Invalidated => BusMessage::Invalidated {
                from,
                ack: None,
                mode: InvalidationMode::Hard,
                names,
            },
            Self::Written => BusMessage::WriteApplied { from, names },
        }
    }
}

/// A value to store in L2, with the right to store it.
pub(crate) struct Backfill {
    pub(crate) lease: LeaseGuard,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) options: Arc<EntryOptions>,
    pub(crate) entry_tags: EntryTags,
    /// Lineage of the values that the computation took from the cache.
    pub(crate) foreign: Lineage,
    pub(crate) ttl: Duration,
    /// The moment from which the time to live `ttl` counts.
    pub(crate) since: Instant,
    pub(crate) took: Duration,
    pub(crate) wire: Wire,
    pub(crate) stored: Arc<MemoryEntry>,
    /// The kind of bus message to other nodes, whose values in memory this value replaces. `None`
    /// for a computed value, which replaces no value.
    pub(crate) broadcast: Option<Broadcast>,
    /// The mark of the write, which Redis removes if it stores the value. `None` for a computed
    /// value.
    pub(crate) ended: Option<WriteMark>,
}

impl Backfill {
    /// Stores the value in L2 in the background. No caller waits, so storing may take longer than a
    /// call may take. If `is_owed`, the task runs even after a shutdown has begun, because the
    /// shutdown waited for the value's computation.
    pub(crate) fn spawn(self, is_owed: bool) {
        let background = Arc::clone(&self.lease.l2.background);
        let task_owner = TaskOwner::Function(Arc::clone(&self.owner));
        // A task's future is moved several times before it runs, and this one is large.
        let storing = Box::pin(async move {
            let stored = Arc::clone(&self.stored);
            let until = SharedTier::background_deadline();
            match self.run(until).await {
                // If L2 rejects the value for the other processes, this node does not keep the
                // value either.
                StoreOutcome::Rejected => stored.evict(),
                StoreOutcome::Stored => stored.stored_remotely(),
                _ => {}
            }
        });
        // A task that is not started is dropped, which releases the lease.
        if is_owed {
            background.spawn_required(task_owner, storing);
        } else {
            background.spawn_best_effort(task_owner, storing);
        }
    }

    /// Stores the value in L2, and returns the result. Waits for L2 until `until`. If L2 does not
    /// answer by that time, the removal of the entry is put into the outbox, because the entry in
    /// L2 may be outdated.
    pub(crate) async fn run(self, until: Instant) -> StoreOutcome {
        let l2 = Arc::clone(&self.lease.l2);
        let entry = self.lease.keys.entry.clone();
        let owner = Arc::clone(&self.owner);
        let key = self.key.clone();
        let (broadcast, ended) = (self.broadcast, self.ended.clone());
        let (mut fill, saved) = match self.prepare(&l2) {
            Ok(prepared) => prepared,
            Err(outcome) => return outcome,
        };
        let from = l2.bus.node;
        fill.message = broadcast.map(|it| it.message(from, vec![entry.clone()]));
        // Until L2 answers, the entry in L2 may be older than the value that this node serves.
        let removal = l2.pending_removal(vec![entry], ended.iter().cloned().collect());
        let removal = removal.of_computed(broadcast.is_none());
        fill.ended = ended;
        l2.bus.terms.faults.at(Point::BeforeFill);
        let answer = l2.store.fill(&fill, until).await;
        if matches!(answer, Ok(_) | Err(Failure::Rejected(_))) {
            drop(removal.settled());
        }
        match answer {
            Ok(Filled::Stored) => {
                l2.count_store(saved);
                let log = l2.settings.call_log;
                log.stored_in_redis(&owner.name, &key);
                StoreOutcome::Stored
            }
            Ok(Filled::Older) => StoreOutcome::Superseded,
            Ok(Filled::Fenced | Filled::Invalidated) => {
                l2.counts.refused_stores.bump();
                trace::store_refused(&owner.name, &key);
                StoreOutcome::Rejected
            }
            Err(failure) => {
                l2.count_failure(&failure);
                if matches!(failure, Failure::Rejected(_)) {
                    if fill.fencing_token.holder.is_some() {
                        lease::release(&l2, fill.fencing_token);
                    }
                    return StoreOutcome::Skipped;
                }
                StoreOutcome::Indeterminate
            }
        }
    }

    /// Builds the request that stores the value in L2. Also returns the number of bytes that
    /// compression saved. Returns `Skipped` as the error if the value is not to be stored, or
    /// cannot be.
    fn prepare(mut self, l2: &SharedTier) -> Result<(Fill, Option<usize>), StoreOutcome> {
        // The life of a value that was computed from others ends at a moment, not after a time.
        let ttl = self.ttl.saturating_sub(self.since.elapsed());
        let kept = self.options.redis_ttl.map_or(ttl, |most| most.min(ttl));
        if kept < Duration::from_millis(1) || self.options.tier == Tier::Memory {
            return Err(StoreOutcome::Skipped);
        }
        let tags: Vec<StoreKey> =
            tag_keys(&self.key, self.lease.keys.replica, &self.entry_tags).collect();
        let value_tags = tags
            .get(self.lease.keys.versions.len() - IMPLICIT..)
            .unwrap_or_default();
        if !self.foreign.versions.is_empty() {
            self.owner.set_composed();
        }
        if value_tags.is_empty() {
            self.owner.tag_prefixes.record_none();
        }
        for name in value_tags {
            self.owner.tag_prefixes.record(tag_prefix(name));
        }
        if !value_tags
            .iter()
            .all(|name| is_guarded(&self.lease.guards, name))
        {
            // This value is the first value with a tag of this prefix. The prefix is guarded from
            // now on, so later values can be stored.
            l2.counts.refused_stores.bump();
            return Err(StoreOutcome::Skipped);
        }
        expect_no_lock();
        let codec = self.options.codec.unwrap_or(l2.settings.codec);
        let mut value_tags = value_tags.to_vec();
        self.leave_out_own();
        value_tags.extend(self.foreign.unversioned.iter().map(StoreKey::of_shared));
        let written = self.write(codec, l2, kept, &tags).map_err(|why| {
            l2.count_unstorable(&self.owner, &why);
            StoreOutcome::Skipped
        })?;
        let order = self.stored.order;
        let kept = kept.saturating_add(self.options.window());
        let names = (value_tags, &self.foreign);
        let fill = self.lease.into_fill(names, written.bytes, kept);
        let fill = fill.ok_or(StoreOutcome::Skipped)?;
        Ok((Fill { order, ..fill }, written.saved))
    }

    /// Removes from `foreign` (the names from the values that the computation took) the names that
    /// the entry depends on anyway, such as its own tags.
    fn leave_out_own(&mut self) {
        let (names, grant) = (&self.lease.keys.versions, &self.lease.grant);
        let is_own = |it: &NamedVersion| {
            let mut own = names.iter().zip(&grant.versions);
            own.any(|(name, version)| name.shared() == &it.name && *version == it.version)
        };
        self.foreign.versions.retain(|it| !is_own(it));
        if removed!(self.lease.l2.bus.terms, LineageAtGrant) {
            let read_late = self.foreign.versions.drain(..).map(|it| it.name);
            self.foreign.unversioned.extend(read_late);
        }
        // The name of a key's version tells a reader where the foreign names begin.
        let is_key = |it: &NamedVersion| StoreKey::of_shared(&it.name).is_key_version();
        self.foreign.versions.sort_by_key(|it| !is_key(it));
    }

    fn write(
        &self,
        codec: Codec,
        l2: &SharedTier,
        kept: Duration,
        tags: &[StoreKey],
    ) -> Result<Written, String> {
        let foreign = self.foreign.versions.iter();
        let foreign_versions: Vec<Version> = foreign.clone().map(|it| it.version).collect();
        let own = tags.iter().map(StoreKey::as_bytes);
        let unversioned = self.foreign.unversioned.iter().map(|name| &**name);
        let foreign = foreign.map(|it| &*it.name);
        let names = own.chain(unversioned).chain(foreign);
        let tags: Vec<Box<[u8]>> = names.map(Into::into).collect();
        let mut fill = Token::random();
        if self.stored.order.is_some() {
            fill = fill.same_generation_as(self.lease.grant.token);
        }
        let draft = Draft {
            codec: codec.id(),
            fingerprint: (self.wire.fingerprint)(codec)? ^ self.owner.tags_hash,
            origin: self.lease.grant.origin,
            fill,
            grace: self.options.window(),
            life: kept,
            delta: self.took,
            versions: &self.lease.grant.versions,
            foreign_versions: &foreign_versions,
            tags: &tags,
            function: &self.owner.name,
            key: self.key.as_bytes(),
            order: self.stored.order,
            // The length of a compressed value tells what it repeats, also if it is encrypted.
            compress_above: self
                .options
                .compress_above(l2.settings.compress_above)
                .filter(|_| !self.lease.keys.is_encrypted || l2.settings.compress_encrypted),
        };
        let limit = l2.settings.max_value;
        let value = &**self.stored.shared();
        let payload = self
            .stored
            .is_present
            .then_some(|out: &mut Vec<u8>| (self.wire.encode)(codec, value, out, limit));
        draft.write(payload).map_err(|why| match why {
            EncodeError::Type(why) => why,
            EncodeError::TooLarge => format!("larger than `max_value_bytes`, {limit}"),
            EncodeError::Value => "its `Serialize` failed".to_owned(),
        })
    }
}
