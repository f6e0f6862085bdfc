//! A call joins the flight of its key, one step at a time: a task waits between steps as a task
//! does, and a thread as a thread.

use std::sync::Arc;

use tokio::time::Instant;

use crate::base::fault::{Point, guard};
use crate::base::trace;
use crate::coordination::recursion;
use crate::coordination::single_flight::Entered;
use crate::coordination::single_flight::table::Flight;
use crate::coordination::single_flight::waiter::{Leader, Waiter, Woken};
use crate::core::outcome::Outcome;
use crate::model::config::SingleFlight;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::cached_error::shareable_error;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;

/// What a call does next.
pub(crate) enum NextStep {
    /// It ends with this.
    Return(Answer),
    /// It computes: for everybody, or for itself alone.
    Compute(Option<Leader<Outcome>>),
    /// It waits for another's computation; then [`Call::resume_after_wait`].
    Wait(Waiter<Outcome>),
}

impl Call {
    /// A call's first step. Entries hang on `epochs`.
    pub(crate) fn join_flight(&self, ops: &ValueOps, epochs: &Epochs) -> NextStep {
        self.core.faults.at(Point::BeforeEnter);
        // Of a call that waits for nobody: one reading of the clock less.
        self.join_flight_since(ops, epochs, self.since)
    }

    fn join_flight_since(&self, ops: &ValueOps, epochs: &Epochs, start: Instant) -> NextStep {
        let waiter = match self.enter_flight(epochs, start) {
            Entered::Leader(lead) => {
                let old = self
                    .failed_meanwhile()
                    .then(|| self.old_value(ops))
                    .flatten();
                return match old {
                    Some(old) => NextStep::Return(Answer::Entry(old)),
                    None => NextStep::Compute(Some(lead)),
                };
            }
            Entered::Wait(waiter) => waiter,
        };
        if let Some(old) = self.old_value(ops) {
            return NextStep::Return(Answer::Entry(old));
        }
        if recursion::is_computing(waiter.flight_id()) || self.never_waits() {
            return NextStep::Compute(None);
        }
        NextStep::Wait(waiter)
    }

    /// Returns `true` if a refresh is to go on in the background. Its flight is entered here, so that
    /// of any number of callers one begins it.
    pub(crate) fn try_lead_refresh(&mut self, entry_tags: &EntryTags) -> bool {
        if self.is_refresh_paused() {
            return false;
        }
        self.core.faults.at(Point::BeforeEnter);
        if let Entered::Leader(lead) = self.enter_flight(&self.epochs(entry_tags), self.since)
            && !self.failed_meanwhile()
        {
            self.lead = Some(lead);
        }
        self.lead.is_some()
    }

    /// The step after a wait.
    pub(crate) fn resume_after_wait(
        &self,
        ops: &ValueOps,
        epochs: &Epochs,
        woken: Woken<Outcome>,
    ) -> NextStep {
        let start = Instant::now();
        match woken {
            Woken::Leader(lead) => return NextStep::Compute(Some(lead)),
            Woken::Settled(outcome) => {
                if let Some(answer) = self.accept(ops, &outcome) {
                    return NextStep::Return(answer);
                }
            }
            Woken::Retired => {}
            Woken::TimedOut(waiter) => {
                let lead = self.take_over(waiter);
                if lead.is_some() || self.wait_budget().is_over() {
                    return NextStep::Compute(lead);
                }
            }
        }
        self.join_flight_since(ops, epochs, start)
    }

    /// Into the flight of its key, since `start` if it leads.
    fn enter_flight(&self, epochs: &Epochs, start: Instant) -> Entered<Outcome> {
        let may_join = |flight: &Flight<Outcome>| {
            if self.force_refresh {
                flight.recomputes_after(self.began)
            } else {
                guard!(self.core, JoinThePast: flight.is_current(self.began))
            }
        };
        let flight_key = (&self.key, self.owner.id);
        self.core
            .flights
            .enter(flight_key, epochs, || self.leadership(start), may_join)
    }

    /// After a wait that took too long: leads in the place of who was waited for, unless
    /// another waiter already does.
    fn take_over(&self, waiter: Waiter<Outcome>) -> Option<Leader<Outcome>> {
        self.owner.counts.lock_timeouts.bump();
        trace::lock_timed_out(&self.owner.name);
        let leadership = || self.leadership(Instant::now());
        let replaced = self.core.flights.replace(&waiter, leadership);
        drop(waiter);
        replaced
    }

    /// `single_flight = off`: of computations that overlap, the first is stored.
    fn never_waits(&self) -> bool {
        self.options.single_flight == Some(SingleFlight::Off)
    }
}

impl Call {
    /// Another's result, if this call may have it.
    pub(crate) fn accept(&self, ops: &ValueOps, outcome: &Outcome) -> Option<Answer> {
        let is_own = |stored: &MemoryEntry| {
            // A flight has one owner: this is for whoever changes that.
            guard!(self.core, JoinAnother: stored.owner.id == self.owner.id)
        };
        let answer = match outcome {
            Outcome::Value(stored) | Outcome::CachedError(stored) | Outcome::Fallback(stored)
                if !is_own(stored) =>
            {
                return None;
            }
            Outcome::Error(error) if ops.copies(error.shared()) => Answer::Error(error.clone()),
            Outcome::CachedError(stored) => Answer::Error(shareable_error(ops, stored)?),
            Outcome::Value(stored) => {
                // Tags made from the value were not known when this call joined.
                let current =
                    stored.began >= self.began || stored.epochs.unchanged_since(stored.began);
                if !guard!(self.core, AcceptThePast: current) || !ops.answers(stored.shared()) {
                    return None;
                }
                Answer::Entry(Arc::clone(stored))
            }
            // Also for who began after a soft invalidation of it: to compute once more gives
            // nothing better at once.
            Outcome::Fallback(stored)
                if !self.force_refresh
                    && stored.is_valid_stale()
                    && ops.answers(stored.shared()) =>
            {
                Answer::Entry(Arc::clone(stored))
            }
            Outcome::TimedOut(late) if ops.has_timeout_error => Answer::TimedOut(late.clone()),
            Outcome::Error(_) | Outcome::Fallback(_) | Outcome::TimedOut(_) => return None,
        };
        self.owner.counts.coalesced.bump();
        Some(answer)
    }
}
