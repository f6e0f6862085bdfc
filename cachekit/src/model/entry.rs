//! Entries of the memory tier (L1): a value, and everything that decides if it may be served.

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

/// Content of an entry that remembers an error in place of a value. It has no function's type, so a
/// reader that expects a value finds none.
pub(crate) struct CachedError(pub(crate) AnyShared);

/// Nothing has ended the entry.
const LIVE: u64 = u64::MAX;
/// The entry may not be served at all. Less than any time, so that `fetch_min` keeps it.
const EVICTED: u64 = 0;

/// An entry. Its `value` is an `Option<V>`: `None` is a remembered absence.
pub(crate) struct MemoryEntry {
    pub(crate) owner: Arc<Owner>,
    /// Position at which the computation of the value began.
    pub(crate) began: SequenceNumber,
    /// Epochs of the tags, the owner and the cache.
    pub(crate) epochs: Epochs,
    pub(crate) deadline: Tick,
    /// End of the entry's life, and the windows after it.
    pub(crate) freshness: Freshness,
    /// Time that it may go unused, if that is bounded.
    idle: Option<Box<Idle>>,
    /// `true` if the entry is in this process only, so that no other tier can have it.
    pub(crate) local: bool,
    /// Bytes that it counts for in a cache bounded by bytes, its key included.
    pub(crate) weight: u32,
    /// Time at which a soft invalidation ended its fresh life early, in nanoseconds of the clock
    /// plus one; [`EVICTED`] if a hard one came between its check and its insertion; else [`LIVE`].
    expired_at: AtomicU64,
    /// Order of the write that made it, if that write has one (`order_by`).
    pub(crate) order: Option<u64>,
    /// `true` if it holds a value, `false` if it holds an absence.
    pub(crate) is_present: bool,
    /// Shared separately, so that a holder of the value need not hold the entry.
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

    /// Returns `true` if `reader` may be served this entry at `now`.
    pub(crate) fn may_serve(&self, reader: OwnerId, now: Tick) -> bool {
        self.owner.id == reader && now < self.deadline && self.is_in_use(now) && self.is_valid()
    }

    /// Returns `true` if `reader` may be served this expired entry at `now`, while it is
    /// recomputed. Where memory keeps entries for a shorter time than other tiers (`memory_ttl`),
    /// those have a newer one, so it may not.
    pub(crate) fn may_serve_stale(&self, reader: OwnerId, now: Tick) -> bool {
        let freshness = self.freshness_now();
        self.owner.id == reader
            && freshness.is_stale(now)
            && freshness.end <= self.deadline
            && self.is_in_use(now)
            && self.is_valid_stale()
    }

    /// Returns `true` unless the entry was idle for too long.
    pub(crate) fn is_in_use(&self, now: Tick) -> bool {
        self.idle.as_ref().is_none_or(|idle| !idle.is_over(now))
    }

    /// Records a use at `now`.
    pub(crate) fn record_use(&self, now: Tick) {
        if let Some(idle) = &self.idle {
            idle.note(now);
        }
    }

    /// Returns the time until which a hit has nothing to check and nothing to record.
    pub(crate) fn quiet_until(&self) -> Tick {
        let until = self.deadline.min(self.freshness.early_from());
        match &self.idle {
            None => until,
            Some(idle) => until.min(idle.quiet_until()),
        }
    }

    /// Returns the remembered error, if the entry holds one.
    pub(crate) fn cached_error(&self) -> Option<&AnyShared> {
        let failure = self.shared().downcast_ref::<CachedError>()?;
        Some(&failure.0)
    }

    /// Returns `true` if only soft invalidations came since the computation began, so that the
    /// entry may be served in place of a new one.
    pub(crate) fn is_valid_stale(&self) -> bool {
        guard!(self.owner, ServeInvalidated: !self.is_removed())
    }

    /// Returns `true` if no tier can have the entry: its life is over, or a hard invalidation came.
    pub(crate) fn is_gone(&self, now: Tick) -> bool {
        now >= self.freshness.end || self.is_removed()
    }

    /// Returns `true` if no invalidation came, not even a soft one.
    pub(crate) fn is_valid(&self) -> bool {
        guard!(self.owner, IgnoreEpochs: self.epochs.unchanged_since(self.began))
            && guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) == LIVE)
    }

    fn is_removed(&self) -> bool {
        !guard!(self.owner, IgnoreEpochs: self.epochs.only_softly_changed_since(self.began))
            || !guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) != EVICTED)
    }

    /// Returns the freshness, shortened by a soft invalidation if one came.
    pub(crate) fn freshness_now(&self) -> Freshness {
        if let Some(at) = self.epochs.soft_invalidated_since(self.began) {
            // Stored: a later soft invalidation does not extend the window.
            self.expire(at);
        }
        match self.expired_at.load(Ordering::Acquire) {
            LIVE => self.freshness,
            expired_at => self
                .freshness
                .ended_at(Tick::from_nanos(expired_at.saturating_sub(1))),
        }
    }

    /// Makes the entry unusable, wherever it is or is about to be inserted.
    pub(crate) fn evict(&self) {
        self.expired_at.store(EVICTED, Ordering::Release);
        bump_revision();
    }

    /// Ends the fresh life at `now`, unless it ended earlier.
    pub(crate) fn expire(&self, now: Tick) {
        let expired_at = now.nanos().saturating_add(1);
        if expired_at < self.expired_at.fetch_min(expired_at, Ordering::AcqRel) {
            bump_revision();
        }
    }

    /// Returns the value, an `Option<V>`, of an entry that nobody shares.
    pub(crate) fn into_shared(self) -> AnyShared {
        self.value.into_shared()
    }

    /// Returns the value: an `Option<V>`.
    pub(crate) fn shared(&self) -> &AnyShared {
        self.value.shared()
    }
}

impl fmt::Debug for MemoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the value: it may be a secret.
        f.debug_struct("Stored")
            .field("owner", &self.owner.name)
            .field("began", &self.began)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
