//! Entries of the memory tier (L1): a value, and everything that decides if it may be served.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::guard;
use crate::model::deferred_drop::{AnyShared, DeferredDrop};
use crate::model::epoch::{Epoch, EpochKind, Epochs, SequenceNumber, bump_revision};
use crate::model::freshness::Freshness;
use crate::model::idle_expiry::Idle;
use crate::model::lineage::{EntryLineage, Lineage};
use crate::model::miss_cause::MissCause;
use crate::model::owner::OwnerId;
use crate::model::residence::Residence;
use crate::model::tags::Label;

/// Content of an entry that remembers an error in place of a value. No cached function returns this
/// type, so a reader that expects a value of the function finds none in such an entry.
pub(crate) struct CachedError(pub(crate) AnyShared);

/// Content of the field `expired_at` if no invalidation ended the entry early.
const LIVE: u64 = u64::MAX;
/// Content of the field `expired_at` if the entry must not be served at all. This number is less
/// than that of any time, so that `fetch_min` with a time does not overwrite it.
const EVICTED: u64 = 0;

/// Number of the next entry of this process. The numbers are odd.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// An entry in memory. Its `value` is an `Option<V>`, in which a `None` is a remembered absence.
pub(crate) struct MemoryEntry {
    /// Owner of the entry (function, region or cache), and the entry's stay in memory.
    pub(crate) owner: Residence,
    /// Odd number that no other entry of this process has, also after this entry was dropped.
    pub(crate) number: u64,
    /// Time at which the value was computed, in nanoseconds of the clock. The time may be before
    /// the start of the clock, because another process may have computed the value.
    computed_at: i64,
    /// Number of the node's last invalidation when the computation of the value began.
    pub(crate) began: SequenceNumber,
    /// Epochs of the entry's tags, of its owner (function, region or cache) and of the cache. A
    /// newer invalidation in one of these epochs makes the entry invalid.
    pub(crate) epochs: Epochs,
    pub(crate) deadline: Tick,
    /// End of the entry's fresh life, and the windows after it in which the entry may be served as
    /// a stale value.
    pub(crate) freshness: Freshness,
    /// Idle time after which the entry expires. `None`: the function has no `idle`.
    idle: Option<Box<Idle>>,
    /// `true` if the entry is only in this process's memory (`tier = memory`), so that Redis has no
    /// copy.
    pub(crate) local: bool,
    /// [`LIVE`] if no invalidation ended the entry early. After a soft invalidation, the time of
    /// that invalidation in nanoseconds of the clock, plus one. [`EVICTED`] if an invalidation or a
    /// newer write made the entry unusable.
    expired_at: AtomicU64,
    /// Order of the write that made this entry. `None`: no write made the entry, or the write has
    /// no `order_by`.
    pub(crate) order: Option<u64>,
    /// `true` if the entry contains a value, `false` if it contains a remembered absence or error.
    pub(crate) is_present: bool,
    /// Epoch of the entry's key, once a computation took the value: an invalidation of the key then
    /// reaches the entry of that computation too.
    key_epoch: OnceLock<Arc<Epoch>>,
    /// Names and versions in the store that the value depends on, as far as they are known.
    lineage: EntryLineage,
    /// `true` after the store has stored the entry, and so has a version for each of its value
    /// tags. The lineage has only the guards of these tags, which are less exact.
    has_better_lineage: AtomicBool,
    /// The value, in an `Arc` of its own: a caller can keep the value without the entry.
    value: DeferredDrop,
}

impl MemoryEntry {
    pub(crate) fn new(
        owner: Residence,
        (now, age, began): (Tick, Duration, SequenceNumber),
        (epochs, lineage): (Epochs, EntryLineage),
        (deadline, freshness, idle): (Tick, Freshness, Option<Idle>),
        local: bool,
        (value, is_present, order): (AnyShared, bool, Option<u64>),
    ) -> Arc<Self> {
        let expired_at = AtomicU64::new(LIVE);
        let value = DeferredDrop::new(value);
        Arc::new(Self {
            owner,
            number: NEXT_NUMBER.fetch_add(2, Ordering::Relaxed),
            computed_at: signed(now.nanos()).saturating_sub(signed(nanos(age))),
            began,
            epochs,
            deadline,
            freshness,
            idle: idle.map(Box::new),
            local,
            expired_at,
            order,
            is_present,
            key_epoch: OnceLock::new(),
            lineage,
            has_better_lineage: AtomicBool::new(false),
            value,
        })
    }

