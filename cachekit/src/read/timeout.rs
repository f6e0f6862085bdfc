//! The time limit of a cached function's computation (`timeout`).

use std::time::Duration;

use crate::base::error::ComputeTimeout;
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;

impl Call {
    /// Returns the time limit of a computation (`timeout`). Returns `None` if no limit is set, if
    /// the function cannot return a timeout error, or if the runtime has no timer.
    pub(crate) fn compute_timeout(&self, ops: &ValueOps) -> Option<Duration> {
        self.options
            .timeout
            .filter(|_| ops.has_timeout_error && has_timer())
            .filter(|_| !removed!(self.core, NoDeadline))
    }

    /// Counts and logs a computation that took longer than `limit`, and returns the timeout error
    /// for its callers.
    pub(crate) fn timeout_result(&self, limit: Duration) -> ComputeTimeout {
        self.owner.counts.timeouts.bump();
        trace::timed_out(&self.owner.name, limit);
        ComputeTimeout::new(&self.owner.name, limit)
    }
}
