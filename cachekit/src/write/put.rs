//! Stores of a value that the caller supplies, instead of a cached call.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease;
use crate::backfill::lease::{LeaseGuard, version_life};
use crate::backfill::store::{Backfill, Broadcast, StoreOutcome};
use crate::base::clock::Tick;
use crate::base::fault::Fault;
use crate::base::trace;
use crate::coordination::single_flight::Entered;
use crate::coordination::single_flight::table::{Flight, Leadership};
use crate::coordination::single_flight::waiter::Leader;
use crate::coordination::write_tokens::{Redeemed, WriteToken};
use crate::core::build_entry::Value;
use crate::core::outcome::Outcome;
use crate::core::state::{Cache, Core};
use crate::encoding::codec::cacheable::Cacheable;
use crate::encoding::codec::type_codec::Fingerprint;
use crate::encoding::codec::type_codec::Wire;
use crate::key::Key;
use crate::l2::entry_keys::{Replica, guards};
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::tier::SharedTier;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::SequenceNumber;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::owner::Owner;
use crate::model::policy::Policy;
use crate::model::tags::EntryTags;
use crate::return_type::shape::{Plain, ReturnOps};
use crate::store::key_name::StoreKey;
use crate::store::port::{AcquireRequest, Acquired, TokenKind};

/// A write of one entry that has begun.
#[derive(Debug)]
pub(crate) struct WriteGuard {
    core: Arc<Core>,
    owner: Arc<Owner>,
    key: Key,
    options: EntryOptions,
    /// Sequence number at the start of the write, among this node's invalidations.
    began: SequenceNumber,
    token: WriteToken,
    /// The right to store for all processes. Without it, the entry in L2 is removed.
    lease: Option<LeaseGuard>,
}

impl WriteGuard {
    /// Begins the write on this node alone.
    ///
    /// With `is_ordered`, the value to be stored must have an order.
    pub(crate) fn begin_local(
        core: &Arc<Core>,
        owner: Arc<Owner>,
        key: Key,
        options: EntryOptions,
        is_ordered: bool,
    ) -> Self {
        let began = core.tags.now();
        let token = core.writes.begin(&key, is_ordered);
        Self {
            core: Arc::clone(core),
            owner,
            key,
            options,
            began,
            token,
            lease: None,
        }
    }

    /// Begins the write in L2 too: a computation of the entry that runs now can no longer store
    /// there.
    pub(crate) async fn begin_shared(
        &mut self,
        entry_tags: &EntryTags,
        fingerprint: Option<Fingerprint>,
    ) {
        let (owner, options) = (&self.owner, self.options);
        if options.copies().is_some() {
            // Nothing will be stored.
            return;
        }
        let replica_key = (&self.key, Replica::Only);
        let lookup = self.core.l2_lookup(
            owner,
            replica_key,
            entry_tags,
            &options,
            fingerprint,
            self.began,
        );
        let Some(lookup) = lookup else { return };
        let guards = guards(&self.owner);
        let request = AcquireRequest {
            holder: None,
            lease_times: lease::lease_times(
                self.options
                    .lock_timeout
                    .unwrap_or(self.core.config.lock_timeout),
            ),
            rejected_token: None,
            ends_rejected: false,
            force: true,
            token: if self.token.is_ordered {
                TokenKind::SameGeneration
            } else {
                TokenKind::New
            },
            any_origin: lookup.l2.accepts_any_origin(),
            guards: guards.clone(),
            version_life: version_life(self.options.ttl.unwrap_or(self.core.config.default_ttl)),
        };
        let l2 = lookup.l2;
        let query = lookup.keys.query(&self.owner);
        match l2.store.acquire(query, &request, l2.deadline()).await {
            Ok(Acquired::Granted(grant)) => {
                self.lease = Some(LeaseGuard::new(
                    l2,
                    lookup.keys.clone(),
                    guards,
                    grant,
                    None,
                ));
            }
            // Without a lease, the entry is removed when the write ends.
            Ok(Acquired::Held(_) | Acquired::Filled) => {}
            Err(failure) => l2.count_failure(&failure),
        }
    }

