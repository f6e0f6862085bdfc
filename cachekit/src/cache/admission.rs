//! A computation's place among those that may run at once.
//!
//! It is taken as late as can be: when neither memory nor the store has the value, and before
//! the store is asked for the lease, so that who waits for a place keeps no other process
//! waiting. Who waits for another's lease has none meanwhile.

use std::pin::pin;

use super::job::Job;
use crate::chain;
use crate::event;
use crate::fault::Fault;
use crate::gates::{Gate, Place};
use crate::park::park_on;
use crate::runtime::has_timer;

/// One call on its way through its function's gate.
pub(super) struct Admission<'a> {
    job: &'a Job,
    /// `None`: everybody is let through.
    gate: Option<Gate>,
    place: Option<Place>,
    is_in: bool,
}

impl Job {
    pub(super) fn admission(&self) -> Admission<'_> {
        let faults = self.core.faults;
        let bound = self.lives.bound.filter(|_| !faults.has(Fault::NoGate));
        let gate = bound.map(|bound| self.core.gates.gate(self.owner.id, bound));
        // A computation that needs another of its kind has a place for both: it would wait
        // for itself.
        let counts = |gate: &Gate| !chain::passed(gate.id()) || faults.has(Fault::GateItself);
        Admission {
            job: self,
            gate: gate.filter(counts),
            place: None,
            is_in: false,
        }
    }
}

impl Admission<'_> {
    /// Which gate it is for; zero: none.
    pub(super) fn gate_id(&self) -> usize {
        self.gate.as_ref().map_or(0, Gate::id)
    }

    /// Whether a place is at hand, or none is needed. Waits for nobody.
    pub(super) fn try_enter(&mut self) -> bool {
        self.is_in = self.is_in
            || self.gate.as_ref().is_none_or(|gate| {
                self.place = gate.try_enter();
                self.place.is_some()
            });
        self.is_in
    }

    /// Waits for a place, for as long as the call still waits for others' computations. Then
    /// it goes on without one: computations that hang hold up nobody for longer.
    pub(super) async fn enter(&mut self) {
        if self.try_enter() {
            return;
        }
        let Some(gate) = &self.gate else { return };
        self.place = if has_timer() {
            let entered = tokio::time::timeout(self.job.patience().left(), gate.enter()).await;
            entered.unwrap_or_default()
        } else {
            gate.enter().await
        };
        self.entered();
    }

    /// [`enter`](Self::enter) for a synchronous caller: parks the thread.
    pub(super) fn enter_blocking(&mut self) {
        if self.try_enter() {
            return;
        }
        let Some(gate) = &self.gate else { return };
        self.place = park_on(gate.enter(), self.job.patience().left()).flatten();
        self.entered();
    }

    fn entered(&mut self) {
        self.is_in = true;
        if self.place.is_none() {
            self.job.owner.counts.overcrowded.bump();
            event::overcrowded(&self.job.owner.name);
        }
    }

    /// Gives the place up: the call waits for another's computation first. Who went in
    /// without one does not line up again.
    pub(super) fn step_out(&mut self) {
        if self.job.core.faults.has(Fault::PlaceWhileWaiting) {
            return;
        }
        if self.place.take().is_some() {
            self.is_in = false;
        }
    }

    /// Whether there is a place that is given up after some time.
    pub(super) fn is_timed(&self) -> bool {
        self.place.is_some() && has_timer() && !self.job.core.faults.has(Fault::KeepPlace)
    }

    /// Runs `body`, which has the place until it ends, or is as old as `lock_timeout`: it may
    /// hang, and others go on without it.
    pub(super) async fn hold<F: Future>(mut self, body: F) -> F::Output {
        if !self.is_timed() {
            return body.await;
        }
        let mut body = pin!(body);
        let mut over = pin!(tokio::time::sleep(self.job.lock_timeout()));
        std::future::poll_fn(|context| {
            let polled = body.as_mut().poll(context);
            if polled.is_pending()
                && self.place.is_some()
                && self.gives_way()
                && over.as_mut().poll(context).is_ready()
            {
                self.place = None;
            }
            polled
        })
        .await
    }

    /// A computation whose caller is gone ends soon by itself; its place is not given to another
    /// before.
    fn gives_way(&self) -> bool {
        !self.job.is_left() || self.job.core.faults.has(Fault::LeavePlace)
    }
}
