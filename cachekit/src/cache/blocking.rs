//! The slow half of a call of a synchronous function.
//!
//! It is the asynchronous one with its waits on a parked thread. Whom such a caller waits
//! for runs on another thread, for a body that never yields, so parking cannot keep that
//! one from going on.

use std::time::Duration;

use tokio::time::Instant;

use super::compute::{Known, Outcome};
use super::job::Job;
use super::refresh::Leading;
use super::turn::Access;
use super::way::Way;
use crate::chain;
use crate::labels::Labels;
use crate::plan::{Plan, Shape};
use crate::sync::expect_no_lock;

/// Answers `job` by another's computation or its own.
pub(crate) fn compute_blocking<S, A>(
    job: &Job,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
{
    job.count_miss();
    let epochs = job.epochs(&labels);
    let known = Known { labels, epochs };
    let mut way = job.way_in::<S>(&known.epochs);
    let lead = loop {
        let seat = match way {
            Way::Ends(ret) => return ret,
            Way::Computes(lead) => break lead,
            Way::Waits(seat) => seat,
        };
        let limit = job.patience().limit(&seat);
        let woken = seat.wait_blocking(limit, || job.leadership(Instant::now()));
        way = job.way_on(plan, &known.epochs, woken);
    };
    let Some(lead) = lead else {
        return job.rescued::<S>(job.run_blocking(0, body).0);
    };
    let _leading = Leading(job);
    if let Some((stored, ret)) = job.second_look::<S>() {
        lead.settle(Outcome::Value(stored), || {});
        return ret;
    }
    if let Some((failed, ret)) = job.second_failure(plan) {
        lead.settle(Outcome::Failed(failed), || {});
        return ret;
    }
    let (ret, took) = job.run_blocking(lead.flight_id(), body);
    job.conclude(lead, plan, known, after, ret, (Access::None, took))
}

impl Job {
    /// Runs `body`, when there is a place for it, as the computation of `flight`; and how long
    /// it took.
    fn run_blocking<T>(&self, flight: usize, body: impl FnOnce() -> T) -> (T, Duration) {
        // Held to the end: a thread cannot do anything else meanwhile.
        let mut admission = self.admission();
        admission.enter_blocking();
        self.count_computation();
        expect_no_lock();
        let start = self.core.clock.now();
        let ret = chain::leading_blocking(flight, admission.gate_id(), body);
        (ret, self.core.clock.now().saturating_sub(start))
    }
}