    /// Ends the write and stores `value`. The entry is left empty if an invalidation or another
    /// write came in between, or if the value is not to be stored. Among writes with an order, the
    /// one with the greatest order stays.
    ///
    /// L2 gets the value before memory does, because all writes meet only there.
    ///
    /// Nothing is stored in an entry with replicas, and all of them are left empty. A token fences
    /// the computations of one replica only, so a value that a write stored there could be older
    /// than one that is computed into another replica.
    pub(crate) async fn finish(mut self, entry_tags: EntryTags, value: Value, wire: Option<Wire>) {
        let right = self.lease.take().zip(wire);
        let Some(AcceptedWrite {
            ttl,
            stored,
            is_older,
        }) = self.redeem(&entry_tags, value)
        else {
            return self.leave_empty().await;
        };
        // Before L2 is asked: if the answers of two writes cross, the write that asked last has the
        // flight.
        let leads_flight = right.is_some() && !is_older && !self.core.faults.has(Fault::LateFlight);
        let lead = leads_flight.then(|| self.lead(&stored)).flatten();
        // Tidies up in every case, also if the caller is dropped.
        let _tidy_on_drop = TidyOnDrop {
            guard: &self,
            stored: &stored,
        };
        let faults = self.core.faults;
        let is_behind = is_older && !faults.has(Fault::FillOlder) && self.is_current(&stored);
        let outcome = match right {
            // L2 had what memory has: it still has that or a newer value, or lost it.
            Some(_) if is_behind => return,
            Some(_) if is_older && faults.has(Fault::LeaveToNewer) => return,
            Some((lease, wire)) => {
                let backfill = Backfill {
                    took: Duration::ZERO,
                    lease,
                    owner: Arc::clone(&self.owner),
                    key: self.key.clone(),
                    options: self.options,
                    entry_tags,
                    ttl,
                    wire,
                    stored: Arc::clone(&stored),
                    broadcast: Some(match stored.order {
                        Some(_) => Broadcast::Written,
                        None => Broadcast::Invalidated,
                    }),
                };
                let until = backfill.lease.l2.deadline();
                backfill.run(until).await
            }
            None => StoreOutcome::Skipped,
        };
        match outcome {
            StoreOutcome::Stored => self.settle(lead, &stored),
            StoreOutcome::Superseded if is_older => {}
            StoreOutcome::Superseded => self.owner.counts.superseded.bump(),
            StoreOutcome::Indeterminate => self.store_locally(&stored, is_older),
            StoreOutcome::Skipped => {
                self.empty_store().await;
                self.store_locally(&stored, is_older);
            }
            StoreOutcome::Rejected => self.leave_empty().await,
        }
    }

    /// Ends the write where nothing can wait: stores `value` on this node, and has the entry in L2
    /// removed in the background.
    pub(crate) fn finish_local(self, entry_tags: &EntryTags, value: Value) {
        let Some(accepted) = self.redeem(entry_tags, value) else {
            drop(
                self.core
                    .invalidate_uncounted(InvalidationTargets::key(self.key.as_bytes())),
            );
            return;
        };
        if let Some(l2) = self.notified_tier() {
            // This removes its replicas too, if there are any.
            l2.bus.outbox.add([StoreKey::entry(&self.key)]);
        }
        self.store_locally(&accepted.stored, accepted.is_older);
        self.tidy(&accepted.stored);
    }

    /// Redeems the write's token. Returns the entry for `value`, if it may be stored at all.
    fn redeem(&self, entry_tags: &EntryTags, value: Value) -> Option<AcceptedWrite> {
        let core = &self.core;
        if !core.config.enabled || self.options.copies().is_some() {
            return None;
        }
        let ttl = core.ttl(self.options, entry_tags, value.is_present)?;
        let (owner, key, options) = (&self.owner, &self.key, self.options);
        let stored = core.build_entry(
            owner,
            key,
            self.began,
            core.epochs(owner, entry_tags),
            options,
            Some(ttl.into()),
            value,
        );
        let known = stored.order.and_then(|_| self.in_memory()?.order);
        let mut redeemed = self.token.redeem(&stored, known, core.faults);
        if redeemed == Redeemed::Fenced && core.faults.has(Fault::IgnoreWriteToken) {
            redeemed = Redeemed::Newest;
        }
        if redeemed == Redeemed::Fenced || !stored.is_valid(core.faults) {
            owner.counts.refused_stores.bump();
            trace::store_refused(&owner.name, key);
            return None;
        }
        let is_older = redeemed == Redeemed::Older;
        if is_older {
            owner.counts.superseded.bump();
        }
        Some(AcceptedWrite {
            ttl,
            stored,
            is_older,
        })
    }

