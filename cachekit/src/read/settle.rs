//! The end of a computation that succeeded: its value becomes an entry, in memory and in L2.

use crate::backfill::lease::LeaseState;
use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::base::trace;
use crate::coordination::single_flight::waiter::Leader;
use crate::coordination::taken::TakenDependencies;
use crate::core::build_entry::Value;
use crate::core::entry_event::EntryEvent;
use crate::core::outcome::{Dependencies, Outcome};
use crate::core::taking::Composition;
use crate::model::config::Tier;
use crate::model::entry::MemoryEntry;
use crate::model::freshness::Life;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

impl Call {
    /// Runs `code`, which the user wrote. If `code` panics, logs that the function's value is not
    /// cached, and returns `None`.
    pub(crate) fn catch_panic<T>(&self, code: impl FnOnce() -> T) -> Option<T> {
        let given = catch_unwind(AssertUnwindSafe(code));
        given
            .inspect_err(|_| trace::not_cached(&self.owner.name))
            .ok()
    }

    /// Makes an entry of `value`, ends the flight with that entry, and stores the entry in memory
    /// and in L2. Stores nothing if the value is not to be cached, or was invalidated during the
    /// computation.
    pub(crate) fn settle(
        &self,
        lead: Leader<Outcome>,
        ops: &ValueOps,
        (mut dependencies, taken): (Dependencies, Option<TakenDependencies>),
        value: Value,
        lease_state: LeaseState,
    ) {
        let core = &self.core;
        let mut began = lead.leadership.number;
        if removed!(core, EpochsAfterCompute) {
            began = core.tags.now();
        }
        let took = value.took;
        let (owner, key, options) = (&self.owner, &self.key, &*self.options);
        let ttl = core.ttl(options, &dependencies.entry_tags, value.is_present);
        let mut taken = core.of_interest(taken, options.depends);
        let foreign = Composition::take_lineage(taken.as_mut());
        let is_composed = taken.is_some();
        let is_kept = taken.as_ref().is_none_or(|taken| core.may_keep(taken));
        self.note_refresh(is_kept);
        let ttl = ttl.filter(|_| is_kept);
        let taken = (taken, foreign.as_ref());
        let validity = self.validity(began, &mut dependencies, taken, &lease_state);
        let stored = core.build_entry(owner, key, validity, options, ttl.map(Life::from), value);
        self.record_taken(&stored);
        let Some(ttl) = ttl else {
            lead.settle(Outcome::Value(stored), || {});
            return;
        };
        let ttl = if is_composed {
            ttl.min(stored.freshness.end.since(Tick::now(&*core.clock)))
        } else {
            ttl
        };
        if self.store_if_valid(lead, Arc::clone(&stored)) {
            core.count_event(EntryEvent::Stores, &self.owner, &self.key);
            core.call_log().stored(&self.owner.name, &self.key);
            self.note_refreshed();
            let entry_tags = dependencies.entry_tags;
            self.backfill(ops, entry_tags, (ttl, took), stored, (lease_state, foreign));
        } else {
            core.count_event(EntryEvent::Refuses, &self.owner, &self.key);
            trace::store_refused(&self.owner.name, &self.key);
        }
    }

    /// Records in the scope of `refresh(future)` around the call that the computed value is stored.
    fn note_refreshed(&self) {
        if let Some(scope) = &self.refresh_scope {
            scope.note_stored(self.owner.id, &self.key);
        }
    }

    /// Ends the flight with `stored`, and puts that entry into memory if the entry is valid and its
    /// tier includes memory. Returns `true` if no invalidation came since the computation began.
    pub(crate) fn store_if_valid(&self, lead: Leader<Outcome>, stored: Arc<MemoryEntry>) -> bool {
        let core = &self.core;
        // A reload may have turned the function off since the call began.
        let keep = stored.is_valid() && self.owner.is_enabled();
        let in_memory = self.options.tier != Tier::Redis;
        let was_stored = lead.settle(Outcome::Value(Arc::clone(&stored)), || {
            if keep && in_memory {
                if self.old.is_some() || self.force_refresh {
                    core.replace(&self.key, stored);
                } else {
                    core.insert(&self.key, stored);
                }
            }
        });
        keep && was_stored
    }

    /// Returns the longest time that an entry of this call may live in Redis, its stale window
    /// included.
    pub(crate) fn longest_life(&self) -> Duration {
        let ttl = self.options.ttl.unwrap_or(self.core.config.default_ttl);
        let fresh = self.options.redis_ttl.map_or(ttl, |most| most.min(ttl));
        fresh.saturating_add(self.options.window())
    }
}
