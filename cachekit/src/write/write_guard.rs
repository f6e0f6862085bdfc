//! The write of one entry, from its token to the stored value in L2 and memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease;
use crate::backfill::lease::{LeaseGuard, usual_version_life};
use crate::backfill::store::{Backfill, Broadcast, StoreOutcome};
use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::base::trace;
use crate::base::trace::span::OperationSpan;
use crate::coordination::write_tokens::{Redeemed, WriteToken};
use crate::core::build_entry::Value;
use crate::core::entry_event::EntryEvent;
use crate::core::state::Core;
use crate::core::taking::Composition;
use crate::core::validity::Validity;
use crate::encoding::codec::type_codec::Fingerprint;
use crate::encoding::codec::type_codec::Wire;
use crate::key::Key;
use crate::l2::entry_keys::{Replica, guards};
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::open_writes::open_write::{OpenWrite, marks_of};
use crate::l2::removal::Removal;
use crate::l2::tier::SharedTier;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::SequenceNumber;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::lineage::{EntryLineage, Lineage};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::key_name::StoreKey;
use crate::store::port::{AcquireRequest, Acquired, TokenKind};

/// A write of one entry that has begun. The caller must finish a `WriteGuard` with a value or drop
/// it.
#[derive(Debug)]
pub(crate) struct WriteGuard {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) options: Arc<EntryOptions>,
    /// The position in this node's sequence of invalidations when the write began.
    pub(crate) began: SequenceNumber,
    pub(crate) token: WriteToken,
    /// The right to store the written value in L2. `None` if L2 granted no right: in this case, the
    /// entry in L2 is removed when the write ends.
    pub(crate) lease: Option<LeaseGuard>,
    /// Everything that the written value depends on because of the cached values that the function
    /// took. `None` if it took none.
    pub(crate) taken: Option<Composition>,
    /// The mark of the annotated write. `None` if the write has none.
    pub(crate) open: Option<OpenWrite>,
}

impl WriteGuard {
    /// Begins the write on this node, without L2.
    ///
    /// If `is_ordered`, the value that the write stores at its end must have an order.
    pub(crate) fn begin_local(
        core: &Arc<Core>,
        owner: Arc<Owner>,
        key: Key,
        options: impl Into<Arc<EntryOptions>>,
        is_ordered: bool,
    ) -> Self {
        let began = core.tags.now();
        let token = core.writes.begin(&key, is_ordered);
        Self {
            core: Arc::clone(core),
            owner,
            key,
            options: options.into(),
            began,
            token,
            lease: None,
            taken: None,
            open: None,
        }
    }

    /// Begins the write in L2 too, and keeps the right to store the value in `lease`. From this
    /// call on, a computation of the entry that already runs cannot store its value in L2.
    pub(crate) async fn begin_shared(
        &mut self,
        entry_tags: &EntryTags,
        fingerprint: Option<Fingerprint>,
    ) {
        let (owner, options) = (&self.owner, &self.options);
        if options.copies().is_some() {
            // A write stores no value in an entry with replicas.
            return;
        }
        self.core.wait_for_l2(options.tier).await;
        let replica_key = (&self.key, Replica::Only);
        let lookup = self.core.l2_lookup(
            owner,
            replica_key,
            entry_tags,
            options,
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
            version_life: usual_version_life(&self.options, self.core.config.default_ttl),
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
            // Without a lease, the entry in L2 is removed when the write ends.
            Ok(Acquired::Held(_) | Acquired::Filled) => {}
            Err(failure) => l2.count_failure(&failure),
        }
    }

