//! Values past, or near, their time to live: what is served in the place of a new one, and who
//! computes that.
//!
//! A *refresh* is a [`Call`] that has an [`OldValue`] already. It differs from another one in
//! that it waits for nobody: where somebody else computes, here or in another process, it ends
//! with the old value.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{guard, removed};
use crate::base::trace;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::freshness::Freshness;
use crate::model::owner::OwnerId;
use crate::read::call::{Call, OldValue};
use crate::return_type::erased_ops::ValueOps;

impl Core {
    /// Whether `stored`, which is good, is to be computed again before its end.
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

    /// Returns `true` if nobody is to compute it again now.
    fn is_refresh_paused(&self, flight_key: &(OwnerId, Key)) -> bool {
        let now = Tick::now(&*self.clock);
        self.refresh_claims.is_claimed(flight_key, now) && !removed!(self, ForgetRefreshes)
    }

    /// One draw.
    pub(crate) fn draw_advance(&self, stored: &MemoryEntry, now: Tick) -> Option<Duration> {
        let freshness = &stored.freshness;
        if !freshness.is_near_end(now) {
            return None;
        }
        let advance = freshness.advance(self.random.uniform());
        freshness.is_due(now, advance).then_some(advance)
    }

    /// What memory has for `reader` under `key` that is over, and `allows`.
    fn peek_stale(
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
    /// The same with what it has already.
    pub(crate) fn with_old(mut self, old: Option<OldValue>) -> Self {
        if old.is_some() {
            self.stale_slot.get_or_insert_default();
        }
        self.old = old;
        self
    }

    /// What is left to look at while the call itself runs; `None` where nothing can be served in
    /// its place.
    pub(crate) fn watch(&self) -> Option<Self> {
        let stale_slot = self.stale_slot.as_ref()?;
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        let mut watch = Self::new(core, owner, self.key.clone(), self.options);
        watch.stale_slot = Some(Arc::clone(stale_slot));
        Some(watch)
    }

    /// What this call is answered with while it goes on in the background.
    pub(crate) fn immediate_answer(&mut self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.old.is_none() {
            let stored = self
                .stale_in_memory()
                .filter(|stored| ops.answers(stored.shared()))?;
            self.owner.counts.misses.bump();
            self.owner.counts.stale_hits.bump();
            self.old = Some(OldValue {
                stored,
                advance: None,
                is_delivered: true,
            });
        }
        self.old_value(ops)
    }

    /// What memory has that is over and may be served while it is computed again.
    fn stale_in_memory(&self) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh || self.options.stale.is_none() {
            return None;
        }
        let id = self.owner.id;
        self.core
            .peek_stale(self.key.as_bytes(), id, |stored, now| {
                stored.may_serve_stale(id, now)
            })
    }

    /// Returns `true` if its key is not to be computed again now.
    pub(crate) fn is_refresh_paused(&self) -> bool {
        self.core.is_refresh_paused(&self.flight_key())
    }

    /// Returns `true` if it is a refresh, and another failed since this one looked. Asked by who
    /// leads: whoever led before has said by now what came of it.
    pub(crate) fn failed_meanwhile(&self) -> bool {
        self.old.is_some() && !guard!(self.core, IgnorePause: !self.is_refresh_paused())
    }

    fn flight_key(&self) -> (OwnerId, Key) {
        (self.owner.id, self.key.clone())
    }

    /// The same, as what goes on after this call was answered with `stored`.
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
        let call = Self::new(core, owner, self.key.clone(), self.options);
        Some(Self {
            // What is old is this one: the others have lives of their own.
            replica: self.replica,
            is_detachable: self.is_detachable,
            detach_state: self.detach_state.clone(),
            ..call.with_old(Some(old))
        })
    }

    /// Whether `stored` is to be computed again as what this call has is.
    pub(crate) fn needs_refresh_too(&self, stored: &MemoryEntry) -> bool {
        let now = Tick::now(&*self.core.clock);
        self.old
            .as_ref()
            .is_some_and(|old| old.also_refreshes(stored, now))
    }

    /// Counts that the function runs.
    pub(crate) fn count_computation(&self) {
        let counts = &self.owner.counts;
        counts.computations.bump();
        if self.old.as_ref().is_some_and(|old| old.advance.is_some()) {
            counts.early_refreshes.bump();
        }
    }

    /// What this call has, for one that is not to wait.
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

    /// What was computed is there, or could not be computed.
    pub(crate) fn note_refresh(&self, is_ok: bool) {
        if self.old.is_none() {
            return;
        }
        let core = &self.core;
        if is_ok {
            return core.refresh_claims.succeeded(&self.flight_key());
        }
        self.owner.counts.refresh_failures.bump();
        trace::refresh_failed(&self.owner.name, &self.key);
        let now = Tick::now(&*core.clock);
        core.refresh_claims
            .failed(self.flight_key(), now, core.random.uniform());
    }

    /// Another process computes it, for at most `longest`.
    pub(crate) fn note_computed_elsewhere(&self, longest: Duration) {
        let now = Tick::now(&*self.core.clock);
        let refresh_claims = &self.core.refresh_claims;
        refresh_claims.claimed_elsewhere(self.flight_key(), now, longest);
    }

    /// Remembers in which flight something is looked for.
    pub(crate) fn watch_flight(&self, lead: &Leader<Outcome>) {
        if let Some(stale_slot) = &self.stale_slot {
            let _ = stale_slot.flight.set(lead.flight());
        }
    }

    /// Remembers what the store had that is over.
    pub(crate) fn remember_stale(&self, stored: &Arc<MemoryEntry>) {
        if let Some(stale_slot) = &self.stale_slot {
            let _ = stale_slot.found.set(Arc::clone(stored));
        }
    }

    /// What is served where the computation failed: what is there, if it was not invalidated
    /// meanwhile either. The one place that decides so, for errors and for deadlines.
    pub(crate) fn fail_safe(&self, ops: &ValueOps) -> Option<Arc<MemoryEntry>> {
        if self.force_refresh {
            return None;
        }
        let stored = self.fallback(Freshness::outlives_errors)?;
        if !ops.answers(stored.shared()) {
            return None;
        }
        let counts = &self.owner.counts;
        if Tick::now(&*self.core.clock) < stored.freshness_now().end {
            counts.memory_hits.bump();
        } else {
            counts.stale_hits.bump();
        }
        Some(stored)
    }

    /// What is served where the computation takes too long.
    pub(crate) fn soft_timeout_fallback(&self) -> Option<Arc<MemoryEntry>> {
        self.fallback(Freshness::outlives_delay)
    }

    fn fallback(&self, outlives: impl Fn(Freshness, Tick) -> bool) -> Option<Arc<MemoryEntry>> {
        let (core, id) = (&self.core, self.owner.id);
        // What is not over yet was drawn to be computed early, and is as good as before.
        let allows = |stored: &MemoryEntry, now| {
            let freshness = stored.freshness_now();
            now < freshness.end || outlives(freshness, now)
        };
        let in_memory = core.peek_stale(self.key.as_bytes(), id, allows);
        in_memory.or_else(|| {
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
            is_good.then(|| Arc::clone(stored))
        })
    }
}
