//! The slow half of a call of a synchronous function.
//!
//! It is the asynchronous one with its waits on a parked thread. Whom such a caller waits
//! for runs on another thread, for a body that never yields, so parking cannot keep that
//! one from going on.

use super::compute::{Job, Outcome};
use super::turn::Access;
use crate::chain;
use crate::flight::{Entered, Woken};
use crate::labels::Labels;
use crate::plan::{Plan, Shape};

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
    let patience = job.patience();
    let lead = loop {
        let seat = match job.enter(&epochs) {
            Entered::Lead(lead) => break Some(lead),
            Entered::Wait(seat) => seat,
        };
        if let Some(ret) = job.kept::<S>() {
            return ret;
        }
        if chain::leads(seat.flight_id()) || job.waits_for_nobody() {
            break None;
        }
        let limit = patience.limit(&seat);
        match seat.wait_blocking(limit, || job.leadership()) {
            Woken::Lead(lead) => break Some(lead),
            Woken::Settled(outcome) => {
                if let Some(ret) = job.accept(plan, &outcome) {
                    return ret;
                }
            }
            Woken::Grounded => {}
            Woken::TimedOut(seat) => {
                let lead = job.replace(seat);
                if lead.is_some() || patience.is_over() {
                    break lead;
                }
            }
        }
    };
    let Some(lead) = lead else {
        job.owner.counts.computations.bump();
        return job.rescued::<S>(body());
    };
    if let Some((stored, ret)) = job.second_look::<S>() {
        lead.settle(Outcome::Value(stored), || {});
        return ret;
    }
    job.count_computation();
    let start = job.core.clock.now();
    let ret = chain::leading_blocking(lead.flight_id(), body);
    let took = job.core.clock.now().saturating_sub(start);
    job.conclude(lead, plan, labels, after, ret, (Access::None, took))
}
