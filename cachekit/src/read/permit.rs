//! The permit of a computation, one of the `max_computations` permits of its function.
//!
//! A call acquires its permit as late as possible: when neither memory nor L2 has the value, and
//! before the lease is requested, so that a call that waits for a permit keeps no other process
//! waiting. A call that waits for another process's lease has no permit.

use crate::base::block_on::block_on;
use crate::base::fault::{guard, removed};
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::coordination::concurrency_limit::{ConcurrencyLimit, Permit};
use crate::coordination::recursion;
use crate::read::call::Call;

/// The permit of one call to compute, or the call's attempt to get a permit under the function's
/// concurrency limit.
pub(crate) struct ComputePermit {
    /// Limit of the function's concurrent computations. `None` if no limit applies to this
    /// computation.
    limit: Option<ConcurrencyLimit>,
    permit: Option<Permit>,
    is_admitted: bool,
}

impl Call {
    /// Returns the call's permit to compute, which the call must still acquire.
    pub(crate) fn compute_permit(&self) -> ComputePermit {
        let bound = self.options.bound.filter(|_| !removed!(self.core, NoGate));
        let limit = bound.map(|bound| self.core.concurrency_limits.limit(self.owner.id, bound));
        // A computation that calls a function under the same limit has one permit for both
        // computations. With a second permit, the inner computation would wait for the outer
        // computation, and never end.
        let counts = |limit: &ConcurrencyLimit| guard!(self.core, GateItself: !recursion::holds_permit(limit.id()));
        ComputePermit {
            limit: limit.filter(counts),
            permit: None,
            is_admitted: false,
        }
    }
}

impl ComputePermit {
    /// Returns the id of the function's concurrency limit. Returns zero if no limit applies.
    pub(crate) fn limit_id(&self) -> usize {
        self.limit.as_ref().map_or(0, ConcurrencyLimit::id)
    }

    /// Returns `true` if the call has a permit to compute, gets a free permit now, or needs no
    /// permit. Returns `false` if all permits are taken. Never waits.
    pub(crate) fn try_acquire(&mut self) -> bool {
        self.is_admitted = self.is_admitted
            || self.limit.as_ref().is_none_or(|limit| {
                self.permit = limit.try_acquire();
                self.permit.is_some()
            });
        self.is_admitted
    }

    /// Waits for a permit to compute. The call's waits for permits and for other calls'
    /// computations last for `lock_timeout` at most, all together. After that time, the call
    /// computes without a permit, so that a computation that hangs delays no call for longer.
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

    /// Waits for a permit as [`acquire`](Self::acquire) does, for a synchronous caller: parks the
    /// thread instead of waiting as a task.
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

    /// Releases the permit to compute, because the call first waits for another process's
    /// computation. If the call was allowed to compute without a permit, the call does not wait for
    /// a permit again.
    pub(crate) fn release_while_waiting(&mut self, call: &Call) {
        if removed!(call.core, PlaceWhileWaiting) {
            return;
        }
        if self.permit.take().is_some() {
            self.is_admitted = false;
        }
    }

    /// Returns `true` if the computation has a permit that is to be released when the computation
    /// is as old as `lock_timeout` (the longest wait of other calls for it).
    pub(crate) fn is_time_limited(&self, call: &Call) -> bool {
        self.permit.is_some() && has_timer() && !removed!(call.core, KeepPlace)
    }

    /// Returns `true` if this computation releases its permit when it is as old as `lock_timeout`
    /// (the longest wait of other calls for it). The computation may hang at that age, and other
    /// calls can compute. A computation whose caller was dropped ends soon by itself, and keeps its
    /// permit until its end.
    pub(crate) fn may_release(&self, call: &Call) -> bool {
        self.permit.is_some() && guard!(call.core, LeavePlace: !call.caller_is_gone())
    }

    /// Releases the computation's permit. Does nothing if the computation has no permit.
    pub(crate) fn release(&mut self) {
        self.permit = None;
    }
}
