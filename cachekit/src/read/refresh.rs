//! Stale values and early refreshes: the value that is served in place of a new one, and the call
//! that computes the new one (stale-while-revalidate).
//!
//! A *refresh* is a [`Call`] that already has an [`OldValue`]. Unlike other calls, a refresh waits
//! for no computation: if another call or process computes the key, the refresh ends with the old
//! value.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{guard, removed};
use crate::base::trace;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::entry_event::EntryEvent;
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::freshness::Freshness;
use crate::model::miss_cause::MissCause;
use crate::model::owner::{Owner, OwnerId};
use crate::model::source::SourceTier;
use crate::read::call::{Call, OldValue};
use crate::return_type::erased_ops::ValueOps;

impl Core {
    /// Decides at random if the fresh entry `stored` is recomputed before its end (early
    /// expiration). Returns `stored` as the old value of that refresh, or `None` if `stored` is not
    /// recomputed now.
    #[cold]
    pub(crate) fn draw_early_refresh(
        &self,
        stored: &Arc<MemoryEntry>,
        key: &[u8],
        now: Tick,
    ) -> Option<OldValue> {
        let advance = self.draw_advance(stored, now)?;
        let is_paused = self.is_refresh_paused(&(stored.owner.id, Key::new(key)));
        (!is_paused).then(|| OldValue {
            stored: Arc::clone(stored),
            advance: Some(advance),
            is_delivered: false,
        })
    }

    /// Returns `true` if no call may refresh the key now: a refresh failed a short time ago, or
    /// another process computes the key.
    fn is_refresh_paused(&self, flight_key: &(OwnerId, Key)) -> bool {
        let now = Tick::now(&*self.clock);
        self.refresh_claims.is_claimed(flight_key, now) && !removed!(self, ForgetRefreshes)
    }

    /// Records that a refresh of `key` failed: refreshes of the key are paused.
    pub(crate) fn note_failed_refresh(&self, owner: &Owner, key: &Key) {
        owner.counts.refresh_failures.bump();
        trace::refresh_failed(&owner.name, key);
        let now = Tick::now(&*self.clock);
        self.refresh_claims
            .failed((owner.id, key.clone()), now, self.random.uniform());
    }

    /// Draws at random a time before the end of `stored` from which early expiration recomputes
    /// `stored`. Returns that time if `stored` is already within it. Returns `None` if the end of
    /// `stored` is further away.
    pub(crate) fn draw_advance(&self, stored: &MemoryEntry, now: Tick) -> Option<Duration> {
        let freshness = &stored.freshness;
        if !freshness.is_near_end(now) {
            return None;
        }
        let advance = freshness.advance(self.random.uniform());
        freshness.is_due(now, advance).then_some(advance)
    }

    /// Returns the entry under `key` that memory has for `reader`, stale or not, if `allows`
    /// accepts the entry. Returns `None` for an entry that was invalidated, that was not used for
    /// its `idle` time, or that contains an error.
    pub(crate) fn peek_stale(
        &self,
        key: &[u8],
        reader: OwnerId,
        allows: impl FnOnce(&MemoryEntry, Tick) -> bool,
    ) -> Option<Arc<MemoryEntry>> {
        let stored = self.memory.get(key)?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.owner.id == reader
            && allows(&stored, now)
            && stored.is_in_use(now)
            && stored.cached_error().is_none()
            && stored.is_valid_stale()
            && self.is_confirmed(&stored, now);
        may_serve.then(|| {
            stored.record_use(now);
            stored
        })
    }
}

impl Call {
    /// Makes the call a refresh of `old`, the value that the call already has. If `old` is `None`,
    /// the call is no refresh.
    pub(crate) fn with_old(mut self, old: Option<OldValue>) -> Self {
        if old.is_some() {
            self.stale_slot.get_or_insert_default();
        }
        self.old = old;
        self
    }

    /// Returns a second call for the same key, which looks for a stale value while this call runs.
    /// Returns `None` if the call's options allow no stale value.
    pub(crate) fn watch(&self) -> Option<Self> {
        let stale_slot = self.stale_slot.as_ref();
        let stale_slot = stale_slot.filter(|_| !self.takes_nothing_old)?;
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        let surroundings = self.core.surroundings();
        let mut watch = Self::new(
            core,
            owner,
            self.key.clone(),
            Arc::clone(&self.options),
            surroundings,
        );
        watch.stale_slot = Some(Arc::clone(stale_slot));
        watch.observer.clone_from(&self.observer);
        Some(watch)
    }