    /// Ends the write and stores `value` in L2 and in memory. The entry is removed if an
    /// invalidation or another write came after this write began, or if the value is not to be
    /// stored. Among writes with an order, the value with the greatest order stays.
    ///
    /// L2 gets the value before memory does, because only L2 sees the writes of all processes.
    ///
    /// A write stores nothing in an entry with replicas, and removes all replicas. A token fences
    /// the computations of one replica only, so a written value could be older than a value that is
    /// computed into another replica.
    pub(crate) async fn finish(mut self, entry_tags: EntryTags, value: Value, wire: Option<Wire>) {
        let _span = self.span();
        let foreign = Composition::take_lineage(self.taken.as_mut());
        let right = self.lease.take().zip(wire).zip(foreign);
        let Some(AcceptedWrite {
            ttl,
            stored,
            is_older,
        }) = self.redeem(&entry_tags, value)
        else {
            let open = self.open.take();
            return self.leave_empty(open).await;
        };
        // The flight begins before L2 is asked. If the answers to two writes arrive in another
        // order, the write that asked L2 last leads the flight.
        let leads_flight = right.is_some() && !is_older && !removed!(self.core, LateFlight);
        let lead = leads_flight.then(|| self.lead(&stored)).flatten();
        let mut open = self.open.take();
        // This tidies memory in every case, also if the caller is dropped.
        let _tidy_on_drop = TidyOnDrop {
            guard: &self,
            stored: &stored,
        };
        let knows_newer = || !removed!(self.core, FillOlder) && self.is_current(&stored);
        let is_behind = is_older && (removed!(self.core, LeaveToNewer) || knows_newer());
        let outcome = match right {
            // L2 once had the value that memory has. L2 still has that value or a newer value, or
            // has lost it.
            Some(_) if is_behind => return cancel(open),
            Some(((lease, wire), foreign)) => {
                let backfill = Backfill {
                    entry_tags,
                    foreign,
                    ended: open.as_mut().map(OpenWrite::stop),
                    ..self.backfill((lease, wire), ttl, &stored)
                };
                let until = backfill.lease.l2.deadline();
                // Boxed, so that the futures of writes stay small.
                Box::pin(backfill.run(until)).await
            }
            None => StoreOutcome::Skipped,
        };
        match outcome {
            StoreOutcome::Stored => self.settle(lead, &stored),
            StoreOutcome::Superseded => {
                if !is_older {
                    self.owner.counts.superseded.bump();
                }
                cancel(open);
            }
            StoreOutcome::Indeterminate => self.store_locally(&stored, is_older),
            StoreOutcome::Skipped => {
                self.empty_store(open).await;
                self.store_locally(&stored, is_older);
            }
            StoreOutcome::Rejected => self.leave_empty(open).await,
        }
    }

    /// Returns the span of the store at the end of the write.
    fn span(&self) -> OperationSpan {
        let begin = |key: Option<&[u8]>| OperationSpan::put(&self.owner.name, key);
        self.core.span(begin, Some(self.key.as_bytes()))
    }

    /// Returns the request that stores the written value in L2, without tags, lineage and mark.
    fn backfill(
        &self,
        (lease, wire): (LeaseGuard, Wire),
        ttl: Duration,
        stored: &Arc<MemoryEntry>,
    ) -> Backfill {
        let now = Tick::now(&*self.core.clock);
        Backfill {
            took: Duration::ZERO,
            lease,
            owner: Arc::clone(&self.owner),
            key: self.key.clone(),
            options: Arc::clone(&self.options),
            entry_tags: EntryTags::default(),
            foreign: Lineage::default(),
            ttl: ttl.min(stored.freshness.end.since(now)),
            since: Instant::now(),
            wire,
            stored: Arc::clone(stored),
            broadcast: Some(match stored.order {
                Some(_) => Broadcast::Written,
                None => Broadcast::Invalidated,
            }),
            ended: None,
        }
    }

    /// Ends the write of a synchronous function, which cannot wait: stores `value` on this node,
    /// and has the entry in L2 removed in the background.
    pub(crate) fn finish_local(mut self, entry_tags: &EntryTags, value: Value) {
        let _span = self.span();
        let open = self.open.take();
        let Some(accepted) = self.redeem(entry_tags, value) else {
            let targets = InvalidationTargets::key(self.key.as_bytes());
            drop(self.core.invalidate_uncounted(targets).ending(open));
            return;
        };
        if let Some(l2) = self.notified_tier() {
            // The removal of the entry removes its replicas too, if it has any.
            let entry = StoreKey::entry(&self.key);
            l2.queue(vec![entry], marks_of(open));
        }
        self.store_locally(&accepted.stored, accepted.is_older);
        self.tidy(&accepted.stored);
    }