    /// Returns `true` if the entry belongs to the function or region `reader`, has not expired at
    /// `now`, and was not invalidated.
    pub(crate) fn may_serve(&self, reader: OwnerId, now: Tick) -> bool {
        self.owner.id == reader && now < self.deadline && self.is_in_use(now) && self.is_valid()
    }

    /// Returns `true` if this expired entry can be served to a call of the function or region
    /// `reader` at `now`, while the key is recomputed. Returns `false` if the entry ended in memory
    /// before its `ttl` (the option `memory_ttl` sets a shorter life in memory), because Redis may
    /// have a newer entry.
    pub(crate) fn may_serve_stale(&self, reader: OwnerId, now: Tick) -> bool {
        let freshness = self.freshness_now();
        self.owner.id == reader
            && freshness.is_stale(now)
            && freshness.end <= self.deadline
            && self.is_in_use(now)
            && self.is_valid_stale()
    }

    /// Returns `false` if no call has used the entry for its `idle` time, so that the entry has
    /// expired. Returns `true` otherwise, and for entries without `idle`.
    pub(crate) fn is_in_use(&self, now: Tick) -> bool {
        self.idle.as_ref().is_none_or(|idle| !idle.is_over(now))
    }

    /// Records that a call used the entry at `now`, so that the entry does not expire because of
    /// `idle`.
    pub(crate) fn record_use(&self, now: Tick) {
        if let Some(idle) = &self.idle {
            idle.note(now);
        }
    }

    /// Returns the time before which a hit need not check the deadline, early expiration or `idle`
    /// of the entry, and need not record a use.
    pub(crate) fn quiet_until(&self) -> Tick {
        let until = self.deadline.min(self.freshness.early_from());
        match &self.idle {
            None => until,
            Some(idle) => until.min(idle.quiet_until()),
        }
    }

    /// Returns the remembered error, or `None` if the entry contains a value or an absence.
    pub(crate) fn cached_error(&self) -> Option<&AnyShared> {
        let failure = self.shared().downcast_ref::<CachedError>()?;
        Some(&failure.0)
    }

    /// Returns `true` if no hard invalidation of the entry came since its computation began. After
    /// a soft invalidation the result is still `true`, because the entry may be served as a stale
    /// value.
    pub(crate) fn is_valid_stale(&self) -> bool {
        guard!(self.owner, ServeInvalidated: !self.is_removed())
    }

    /// Returns `true` if no tier can serve this entry as fresh: its `ttl` is over, or a hard
    /// invalidation of the entry came.
    pub(crate) fn is_gone(&self, now: Tick) -> bool {
        now >= self.freshness.end || self.is_removed()
    }

