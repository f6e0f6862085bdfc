//! The deadline of one computation.

use std::time::Duration;

use crate::base::error::ComputeTimeout;
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::read::call::Call;
use crate::return_type::erased_ops::ValueOps;

impl Call {
    /// How long a computation may take, if that is bounded and there is an answer for one
    /// that takes longer.
    pub(crate) fn compute_timeout(&self, ops: &ValueOps) -> Option<Duration> {
        self.options
            .timeout
            .filter(|_| ops.has_timeout_error && has_timer())
            .filter(|_| !removed!(self.core, NoDeadline))
    }

    /// A computation took longer than `limit`; what its callers are told.
    pub(crate) fn timeout_result(&self, limit: Duration) -> ComputeTimeout {
        self.owner.counts.timeouts.bump();
        trace::timed_out(&self.owner.name, limit);
        ComputeTimeout::new(&self.owner.name, limit)
    }
}