    /// Presents the write's token, and makes the entry for `value`. Returns `None` if the value may
    /// not be stored anywhere: the token is fenced, the entry was invalidated meanwhile or has
    /// replicas, or the cache keeps no such value.
    fn redeem(&self, entry_tags: &EntryTags, value: Value) -> Option<AcceptedWrite> {
        let core = &self.core;
        let is_enabled = core.config.enabled && self.options.is_enabled;
        if !is_enabled || self.options.copies().is_some() {
            return None;
        }
        let ttl = core.ttl(&self.options, entry_tags, value.is_present)?;
        let mut validity = Validity::new(self.began, core.epochs(&self.owner, entry_tags));
        if self.options.tier == Tier::Memory {
            // A written value is not computed again to find its versions.
            validity.lineage = EntryLineage::Unknowable;
        }
        if let Some(taken) = &self.taken {
            if !core.may_keep(taken) {
                return None;
            }
            validity.end = taken.end;
            validity.epochs.extend(taken.epochs.iter().cloned());
        }
        let (owner, key, options) = (&self.owner, &self.key, &*self.options);
        let stored = core.build_entry(owner, key, validity, options, Some(ttl.into()), value);
        let known = stored.order.and_then(|_| self.in_memory()?.order);
        let mut redeemed = self.token.redeem(&stored, known);
        if redeemed == Redeemed::Fenced && removed!(core, IgnoreWriteToken) {
            redeemed = Redeemed::Newest;
        }
        if redeemed == Redeemed::Fenced || !stored.is_valid() {
            core.count_event(EntryEvent::Refuses, owner, key);
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

    /// Removes the entry on this node and from L2, and waits until L2 has accepted the removal. L2
    /// removes the mark `open` after the entry.
    async fn leave_empty(&self, open: Option<OpenWrite>) {
        self.core
            .invalidate_uncounted(InvalidationTargets::key(self.key.as_bytes()))
            .ending(open)
            .accepted()
            .await;
    }

    /// Removes the entry from L2 and from the memory of other nodes, and then removes the mark
    /// `open`. Memory on this node does not change.
    async fn empty_store(&self, open: Option<OpenWrite>) {
        if let Some(l2) = self.notified_tier() {
            let removal = Removal {
                names: vec![StoreKey::entry(&self.key)],
                mode: InvalidationMode::Hard,
                ended: marks_of(open),
            };
            l2.invalidate(removal, l2.deadline()).await;
        }
    }

    /// Returns the shared tier (L2), which notifies other nodes of the write. The memory of other
    /// nodes may have the previous value, whichever tier the entry is stored in. Returns `None`
    /// without Redis.
    fn notified_tier(&self) -> Option<&Arc<SharedTier>> {
        let is_unnotified = self.options.tier == Tier::Memory && removed!(self.core, WriteUntold);
        self.core.l2.as_ref().filter(|_| !is_unnotified)
    }
}

/// Removes the mark of a write whose entry has a newer value.
fn cancel(open: Option<OpenWrite>) {
    if let Some(open) = open {
        open.cancel();
    }
}

/// A guard that removes an outdated entry from memory when a write ends or is dropped.
struct TidyOnDrop<'a> {
    guard: &'a WriteGuard,
    stored: &'a Arc<MemoryEntry>,
}

impl Drop for TidyOnDrop<'_> {
    fn drop(&mut self) {
        self.guard.tidy(self.stored);
    }
}

/// An entry that a write may store, because neither an invalidation nor another write fenced its
/// token.
struct AcceptedWrite {
    ttl: Duration,
    stored: Arc<MemoryEntry>,
    /// `true` if memory has the value of a write with a greater order, or had it a moment ago.
    is_older: bool,
}
