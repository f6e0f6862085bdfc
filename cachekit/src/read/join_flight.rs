//! The steps by which a call joins the flight of its key (single-flight).
//!
//! No function in this module waits. The caller waits between two steps: an asynchronous caller as
//! a task, and a synchronous caller as a parked thread.

use std::sync::Arc;

use tokio::time::Instant;

use crate::base::fault::{Point, guard, removed};
use crate::base::trace;
use crate::coordination::recursion;
use crate::coordination::single_flight::Entered;
use crate::coordination::single_flight::table::{Flight, Leadership};
use crate::coordination::single_flight::waiter::{Leader, Waiter, Woken};
use crate::core::outcome::Outcome;
use crate::model::config::SingleFlight;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::cached_error::shareable_error;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;

/// The next step of a call that missed memory.
pub(crate) enum NextStep {
    /// The call returns this answer without a run of the function's body.
    Return(Answer),
    /// The call computes. With a `Leader`, the call computes for all waiters of its flight. With
    /// `None`, the call computes for itself alone.
    Compute(Option<Leader<Outcome>>),
    /// The call waits for another call's computation, and then calls [`Call::resume_after_wait`].
    Wait(Waiter<Outcome>),
}

impl Call {
    /// Takes the first step of a call: joins the flight of the key, or becomes the leader of a new
    /// flight. `epochs` are the epochs on which the entry depends.
    pub(crate) fn join_flight(&self, ops: &ValueOps, epochs: &Epochs) -> NextStep {
        self.core.faults.at(Point::BeforeEnter);
        // The call has not waited yet, so its own start saves a reading of the clock.
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

    /// Makes this call, a refresh in the background, the leader of its key's flight, and returns
    /// `true` if that succeeds. Returns `false` if another call leads, or if refreshes of the key
    /// are paused. The flight is entered before the refresh is spawned, so that only one of any
    /// number of callers begins a refresh.
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

    /// Takes the next step of a call after a wait for another call's computation. `woken` is the
    /// result of the wait.
    pub(crate) fn resume_after_wait(
        &self,
        ops: &ValueOps,
        epochs: &Epochs,
        woken: Woken<Outcome>,
    ) -> NextStep {
        let start = Instant::now();
        match woken {
            Woken::Leader(lead) => return NextStep::Compute(Some(lead)),
            Woken::Settled(outcome, by) => {
                let answer = self.may_take_from(&by).then(|| self.accept(ops, &outcome));
                if let Some(answer) = answer.flatten() {
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

    /// Joins the flight of the call's key, or begins a flight that this call leads from `start` on.
    fn enter_flight(&self, epochs: &Epochs, start: Instant) -> Entered<Outcome> {
        let may_join = |flight: &Flight<Outcome>| {
            if self.force_refresh {
                match &self.refresh_scope {
                    // A computation outside of the scope takes inner values that are not computed
                    // anew.
                    Some(scope) => flight.recomputes_in(scope.number, self.began),
                    None => flight.recomputes_after(self.began),
                }
            } else {
                guard!(self.core, JoinThePast: flight.is_current(self.began))
            }
        };
        let flight_key = (&self.key, self.owner.id);
        self.core
            .flights
            .enter(flight_key, epochs, || self.leadership(start), may_join)
    }

    /// Returns `true` if this call may take a value that a call with the leadership `by` computed.
    /// A call that computes anew may not take the value of a plain call. A plain call leads the
    /// flight if the leader whom this call joined was dropped.
    fn may_take_from(&self, by: &Leadership) -> bool {
        !self.force_refresh
            || by.computes
                && match &self.refresh_scope {
                    Some(scope) => by.refresh_scope == scope.number,
                    None => by.number >= self.began,
                }
    }

    /// Makes this call the leader in place of a call that computed for too long. Returns the
    /// leadership. Returns `None` if another waiter became the leader first.
    fn take_over(&self, waiter: Waiter<Outcome>) -> Option<Leader<Outcome>> {
        self.owner.counts.lock_timeouts.bump();
        trace::lock_timed_out(&self.owner.name);
        let leadership = || self.leadership(Instant::now());
        let replaced = self.core.flights.replace(&waiter, leadership);
        drop(waiter);
        replaced
    }

    /// Returns `true` if the call waits for no other call, because the option is `single_flight =
    /// off`. Computations of a key may overlap in this case, and the first value is stored.
    pub(crate) fn never_waits(&self) -> bool {
        self.options.single_flight == Some(SingleFlight::Off)
    }
}

impl Call {
    /// Returns the answer to this call that `outcome`, the result of another call's computation,
    /// contains. Returns `None` if this call must not use `outcome`.
    pub(crate) fn accept(&self, ops: &ValueOps, outcome: &Outcome) -> Option<Answer> {
        let is_own = |stored: &MemoryEntry| {
            // At present, all calls of a flight have one owner. The check stays right if that
            // changes.
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
                // The value tags were not known when this call joined.
                let current =
                    stored.began >= self.began || stored.epochs.unchanged_since(stored.began);
                let door = || {
                    self.epochs(&EntryTags::default())
                        .unchanged_since(stored.began)
                };
                let current = current || (removed!(self.core, JoinersByDoor) && door());
                if !guard!(self.core, AcceptThePast: current) || !ops.answers(stored.shared()) {
                    return None;
                }
                self.remember_stale(stored);
                Answer::Entry(Arc::clone(stored))
            }
            // A fallback also answers a call that began after a soft invalidation of the value,
            // because one more computation would probably fail too.
            Outcome::Fallback(stored)
                if !self.force_refresh
                    && stored.is_valid_stale()
                    && ops.answers(stored.shared()) =>
            {
                self.remember_stale(stored);
                Answer::Entry(Arc::clone(stored))
            }
            Outcome::TimedOut(late) if ops.has_timeout_error => Answer::TimedOut(late.clone()),
            Outcome::Error(_) | Outcome::Fallback(_) | Outcome::TimedOut(_) => return None,
        };
        self.owner.counts.coalesced.bump();
        self.came_from(SourceTier::Waited);
        Some(answer)
    }
}
