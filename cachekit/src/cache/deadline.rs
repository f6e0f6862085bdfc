//! The deadline of one computation.

use std::time::Duration;

use super::compute::Outcome;
use super::job::Job;
use super::turn::Access;
use crate::error::ComputeTimeout;
use crate::event;
use crate::fault::Fault;
use crate::flight::Lead;
use crate::plan::{Plan, Shape};
use crate::runtime::has_timer;

impl Job {
    /// Runs `body` for as long as a computation may take, and drops it then.
    pub(super) async fn in_time<S, F>(
        &self,
        plan: Plan<S>,
        body: F,
    ) -> Result<F::Output, ComputeTimeout>
    where
        S: Shape,
        F: Future,
    {
        let Some(timeout) = self.deadline(plan) else {
            return Ok(body.await);
        };
        let ended = tokio::time::timeout(timeout, body).await;
        ended.map_err(|_| {
            self.owner.counts.timeouts.bump();
            event::timed_out(&self.owner.name, timeout);
            ComputeTimeout::new(&self.owner.name, timeout)
        })
    }

    /// How long a computation may take, if that is bounded and there is an answer for one
    /// that takes longer.
    pub(super) fn deadline<S: Shape>(&self, plan: Plan<S>) -> Option<Duration> {
        self.lives
            .timeout
            .filter(|_| plan.has_answer_in_time() && has_timer())
            .filter(|_| !self.core.faults.has(Fault::NoDeadline))
    }

    /// What a call gets in the place of a computation, its own or another's, that took too
    /// long; `None`: it has no answer for that.
    pub(super) fn out_of_time<S: Shape>(plan: Plan<S>, late: &ComputeTimeout) -> Option<S::Ret> {
        plan.out_of_time(late).map(S::err)
    }

    /// What a leader owes after its computation was dropped: everybody who waits is answered
    /// now, not after as long again, and the next call computes.
    ///
    /// Where an old value may be served in the place of a failure, everybody gets that.
    pub(super) fn conclude_late<S>(
        &self,
        lead: Lead<Outcome>,
        plan: Plan<S>,
        late: ComputeTimeout,
        access: Access,
    ) -> S::Ret
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        self.refreshed(false);
        // Frees the lease.
        drop(access);
        if let Some((stored, ret)) = self.rescue::<S>() {
            lead.settle(Outcome::Instead(stored), || {});
            return ret;
        }
        let ret = Self::answer_late(plan, &late);
        lead.settle(Outcome::Late(late), || {});
        ret
    }

    /// [`out_of_time`](Self::out_of_time) for who was bounded, and so has an answer.
    pub(super) fn answer_late<S: Shape>(plan: Plan<S>, late: &ComputeTimeout) -> S::Ret {
        Self::out_of_time(plan, late)
            .unwrap_or_else(|| unreachable!("a deadline without an answer"))
    }
}