    /// Leads a flight in which `stored` reaches memory. The flight that was there is replaced: its
    /// computation may have read the value from before the write.
    fn lead(&self, stored: &MemoryEntry) -> Option<Leader<Outcome>> {
        let core = &self.core;
        let leadership = || Leadership {
            number: stored.began,
            start: Instant::now(),
            computes: false,
        };
        let joins = |_: &Flight<Outcome>| core.faults.has(Fault::LeaveFlight);
        match core.flights.enter(
            (&self.key, self.owner.id),
            &stored.epochs,
            leadership,
            joins,
        ) {
            Entered::Leader(lead) => Some(lead),
            Entered::Wait(_) => None,
        }
    }

    /// Ends the write after L2 stored the value. Memory gets it too if the flight is still in the
    /// table: whatever removed the flight knows of a newer value.
    fn settle(&self, lead: Option<Leader<Outcome>>, stored: &Arc<MemoryEntry>) {
        let faults = self.core.faults;
        self.owner.counts.stores.bump();
        let late_lead = || faults.has(Fault::LateFlight).then(|| self.lead(stored));
        let Some(lead) = lead.or_else(|| late_lead().flatten()) else {
            return;
        };
        let insert = || {
            if self.options.tier != Tier::Redis && stored.is_valid(faults) {
                self.core.insert(&self.key, Arc::clone(stored));
            }
        };
        if !lead.settle(Outcome::Value(Arc::clone(stored)), insert)
            && faults.has(Fault::InsertGrounded)
        {
            insert();
        }
    }

    /// Stores the value on this node alone, after L2 was notified that its entry is void. Skips a
    /// value if another node may have a newer one, which for writes with an order only L2 knows.
    fn store_locally(&self, stored: &Arc<MemoryEntry>, is_older: bool) {
        let core = &self.core;
        let may_store =
            core.l2.is_none() || self.options.tier == Tier::Memory || stored.order.is_none();
        if is_older || !may_store {
            return;
        }
        // A computation that began before the write may have read the value from before it.
        if !core.faults.has(Fault::LeaveFlight) {
            core.flights.retire(self.key.as_bytes());
        }
        if self.options.tier != Tier::Redis {
            self.insert(stored);
        }
        self.owner.counts.stores.bump();
    }

    /// Puts `stored` into memory.
    fn insert(&self, stored: &Arc<MemoryEntry>) {
        let mut inserted = Arc::clone(stored);
        self.core.insert(&self.key, Arc::clone(&inserted));
        // Another write may have inserted meanwhile, and be overwritten now.
        while let Some(latest) = self.token.pending_entry()
            && self.token.is_ordered
            && !Arc::ptr_eq(&latest, &inserted)
        {
            inserted = latest;
            self.core.insert(&self.key, Arc::clone(&inserted));
        }
    }

    /// Removes the key from memory, unless memory has `stored` or a newer value by its order:
    /// anything else there is older.
    fn tidy(&self, stored: &Arc<MemoryEntry>) {
        if self.options.tier == Tier::Redis || self.core.faults.has(Fault::LeaveReplaced) {
            return;
        }
        if !self.is_current(stored) {
            self.core.evict_key(self.key.as_bytes());
        }
    }

    /// Returns `true` if memory has `stored`, or a newer value by its order.
    fn is_current(&self, stored: &Arc<MemoryEntry>) -> bool {
        self.in_memory().is_some_and(|there| match stored.order {
            Some(_) => there.order >= stored.order,
            None => Arc::ptr_eq(&there, stored),
        })
    }