    /// Returns `true` if no invalidation of the entry, hard or soft, came since its computation
    /// began.
    pub(crate) fn is_valid(&self) -> bool {
        guard!(self.owner, IgnoreEpochs: self.epochs.unchanged_since(self.began))
            && guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) == LIVE)
    }

    /// Returns the time from the computation of the value to `now`. For a value from Redis, the
    /// time is as exact as the value's remaining life in Redis.
    pub(crate) fn age(&self, now: Tick) -> Duration {
        let age = signed(now.nanos()).saturating_sub(self.computed_at);
        Duration::from_nanos(u64::try_from(age).unwrap_or(0))
    }

    /// Records the age of the entry for the statistics, because it answers `calls` calls at `now`:
    /// a sampled call stands for many calls, and a call that is no sample for none.
    pub(crate) fn count_age(&self, calls: u32, now: Tick) {
        if calls > 0 {
            self.owner.counts.age.record_many(self.age(now), calls);
        }
    }

    /// Returns the cause of a miss of a call of `reader` at `now`, which this entry did not answer.
    pub(crate) fn miss_cause(&self, reader: OwnerId, now: Tick) -> MissCause {
        if self.owner.id != reader {
            return MissCause::CHANGED;
        }
        if let Some(epoch) = self.epochs.moved_since(self.began) {
            return self.moved(epoch);
        }
        if now >= self.freshness.end || now >= self.deadline || !self.is_in_use(now) {
            return MissCause::EXPIRED;
        }
        if self.is_valid() {
            MissCause::CHANGED
        } else {
            MissCause::KEY
        }
    }

    /// Returns the cause of a miss that is due to an invalidation of `epoch`.
    fn moved(&self, epoch: &Epoch) -> MissCause {
        match epoch.kind() {
            EpochKind::Owner => MissCause::FUNCTION,
            EpochKind::Cache => MissCause::CLEARED,
            EpochKind::Bus => MissCause::UNCONFIRMED,
            EpochKind::Source => MissCause::SOURCE,
            EpochKind::Label => match Label::read(epoch.name()) {
                Some(Label::Event(_)) => MissCause::EVENT,
                Some(Label::Tag(text)) => self.owner.moved_tag(text),
                None => MissCause::OTHER_TAG,
            },
        }
    }

    fn is_removed(&self) -> bool {
        !guard!(self.owner, IgnoreEpochs: self.epochs.only_softly_changed_since(self.began))
            || !guard!(self.owner, IgnoreDead: self.expired_at.load(Ordering::Acquire) != EVICTED)
    }

    /// Returns the freshness of the entry. If a soft invalidation came, the fresh life ends at the
    /// time of that invalidation, and the stale windows begin at the same time.
    pub(crate) fn freshness_now(&self) -> Freshness {
        if let Some(at) = self.epochs.soft_invalidated_since(self.began) {
            // The time is stored, so that a later soft invalidation does not extend the stale
            // window.
            self.expire(at);
        }
        match self.expired_at.load(Ordering::Acquire) {
            LIVE => self.freshness,
            expired_at => self
                .freshness
                .ended_at(Tick::from_nanos(expired_at.saturating_sub(1))),
        }
    }

    /// Makes the entry unusable in the memory engine and in the threads' tables, even if the entry
    /// is inserted into one of them after this call.
    pub(crate) fn evict(&self) {
        self.expired_at.store(EVICTED, Ordering::Release);
        bump_revision();
    }

    /// Ends the fresh life of the entry at `now`, unless a soft invalidation ended it earlier.
    pub(crate) fn expire(&self, now: Tick) {
        let expired_at = now.nanos().saturating_add(1);
        if expired_at < self.expired_at.fetch_min(expired_at, Ordering::AcqRel) {
            bump_revision();
        }
    }

    /// Returns the epoch of the entry's key. At the first call, for the first computation that
    /// takes the value, `get` must return the epoch. Later calls return the same epoch.
    pub(crate) fn key_epoch_or(&self, get: impl FnOnce() -> Arc<Epoch>) -> &Arc<Epoch> {
        self.key_epoch.get_or_init(get)
    }

    /// Returns the names and versions in the store that the value depends on; `None` if they are
    /// not known.
    pub(crate) fn lineage(&self) -> Option<&Lineage> {
        match &self.lineage {
            EntryLineage::Known(_) if self.has_better_lineage.load(Ordering::Relaxed) => None,
            EntryLineage::Known(lineage) => Some(lineage),
            EntryLineage::NotAsked | EntryLineage::Unknowable => None,
        }
    }

    /// Returns `true` if the names and versions were not asked for, so that reading or computing
    /// the entry anew finds them.
    pub(crate) fn may_gain_lineage(&self) -> bool {
        matches!(self.lineage, EntryLineage::NotAsked)
            || self.has_better_lineage.load(Ordering::Relaxed)
    }

    /// Records that the store has stored the entry, and so has the versions of its value tags. The
    /// lineage has only the guards of these tags. If an entry that is computed from this one
    /// depended on the guards, the store would reject it after an invalidation of any tag with the
    /// same prefix.
    pub(crate) fn stored_remotely(&self) {
        if let EntryLineage::Known(lineage) = &self.lineage
            && !lineage.guards.is_empty()
        {
            self.has_better_lineage.store(true, Ordering::Relaxed);
        }
    }

    /// Returns a reference to the value of the entry: an `Option<V>`.
    pub(crate) fn shared(&self) -> &AnyShared {
        self.value.shared()
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// Converts nanoseconds to a signed number, for differences that may be negative. The number is
/// large enough for 292 years.
fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

impl fmt::Debug for MemoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value is not shown, because it may be a secret.
        f.debug_struct("Stored")
            .field("owner", &self.owner.name)
            .field("began", &self.began)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
