//! Changes of memory after a write: the written value is inserted, or an outdated value is removed.

use std::sync::Arc;

use tokio::time::Instant;

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::coordination::single_flight::Entered;
use crate::coordination::single_flight::table::{Flight, Leadership};
use crate::coordination::single_flight::waiter::Leader;
use crate::core::entry_event::EntryEvent;
use crate::core::outcome::Outcome;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::invalidation_mode::InvalidationMode;
use crate::write::write_guard::WriteGuard;

impl WriteGuard {
    /// Begins a flight of the key, at whose end `stored` is put into memory. The new flight
    /// replaces a flight that was already running, because its computation may have read the value
    /// from before the write.
    pub(crate) fn lead(&self, stored: &MemoryEntry) -> Option<Leader<Outcome>> {
        let core = &self.core;
        let leadership = || Leadership {
            number: stored.began,
            start: Instant::now(),
            computes: false,
            refresh_scope: 0,
        };
        let joins = |_: &Flight<Outcome>| removed!(core, LeaveFlight);
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

    /// Ends the write after L2 stored its value. Puts `stored` into memory too, if the flight
    /// `lead` is still in the table of flights. If an invalidation or another write has removed the
    /// flight, `stored` may be outdated.
    pub(crate) fn settle(&self, lead: Option<Leader<Outcome>>, stored: &Arc<MemoryEntry>) {
        self.core
            .count_event(EntryEvent::Stores, &self.owner, &self.key);
        let late_lead = || removed!(self.core, LateFlight).then(|| self.lead(stored));
        let Some(lead) = lead.or_else(|| late_lead().flatten()) else {
            return;
        };
        let insert = || {
            if self.options.tier != Tier::Redis && stored.is_valid() {
                self.core.replace(&self.key, Arc::clone(stored));
            }
        };
        if !lead.settle(Outcome::Value(Arc::clone(stored)), insert)
            && removed!(self.core, InsertGrounded)
        {
            insert();
        }
    }

    /// Stores the written value on this node alone, after L2 was told to remove its entry. Stores
    /// nothing if `is_older`, or if another node may have a newer value. For a write with an order,
    /// only L2 knows if another node has a newer value.
    pub(crate) fn store_locally(&self, stored: &Arc<MemoryEntry>, is_older: bool) {
        let core = &self.core;
        let may_store =
            core.l2.is_none() || self.options.tier == Tier::Memory || stored.order.is_none();
        if is_older || !may_store {
            return;
        }
        // A computation that began before the write may have read the previous value. Its flight is
        // retired, so that the value is not stored.
        if !removed!(core, LeaveFlight) {
            core.flights.retire(self.key.as_bytes());
        }
        if self.options.tier != Tier::Redis {
            self.insert(stored);
        }
        self.core
            .count_event(EntryEvent::Stores, &self.owner, &self.key);
    }

    /// Puts `stored` into memory. If a newer write with an order is about to store its own entry,
    /// that entry is put into memory after `stored`.
    pub(crate) fn insert(&self, stored: &Arc<MemoryEntry>) {
        let mut inserted = Arc::clone(stored);
        self.core.replace(&self.key, Arc::clone(&inserted));
        // Another write may have inserted its entry before this write did, so that this write has
        // replaced that entry.
        while let Some(latest) = self.token.pending_entry()
            && self.token.is_ordered
            && !Arc::ptr_eq(&latest, &inserted)
        {
            inserted = latest;
            self.core.replace(&self.key, Arc::clone(&inserted));
        }
    }

    /// Removes the entry under the written key from memory, unless memory has `stored` or a value
    /// with a greater order. Any other entry under the key is older. Then invalidates the entries
    /// that were computed from the replaced value.
    pub(crate) fn tidy(&self, stored: &Arc<MemoryEntry>) {
        self.tidy_memory(stored);
        // This comes last, so that every computation that took the previous value began before this
        // line.
        if !removed!(self.core, OneEpochMove) {
            self.core
                .invalidate_takers(&self.key, InvalidationMode::Hard);
        }
    }

    fn tidy_memory(&self, stored: &Arc<MemoryEntry>) {
        if self.options.tier == Tier::Redis || removed!(self.core, LeaveReplaced) {
            return;
        }
        if !self.is_current(stored) {
            self.core.evict_key(self.key.as_bytes());
        }
    }

    /// Returns `true` if memory has `stored`, or if `stored` has an order and memory has a value
    /// with at least that order.
    pub(crate) fn is_current(&self, stored: &Arc<MemoryEntry>) -> bool {
        self.in_memory().is_some_and(|there| match stored.order {
            Some(_) => there.order >= stored.order,
            None => Arc::ptr_eq(&there, stored),
        })
    }

    /// Returns the entry that memory has under the written key. Returns `None` if memory has no
    /// entry, or an entry that may not be served.
    pub(crate) fn in_memory(&self) -> Option<Arc<MemoryEntry>> {
        let core = &self.core;
        let now = Tick::now(&*core.clock);
        let there = core.memory.get(self.key.as_bytes())?;
        there.may_serve(self.owner.id, now).then_some(there)
    }
}
