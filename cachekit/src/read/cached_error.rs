//! Errors remembered with `err_ttl` (negative caching): entries that contain an error in place of a
//! value, in memory only.

use std::sync::Arc;
use std::time::Duration;

use crate::backfill::lease::LeaseState;
use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::base::trace;
use crate::coordination::single_flight::waiter::Leader;
use crate::coordination::taken::TakenDependencies;
use crate::core::build_entry::Value;
use crate::core::entry_event::EntryEvent;
use crate::core::outcome::{Dependencies, Outcome};
use crate::core::state::Core;
use crate::key::Key;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::{CachedError, MemoryEntry};
use crate::model::epoch::Epochs;
use crate::model::freshness::Life;
use crate::model::owner::OwnerId;
use crate::model::ttl_jitter::jittered;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::SharedError;

impl Core {
    /// Returns the entry under `key` if the entry contains an error that was stored for later calls
    /// (`err_ttl`), and the error belongs to the function `reader`. Returns `None` otherwise.
    fn peek_error(&self, key: &Key, reader: OwnerId) -> Option<Arc<MemoryEntry>> {
        let stored = self.memory.get(key.as_bytes())?;
        let now = Tick::now(&*self.clock);
        let may_serve = stored.cached_error().is_some() && self.may_serve(&stored, reader, now);
        may_serve.then_some(stored)
    }
}

impl Call {
    /// Returns the error that another leader stored between this call's miss and the moment when
    /// this call became the leader of the flight, with the entry that contains the error. Returns
    /// `None` if no leader stored an error, if the function stores no errors (it has no `err_ttl`),
    /// and for a forced refresh.
    pub(crate) fn recheck_error(&self, ops: &ValueOps) -> Option<(Arc<MemoryEntry>, DeferredDrop)> {
        if self.options.err_ttl.is_none() || self.force_refresh || removed!(self.core, NoSecondLook)
        {
            return None;
        }
        if self
            .seen
            .is_some_and(|seen| self.core.memory.is_unchanged_since(seen))
        {
            return None;
        }
        let failed = self.core.peek_error(&self.key, self.owner.id)?;
        let error = shareable_error(ops, &failed)?;
        self.owner.counts.coalesced.bump();
        Some((failed, error))
    }

    /// Ends the flight with `error`, and stores the error in memory for later calls if the function
    /// has the option for this (`err_ttl`).
    ///
    /// An error never replaces a value: a refresh or a forced computation that fails leaves the
    /// older value, which is worth more than the error.
    pub(crate) fn settle_error(
        &self,
        lead: Leader<Outcome>,
        mut dependencies: Dependencies,
        taken: Option<TakenDependencies>,
        ops: &ValueOps,
        error: SharedError,
    ) {
        let is_first =
            self.old.is_none() && !self.force_refresh && !dependencies.entry_tags.do_not_store;
        let Some(ttl) = self.options.err_ttl.filter(|_| is_first) else {
            lead.settle(Outcome::Error(DeferredDrop::new(error)), || {});
            return;
        };
        let core = &self.core;
        let mut began = lead.leadership.number;
        if removed!(core, EpochsAfterCompute) {
            began = core.tags.now();
        }
        let ttl = jittered(ttl, self.options.jitter, fastrand::f64());
        let heap = core.heap(|| size_of_val(&*error));
        let value = Value {
            content: Arc::new(CachedError(error)),
            is_present: false,
            size: ops.size,
            heap,
            order: None,
            took: Duration::ZERO,
            age: Duration::ZERO,
        };
        let (options, life) = (self.options.of_error(), Some(Life::from(ttl)));
        let (owner, key) = (&self.owner, &self.key);
        let taken = core.of_interest(taken, options.depends);
        let taken = (taken, None);
        let mut validity = self.validity(began, &mut dependencies, taken, &LeaseState::None);
        if removed!(core, FreeErrors) {
            validity.epochs = Epochs::default();
        }
        let stored = core.build_entry(owner, key, validity, &options, life, value);
        let keep = stored.is_valid();
        let was_stored = lead.settle(Outcome::CachedError(Arc::clone(&stored)), || {
            if keep {
                core.insert(key, stored);
            }
        });
        if keep && was_stored {
            core.count_event(EntryEvent::Stores, owner, key);
        } else {
            core.count_event(EntryEvent::Refuses, owner, key);
            trace::store_refused(&owner.name, key);
        }
    }
}

/// Returns the error in the entry `failed`, if the function can give a copy of that error to each
/// caller. Returns `None` if it cannot, or if `failed` contains a value.
pub(crate) fn shareable_error(ops: &ValueOps, failed: &MemoryEntry) -> Option<DeferredDrop> {
    let error = failed.cached_error().filter(|error| ops.copies(error))?;
    Some(DeferredDrop::new(Arc::clone(error)))
}
