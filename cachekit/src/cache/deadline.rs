//! The deadline of one computation.

use std::time::Duration;

use super::job::Job;
use crate::error::ComputeTimeout;
use crate::event;
use crate::fault::Fault;
use crate::plan::ValueOps;
use crate::runtime::has_timer;

impl Job {
    /// How long a computation may take, if that is bounded and there is an answer for one
    /// that takes longer.
    pub(super) fn deadline(&self, ops: &ValueOps) -> Option<Duration> {
        self.lives
            .timeout
            .filter(|_| ops.has_answer_in_time && has_timer())
            .filter(|_| !self.core.faults.has(Fault::NoDeadline))
    }

    /// A computation took longer than `limit`; what its callers are told.
    pub(super) fn timed_out(&self, limit: Duration) -> ComputeTimeout {
        self.owner.counts.timeouts.bump();
        event::timed_out(&self.owner.name, limit);
        ComputeTimeout::new(&self.owner.name, limit)
    }
}