    /// Returns the entry that memory has under the key, if it may be served.
    fn in_memory(&self) -> Option<Arc<MemoryEntry>> {
        let core = &self.core;
        let now = Tick::now(&*core.clock);
        let there = core.memory.get(self.key.as_bytes())?;
        there
            .may_serve(self.owner.id, now, core.faults)
            .then_some(there)
    }

    /// Ends the write with the entry empty, on this node and in L2.
    async fn leave_empty(&self) {
        self.core
            .invalidate_uncounted(InvalidationTargets::key(self.key.as_bytes()))
            .accepted()
            .await;
    }

    /// Removes the entry from L2 and from the memory of other nodes; this node keeps its value.
    async fn empty_store(&self) {
        if let Some(l2) = self.notified_tier() {
            let entry = StoreKey::entry(&self.key);
            l2.invalidate(vec![entry], InvalidationMode::Hard).await;
        }
    }

    /// Returns the tier that notifies other nodes of the write. Whichever tier the entry lives in,
    /// they may have the value from before.
    fn notified_tier(&self) -> Option<&Arc<SharedTier>> {
        let is_unnotified =
            self.options.tier == Tier::Memory && self.core.faults.has(Fault::WriteUntold);
        self.core.l2.as_ref().filter(|_| !is_unnotified)
    }
}

/// Tidies memory when a write ends or is dropped.
struct TidyOnDrop<'a> {
    guard: &'a WriteGuard,
    stored: &'a Arc<MemoryEntry>,
}

impl Drop for TidyOnDrop<'_> {
    fn drop(&mut self) {
        self.guard.tidy(self.stored);
    }
}

/// An entry that may be stored.
struct AcceptedWrite {
    ttl: Duration,
    stored: Arc<MemoryEntry>,
    /// `true` if memory has, or had a moment ago, the value of a write with a greater order.
    is_older: bool,
}

impl Cache {
    /// Stores `value` under `key`, with the life and the tags of `policy`.
    ///
    /// If two calls overlap, or a call overlaps with an invalidation of the key, the entry is left
    /// empty, because the cache cannot tell which value is newer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled once, the entry is left empty.
    pub async fn put<V: Cacheable>(&self, key: &str, value: V, policy: &Policy) {
        let owner = self.core.direct_owner();
        let key = Key::new(key.as_bytes());
        let entry_tags = EntryTags::from(policy);
        put(
            &self.core,
            owner,
            key,
            EntryOptions::from(policy),
            entry_tags,
            value,
        )
        .await;
    }
}

/// Stores `value`, whose tags are all known.
pub(crate) async fn put<V: Cacheable>(
    core: &Arc<Core>,
    owner: Arc<Owner>,
    key: Key,
    options: EntryOptions,
    entry_tags: EntryTags,
    value: V,
) {
    let wire = V::__wire();
    let remove_on_drop = RemoveOnDrop::new(core, &key);
    let mut guard = WriteGuard::begin_local(core, owner, key, options, false);
    guard
        .begin_shared(&entry_tags, wire.map(|wire| wire.fingerprint))
        .await;
    let heap = core.heap(|| ReturnOps::<Plain<V>>::direct().weigh(&value));
    let value = Value {
        content: Arc::new(Some(value)),
        is_present: true,
        size: size_of::<Option<V>>(),
        heap,
        order: None,
        took: Duration::ZERO,
    };
    guard.finish(entry_tags, value, wire).await;
    remove_on_drop.disarm();
}

/// A write that is under way. If it is dropped before it is done, the entry is left empty: a value
/// there is older than the one that the caller was about to store.
pub(crate) struct RemoveOnDrop {
    core: Arc<Core>,
    key: Option<Key>,
}

impl RemoveOnDrop {
    pub(crate) fn new(core: &Arc<Core>, key: &Key) -> Self {
        Self {
            core: Arc::clone(core),
            key: Some(key.clone()),
        }
    }

    pub(crate) fn disarm(mut self) {
        self.key = None;
    }
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            drop(
                self.core
                    .invalidate_uncounted(InvalidationTargets::key(key.as_bytes())),
            );
        }
    }
}
