//! What the memory tier holds: a value with all that decides whether it may be served.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Tick;
use crate::base::fault::guard;
use crate::model::deferred_drop::{AnyShared, DeferredDrop};
use crate::model::epoch::{Epochs, SequenceNumber, bump_revision};
use crate::model::freshness::Freshness;
use crate::model::idle_expiry::Idle;
use crate::model::owner::{Owner, OwnerId};

/// In the place of a value: what the function failed with. It is of no function's type, so whoever
/// asks for a value has none.
pub(crate) struct CachedError(pub(crate) AnyShared);

/// Nothing ended the entry.
const LIVE: u64 = u64::MAX;
/// It may not be served at all. Less than any time, so that it stays.
const EVICTED: u64 = 0;

/// An entry. Its `value` is an `Option<V>`: `None` is a remembered absence.
pub(crate) struct MemoryEntry {
    pub(crate) owner: Arc<Owner>,
    /// When the computation began that made the value.
    pub(crate) began: SequenceNumber,
    /// The tags' epochs, the owner's and the cache's.
    pub(crate) epochs: Epochs,
    pub(crate) deadline: Tick,
    /// How long it is good, and for what.
    pub(crate) freshness: Freshness,
    /// How long it may go unused, if not for ever.
    idle: Option<Box<Idle>>,
    /// It lives in this process only: nobody else can be asked for it.
    pub(crate) local: bool,
    /// Bytes that it counts for in a cache bounded by bytes, its key included.
    pub(crate) weight: u32,
    /// One more than when its fresh life ended before its time, in nanoseconds of the clock,
    /// by a soft invalidation; [`EVICTED`]: by a hard one that came between its check and its
    /// insertion.
    expired_at: AtomicU64,
    /// Of the write that made it, if that can be told from newer ones.
    pub(crate) order: Option<u64>,
    /// Whether it is a value, and no absence.
    pub(crate) is_present: bool,
    /// By itself, so that who has the value need not have the entry.
    value: DeferredDrop,
}

impl MemoryEntry {
    pub(crate) fn new(
        owner: Arc<Owner>,
        began: SequenceNumber,
        epochs: Epochs,
        (deadline, freshness, idle): (Tick, Freshness, Option<Idle>),
        local: bool,
        weight: u32,
        (value, is_present, order): (AnyShared, bool, Option<u64>),
    ) -> Arc<Self> {
        let expired_at = AtomicU64::new(LIVE);
        let value = DeferredDrop::new(value);
        Arc::new(Self {
            owner,
            began,
            epochs,
            deadline,
            freshness,
            idle: idle.map(Box::new),
            local,
            weight,
            expired_at,
            order,
            is_present,
            value,
        })
    }

    /// Whether it may be served to `reader` at `now`.
    pub(crate) fn may_serve(&self, reader: OwnerId, now: Tick) -> bool {
        self.owner.id == reader && now < self.deadline && self.is_in_use(now) && self.is_valid()
    }

    /// Whether it may be served to `reader` at `now` although its life is over, while it is
    /// computed again. Where memory may keep it less long than others, they have a newer one.
    pub(crate) fn may_serve_stale(&self, reader: OwnerId, now: Tick) -> bool {
        let freshness = self.freshness_now();
        self.owner.id == reader
            && freshness.is_stale(now)
            && freshness.end <= self.deadline
            && self.is_in_use(now)
            && self.is_valid_stale()
    }

    /// Whether it is not one that nobody used for too long.
    pub(crate) fn is_in_use(&self, now: Tick) -> bool {
        self.idle.as_ref().is_none_or(|idle| !idle.is_over(now))
    }

    /// It is used `now`.
    pub(crate) fn record_use(&self, now: Tick) {
        if let Some(idle) = &self.idle {
            idle.note(now);
        }
    }

    /// Until then a hit has nothing to find out and nothing to note.
    pub(crate) fn quiet_until(&self) -> Tick {
        let until = self.deadline.min(self.freshness.early_from());
        match &self.idle {
            None => until,
            Some(idle) => until.min(idle.quiet_until()),
        }
    }

    /// What the function failed with, if it is that which is remembered.
    pub(crate) fn cached_error(&self) -> Option<&AnyShared> {
        let failure = self.shared().downcast_ref::<CachedError>()?;
        Some(&failure.0)
    }

    /// Whether nothing but soft invalidations came since it began, for one that is served
    /// instead of a new one.
    pub(crate) fn is_valid_stale(&self) -> bool {
        guard!(self.owner, ServeInvalidated: !self.is_removed())
    }

    /// Whether no tier can have it any more: its life is over, or a hard invalidation came.
    pub(crate) fn is_gone(&self, now: Tick) -> bool {
        now >= self.freshness.end || self.is_removed()
    }

    /// Whether nothing invalidated it, not even softly.
    pub(crate) fn is_valid(&self) -> bool {
        guard!(self.owner, IgnoreEpochs: self.epochs.unchanged_since(self.began))
            && guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) == LIVE)
    }

    fn is_removed(&self) -> bool {
        !guard!(self.owner, IgnoreEpochs: self.epochs.only_softly_changed_since(self.began))
            || !guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) != EVICTED)
    }

    /// How long it is good, as a soft invalidation may have left it.
    pub(crate) fn freshness_now(&self) -> Freshness {
        if let Some(at) = self.epochs.soft_invalidated_since(self.began) {
            // Kept: another one later does not have it served for longer.
            self.expire(at);
        }
        match self.expired_at.load(Ordering::Acquire) {
            LIVE => self.freshness,
            expired_at => self
                .freshness
                .ended_at(Tick::from_nanos(expired_at.saturating_sub(1))),
        }
    }

    /// Takes it out of use wherever it is, or is about to be inserted.
    pub(crate) fn evict(&self) {
        self.expired_at.store(EVICTED, Ordering::Release);
        bump_revision();
    }

    /// Ends its fresh life at `now`, if it did not end before.
    pub(crate) fn expire(&self, now: Tick) {
        let expired_at = now.nanos().saturating_add(1);
        if expired_at < self.expired_at.fetch_min(expired_at, Ordering::AcqRel) {
            bump_revision();
        }
    }

    /// What it holds, an `Option<V>`, of one that nobody else has.
    pub(crate) fn into_shared(self) -> AnyShared {
        self.value.into_shared()
    }

    /// What it holds: an `Option<V>`.
    pub(crate) fn shared(&self) -> &AnyShared {
        self.value.shared()
    }
}

impl fmt::Debug for MemoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the value: it may be anything, a secret too.
        f.debug_struct("Stored")
            .field("owner", &self.owner.name)
            .field("began", &self.began)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
