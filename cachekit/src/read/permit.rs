//! A computation's place among those that may run at once.
//!
//! It is taken as late as can be: when neither memory nor the store has the value, and before
//! the store is asked for the lease, so that who waits for a place keeps no other process
//! waiting. Who waits for another's lease has none meanwhile.

use crate::base::block_on::park_on;
use crate::base::fault::Fault;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::coordination::concurrency_limit::{Gate, Place};
use crate::coordination::recursion;
use crate::read::call::Call;

/// One call on its way through its function's gate.
pub(crate) struct Admission {
    /// `None`: everybody is let through.
    gate: Option<Gate>,
    place: Option<Place>,
    is_in: bool,
}

impl Call {
    pub(crate) fn admission(&self) -> Admission {
        let faults = self.core.faults;
        let bound = self.lives.bound.filter(|_| !faults.has(Fault::NoGate));
        let gate = bound.map(|bound| self.core.gates.gate(self.owner.id, bound));
        // A computation that needs another of its kind has a place for both: it would wait
        // for itself.
        let counts = |gate: &Gate| !recursion::passed(gate.id()) || faults.has(Fault::GateItself);
        Admission {
            gate: gate.filter(counts),
            place: None,
            is_in: false,
        }
    }
}

impl Admission {
    /// Which gate it is for; zero: none.
    pub(crate) fn gate_id(&self) -> usize {
        self.gate.as_ref().map_or(0, Gate::id)
    }

    /// Whether a place is at hand, or none is needed. Waits for nobody.
    pub(crate) fn try_enter(&mut self) -> bool {
        self.is_in = self.is_in
            || self.gate.as_ref().is_none_or(|gate| {
                self.place = gate.try_enter();
                self.place.is_some()
            });
        self.is_in
    }

    /// Waits for a place, for as long as the call still waits for others' computations. Then
    /// it goes on without one: computations that hang hold up nobody for longer.
    pub(crate) async fn enter(&mut self, call: &Call) {
        if self.try_enter() {
            return;
        }
        let Some(gate) = &self.gate else { return };
        self.place = if has_timer() {
            let entered = tokio::time::timeout(call.wait_budget().left(), gate.enter()).await;
            entered.unwrap_or_default()
        } else {
            gate.enter().await
        };
        self.entered(call);
    }

    /// [`enter`](Self::enter) for a synchronous caller: parks the thread.
    pub(crate) fn enter_blocking(&mut self, call: &Call) {
        if self.try_enter() {
            return;
        }
        let Some(gate) = &self.gate else { return };
        self.place = park_on(gate.enter(), call.wait_budget().left()).flatten();
        self.entered(call);
    }

    fn entered(&mut self, call: &Call) {
        self.is_in = true;
        if self.place.is_none() {
            call.owner.counts.overcrowded.bump();
            trace::overcrowded(&call.owner.name);
        }
    }

    /// Gives the place up: the call waits for another's computation first. Who went in
    /// without one does not line up again.
    pub(crate) fn step_out(&mut self, call: &Call) {
        if call.core.faults.has(Fault::PlaceWhileWaiting) {
            return;
        }
        if self.place.take().is_some() {
            self.is_in = false;
        }
    }

    /// Whether there is a place that is given up after some time.
    pub(crate) fn is_timed(&self, call: &Call) -> bool {
        self.place.is_some() && has_timer() && !call.core.faults.has(Fault::KeepPlace)
    }

    /// Whether a computation gives its place up when it is as old as `lock_timeout`: it may hang, and
    /// others go on without it. One whose caller is gone ends soon by itself; its place is not given to
    /// another before.
    pub(crate) fn gives_way(&self, call: &Call) -> bool {
        self.place.is_some() && (!call.caller_is_gone() || call.core.faults.has(Fault::LeavePlace))
    }

    /// Gives the place up, if there is one.
    pub(crate) fn give_up(&mut self) {
        self.place = None;
    }
}
