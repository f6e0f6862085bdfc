//! A call's way into the flight of its key, one step at a time: a task waits between steps as a task
//! does, and a thread as a thread.

use tokio::time::Instant;

use super::compute::Outcome;
use super::job::Job;
use crate::chain;
use crate::epoch::Epochs;
use crate::flight::{Entered, Lead, Seat, Woken};
use crate::plan::{Plan, Shape};

/// What a call does next.
pub(super) enum Way<R> {
    /// It ends with this.
    Ends(R),
    /// It computes: for everybody, or for itself alone.
    Computes(Option<Lead<Outcome>>),
    /// It waits for another's computation; then [`Job::way_on`].
    Waits(Seat<Outcome>),
}

impl Job {
    /// A call's first step. Entries hang on `epochs`.
    pub(super) fn way_in<S>(&self, epochs: &Epochs) -> Way<S::Ret>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        // Of a call that waits for nobody: one reading of the clock less.
        self.way_since::<S>(epochs, self.since)
    }

    fn way_since<S>(&self, epochs: &Epochs, start: Instant) -> Way<S::Ret>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        let seat = match self.enter(epochs, start) {
            Entered::Lead(lead) => return Way::Computes(Some(lead)),
            Entered::Wait(seat) => seat,
        };
        if let Some(ret) = self.kept::<S>() {
            return Way::Ends(ret);
        }
        if chain::leads(seat.flight_id()) || self.waits_for_nobody() {
            return Way::Computes(None);
        }
        Way::Waits(seat)
    }

    /// The step after a wait.
    pub(super) fn way_on<S>(
        &self,
        plan: Plan<S>,
        epochs: &Epochs,
        woken: Woken<Outcome>,
    ) -> Way<S::Ret>
    where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
    {
        let start = Instant::now();
        match woken {
            Woken::Lead(lead) => return Way::Computes(Some(lead)),
            Woken::Settled(outcome) => {
                if let Some(ret) = self.accept(plan, &outcome) {
                    return Way::Ends(ret);
                }
            }
            Woken::Grounded => {}
            Woken::TimedOut(seat) => {
                let lead = self.replace(seat);
                if lead.is_some() || self.patience().is_over() {
                    return Way::Computes(lead);
                }
            }
        }
        self.way_since::<S>(epochs, start)
    }
}