    /// Returns the value with which this call is answered at once, while the computation continues
    /// in the background. Returns `None` if the call has no such value.
    pub(crate) fn immediate_answer(&mut self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.old.is_none() {
            let stored = self
                .stale_in_memory()
                .filter(|stored| ops.answers(stored.shared()))?;
            self.owner.counts.misses.bump();
            self.owner.counts.stale_hits.bump();
            stored.count_age(1, Tick::now(&*self.core.clock));
            self.old = Some(OldValue {
                stored,
                advance: None,
                is_delivered: true,
            });
        }
        self.old_value(ops)
    }

    /// Returns the stale value in memory that is served while the entry is recomputed (`stale`).
    /// Returns `None` if memory has no such value.
    fn stale_in_memory(&self) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh || self.takes_nothing_old || self.options.stale.is_none() {
            return None;
        }
        let id = self.owner.id;
        self.core
            .peek_stale(self.key.as_bytes(), id, |stored, now| {
                stored.may_serve_stale(id, now)
            })
    }

    /// Returns `true` if no call may refresh this call's key now, because refreshes of the key are
    /// paused.
    pub(crate) fn is_refresh_paused(&self) -> bool {
        self.core.is_refresh_paused(&self.flight_key())
    }

    /// Returns `true` if this call is a refresh, and another refresh of the key failed after this
    /// call checked for a failure. Only the leader of a flight calls this method: the previous
    /// leader has recorded its result by that time.
    pub(crate) fn failed_meanwhile(&self) -> bool {
        self.old.is_some() && !guard!(self.core, IgnorePause: !self.is_refresh_paused())
    }

    fn flight_key(&self) -> (OwnerId, Key) {
        (self.owner.id, self.key.clone())
    }

    /// Returns the call that refreshes `stored`, after this call was answered with `stored`.
    /// Returns `None` if `stored` is stale and this call cannot continue in the background.
    pub(crate) fn to_refresh(
        &self,
        stored: &Arc<MemoryEntry>,
        advance: Option<Duration>,
    ) -> Option<Self> {
        if self.is_detachable
            && let Some(stale_slot) = &self.stale_slot
        {
            let _ = stale_slot.found.set(Arc::clone(stored));
            stale_slot.serve();
        }
        if !self.is_detachable && advance.is_none() {
            return None;
        }
        let old = OldValue {
            stored: Arc::clone(stored),
            advance,
            is_delivered: true,
        };
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        let surroundings = self.core.surroundings();
        let call = Self::new(
            core,
            owner,
            self.key.clone(),
            Arc::clone(&self.options),
            surroundings,
        );
        Some(Self {
            // Only this replica is due; the other replicas of the entry expire on their own.
            replica: self.replica,
            is_detachable: self.is_detachable,
            detach_state: self.detach_state.clone(),
            observer: self.observer.clone(),
            refresh_scope: self.refresh_scope.clone(),
            ..call.with_old(Some(old))
        })
    }

    /// Returns `true` if this call recomputes a key at random before its entry ends (early
    /// expiration), and the random choice of this call also applies to the entry `stored`, because
    /// `stored` ends soon enough.
    pub(crate) fn needs_refresh_too(&self, stored: &MemoryEntry) -> bool {
        let now = Tick::now(&*self.core.clock);
        self.old
            .as_ref()
            .is_some_and(|old| old.also_refreshes(stored, now))
    }

    /// Counts a run of the function in the statistics. Also counts an early refresh if early
    /// expiration chose the old value for this call.
    pub(crate) fn count_computation(&self) {
        let counts = &self.owner.counts;
        self.count_cause(self.cause.get());
        self.core
            .count_event(EntryEvent::Computes, &self.owner, &self.key);
        if self.old.as_ref().is_some_and(|old| old.advance.is_some()) {
            counts.early_refreshes.bump();
        }
    }

    /// Counts the miss of this call under `cause`. A refresh is no miss.
    pub(crate) fn count_cause(&self, cause: MissCause) {
        if self.old.is_none() {
            self.owner.counts.causes.count(cause);
            #[cfg(feature = "dashboard")]
            self.core.note_miss(cause, &self.owner, &self.key);
        }
    }

    /// Returns the value that this call, a refresh, already has. The call ends with that value
    /// instead of waiting. Returns `None` if the call is no refresh, or if the function cannot
    /// return the value.
    pub(crate) fn old_value(&self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        let old = self.old.as_ref()?;
        if !ops.answers(old.stored.shared()) {
            return None;
        }
        if !self.is_detachable && !old.is_delivered {
            self.owner.counts.memory_hits.bump();
        }
        Some(Arc::clone(&old.stored))
    }

    /// Counts the fresh entry `stored`, which L2 has, as a hit of this call. A refresh counts no miss:
    /// its caller already has a value from memory, or gets `stored` instead of that value.
    pub(crate) fn count_l2_hit(&self, stored: &MemoryEntry) {
        let counts = &self.owner.counts;
        match &self.old {
            None => counts.redis_hits.bump(),
            Some(old) if !self.is_detachable && !old.is_delivered => counts.memory_hits.bump(),
            Some(_) => return,
        }
        stored.count_age(1, Tick::now(&*self.core.clock));
    }

    /// Records the success or failure of a refresh. After a failure, refreshes of the key are
    /// paused. Does nothing if this call is no refresh.
    pub(crate) fn note_refresh(&self, is_ok: bool) {
        if self.old.is_none() {
            return;
        }
        let core = &self.core;
        if is_ok {
            return core.refresh_claims.succeeded(&self.flight_key());
        }
        core.note_failed_refresh(&self.owner, &self.key);
    }

    /// Records that another process computes the key, so that refreshes of the key are paused for
    /// at most `longest`.
    pub(crate) fn note_computed_elsewhere(&self, longest: Duration) {
        let now = Tick::now(&*self.core.clock);
        let refresh_claims = &self.core.refresh_claims;
        refresh_claims.claimed_elsewhere(self.flight_key(), now, longest);
    }

    /// Remembers the flight in which the call looks for a stale value. An invalidation retires that
    /// flight, and the stale value is not served after that.
    pub(crate) fn watch_flight(&self, lead: &Leader<Outcome>) {
        if let Some(stale_slot) = &self.stale_slot {
            let _ = stale_slot.flight.set(lead.flight());
        }
    }

    /// Remembers `stored`, the stale value that L2 had, as a fallback if the computation fails or
    /// is slow. Also remembers a value from another call's computation, because that value may be
    /// stale too, so that the code that polls this call can recognise it.
    pub(crate) fn remember_stale(&self, stored: &Arc<MemoryEntry>) {
        if let Some(stale_slot) = &self.stale_slot {
            let _ = stale_slot.found.set(Arc::clone(stored));
        }
    }

    /// Returns the stale value that is served because the computation returned an error or timed
    /// out (fail-safe). Returns `None` if no such value exists, if that value was invalidated, or
    /// for a forced refresh.
    pub(crate) fn fail_safe(&self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh {
            return None;
        }
        let stored = self.fallback(Freshness::outlives_errors)?;
        if !ops.answers(stored.shared()) {
            return None;
        }
        let counts = &self.owner.counts;
        let now = Tick::now(&*self.core.clock);
        stored.count_age(1, now);
        if now < stored.freshness_now().end {
            counts.memory_hits.bump();
        } else {
            counts.stale_hits.bump();
        }
        Some(stored)
    }

    /// Returns the stale value that is served because the computation takes longer than
    /// `soft_timeout` (the option for such values). Returns `None` if no such value exists.
    pub(crate) fn soft_timeout_fallback(&self) -> Option<Arc<MemoryEntry>> {
        self.fallback(Freshness::outlives_delay)
    }

    fn fallback(&self, outlives: impl Fn(Freshness, Tick) -> bool) -> Option<Arc<MemoryEntry>> {
        let (core, id) = (&self.core, self.owner.id);
        // A fresh value was chosen for an early refresh, and may be served until its end.
        let allows = |stored: &MemoryEntry, now| {
            let freshness = stored.freshness_now();
            now < freshness.end || outlives(freshness, now)
        };
        if let Some(stored) = core.peek_stale(self.key.as_bytes(), id, allows) {
            self.came_from(SourceTier::Memory);
            return Some(stored);
        }
        let stale_slot = self.stale_slot.as_ref()?;
        let stored = stale_slot.found.get()?;
        let now = Tick::now(&*core.clock);
        let is_good = allows(stored, now)
            && stored.is_valid_stale()
            && core.is_confirmed(stored, now)
            && !stale_slot
                .flight
                .get()
                .is_some_and(|flight| flight.is_retired());
        is_good.then(|| {
            self.came_from(SourceTier::Redis);
            Arc::clone(stored)
        })
    }
}
