//! A computation's permit among those that may run at once.
//!
//! It is taken as late as can be: when neither memory nor the store has the value, and before
//! the store is asked for the lease, so that who waits for a permit keeps no other process
//! waiting. Who waits for another's lease has none meanwhile.

use crate::base::block_on::block_on;
use crate::base::fault::{guard, removed};
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::coordination::concurrency_limit::{ConcurrencyLimit, Permit};
use crate::coordination::recursion;
use crate::read::call::Call;

/// One call on its way through its function's gate.
pub(crate) struct ComputePermit {
    /// `None`: everybody is let through.
    limit: Option<ConcurrencyLimit>,
    permit: Option<Permit>,
    is_admitted: bool,
}

impl Call {
    pub(crate) fn compute_permit(&self) -> ComputePermit {
        let bound = self.options.bound.filter(|_| !removed!(self.core, NoGate));
        let limit = bound.map(|bound| self.core.concurrency_limits.limit(self.owner.id, bound));
        // A computation that needs another of its kind has a permit for both: it would wait
        // for itself.
        let counts = |limit: &ConcurrencyLimit| guard!(self.core, GateItself: !recursion::holds_permit(limit.id()));
        ComputePermit {
            limit: limit.filter(counts),
            permit: None,
            is_admitted: false,
        }
    }
}

impl ComputePermit {
    /// Which gate it is for; zero: none.
    pub(crate) fn limit_id(&self) -> usize {
        self.limit.as_ref().map_or(0, ConcurrencyLimit::id)
    }

    /// Whether a permit is at hand, or none is needed. Waits for nobody.
    pub(crate) fn try_acquire(&mut self) -> bool {
        self.is_admitted = self.is_admitted
            || self.limit.as_ref().is_none_or(|limit| {
                self.permit = limit.try_acquire();
                self.permit.is_some()
            });
        self.is_admitted
    }

    /// Waits for a permit, for as long as the call still waits for others' computations. Then
    /// it goes on without one: computations that hang hold up nobody for longer.
    pub(crate) async fn acquire(&mut self, call: &Call) {
        if self.try_acquire() {
            return;
        }
        let Some(limit) = &self.limit else { return };
        self.permit = if has_timer() {
            let entered = tokio::time::timeout(call.wait_budget().left(), limit.acquire()).await;
            entered.unwrap_or_default()
        } else {
            limit.acquire().await
        };
        self.note_acquired(call);
    }

    /// [`acquire`](Self::acquire) for a synchronous caller: parks the thread.
    pub(crate) fn acquire_blocking(&mut self, call: &Call) {
        if self.try_acquire() {
            return;
        }
        let Some(limit) = &self.limit else { return };
        self.permit = block_on(limit.acquire(), call.wait_budget().left()).flatten();
        self.note_acquired(call);
    }

    fn note_acquired(&mut self, call: &Call) {
        self.is_admitted = true;
        if self.permit.is_none() {
            call.owner.counts.over_limit.bump();
            trace::over_limit(&call.owner.name);
        }
    }

    /// Gives the permit up: the call waits for another's computation first. Who went in
    /// without one does not line up again.
    pub(crate) fn release_while_waiting(&mut self, call: &Call) {
        if removed!(call.core, PlaceWhileWaiting) {
            return;
        }
        if self.permit.take().is_some() {
            self.is_admitted = false;
        }
    }

    /// Whether there is a permit that is given up after some time.
    pub(crate) fn is_time_limited(&self, call: &Call) -> bool {
        self.permit.is_some() && has_timer() && !removed!(call.core, KeepPlace)
    }

    /// Whether a computation gives its permit up when it is as old as `lock_timeout`: it may hang, and
    /// others go on without it. One whose caller is gone ends soon by itself; its permit is not given to
    /// another before.
    pub(crate) fn may_release(&self, call: &Call) -> bool {
        self.permit.is_some() && guard!(call.core, LeavePlace: !call.caller_is_gone())
    }

    /// Gives the permit up, if there is one.
    pub(crate) fn release(&mut self) {
        self.permit = None;
    }
}
