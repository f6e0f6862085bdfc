//! The slow half of a call: memory could not answer.

use std::mem::take;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::admission::Admission;
use super::failed::with_error;
use super::fetch::Fetched;
use super::job::Job;
use super::read::{Trace, returned, returned_last};
use super::refresh::Leading;
use super::turn::{self, Access};
use super::way::Way;
use crate::chain;
use crate::config::Tier;
use crate::epoch::Epochs;
use crate::error::ComputeTimeout;
use crate::fault::Fault;
use crate::flight::Lead;
use crate::labels::Labels;
use crate::mortal::Mortal;
use crate::plan::{Plan, Shape};
use crate::runtime::has_timer;
use crate::stored::AnyStored;
use crate::sync::expect_no_lock;

/// What a flight ends with.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Value(Arc<AnyStored>),
    /// What is there, in the place of a computation that failed.
    Instead(Arc<AnyStored>),
    Error(Mortal),
    /// The same, which is remembered.
    Failed(Arc<AnyStored>),
    /// Nothing within its `timeout`.
    Late(ComputeTimeout),
}

impl Outcome {
    /// Takes it out of use, if it is about to be stored.
    pub(super) fn kill(&self) {
        if let Self::Value(stored) | Self::Failed(stored) = self {
            stored.kill();
        }
    }
}

/// What an entry is known to hang on.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) labels: Labels,
    /// Theirs, the function's and the cache's.
    pub(super) epochs: Epochs,
}

/// Answers `job` by another's computation or its own.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the computation to the next waiter, if there is
/// one, and leaves nothing behind.
///
/// Callers box the future, so that one that hits does not carry the state of all this around.
/// It is kept below a kilobyte (what is needed seldom is boxed inside): a greater one costs the
/// allocator as much as all the rest, and there may be as many as there are callers.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps its arguments twice"
)]
pub(crate) fn compute<S, A, F, Fut>(
    mut job: Box<Job>,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: F,
) -> impl Future<Output = S::Ret>
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
    F: FnOnce() -> Fut,
    Fut: Future<Output = S::Ret>,
{
    async move {
        job.count_miss();
        let epochs = job.epochs(&labels);
        let mut known = Known { labels, epochs };
        let mut way = match job.lead.take() {
            Some(lead) => Way::Computes(Some(lead)),
            None => job.way_in::<S>(&known.epochs),
        };
        let lead = loop {
            let seat = match way {
                Way::Ends(ret) => return ret,
                Way::Computes(lead) => break lead,
                Way::Waits(seat) => seat,
            };
            let limit = has_timer().then(|| job.patience().limit(&seat));
            let woken = seat.wait(limit, || job.leadership(Instant::now())).await;
            way = job.way_on(plan, &known.epochs, woken);
        };
        match lead {
            Some(lead) => job.lead(lead, &plan, &mut known, after, body).await,
            None => Box::pin(job.alone(&plan, body)).await,
        }
    }
}

impl Job {
    /// Computes for everybody who waits.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` keeps its arguments twice"
    )]
    fn lead<S, A, F, Fut>(
        &self,
        lead: Lead<Outcome>,
        plan: &Plan<S>,
        known: &mut Known,
        after: A,
        body: F,
    ) -> impl Future<Output = S::Ret>
    where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
        A: FnOnce(&S::Value, &mut Labels),
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        async move {
            let _leading = Leading(self);
            if let Some((stored, ret)) = self.second_look::<S>() {
                lead.settle(Outcome::Value(stored), || {});
                return ret;
            }
            if let Some((failed, ret)) = self.second_failure(*plan) {
                lead.settle(Outcome::Failed(failed), || {});
                return ret;
            }
            let began = lead.leadership.moment;
            let mut admission = self.admission();
            self.board(&lead);
            let access = if let Some(access) = self.unasked() {
                access
            } else {
                let fetched = self.fetch(plan, known, began, &mut admission);
                match Box::pin(fetched).await {
                    Fetched::Hit(stored) => {
                        self.refreshed(true);
                        self.land(lead, Arc::clone(&stored));
                        return returned_last::<S>(stored);
                    }
                    // Who waits here may have begun after an invalidation of what this call has.
                    Fetched::Kept(ret) => return ret,
                    Fetched::Old(stored, ret, advance) => {
                        // Others who wait are given it now; then it is computed again.
                        self.land(lead, Arc::clone(&stored));
                        let Some(job) = self.again(&stored, advance) else {
                            return ret;
                        };
                        let (job, labels) = (Box::new(job), take(&mut known.labels));
                        return Box::pin(compute(job, *plan, labels, after, body)).await;
                    }
                    Fetched::Compute(access) => access,
                }
            };
            if self.old.is_none()
                && !matches!(access, Access::Granted(_))
                && let Some((stored, ret)) = self.unconfirmed::<S>()
            {
                lead.settle(Outcome::Value(stored), || {});
                return ret;
            }
            let ret = {
                let body = pin!(self.run(plan, admission, lead.flight_id(), body));
                turn::keeping(access.turn(), body, self.lock_timeout()).await
            };
            let (ret, took) = ret;
            match ret {
                Ok(ret) => self.conclude(lead, *plan, take(known), after, ret, (access, took)),
                Err(late) => self.conclude_late(lead, *plan, late, access),
            }
        }
    }

    /// Between the miss and the flight another leader may have stored.
    pub(super) fn second_look<S>(&self) -> Option<(Arc<AnyStored>, S::Ret)>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        if self.fresh || self.core.faults.has(Fault::NoSecondLook) {
            return None;
        }
        if self.lives.tier == Tier::Redis {
            // There is nothing of it.
            return None;
        }
        if self.seen.is_some_and(|seen| self.core.memory.is_as(seen)) {
            // Nothing was stored since.
            return None;
        }
        let stored = self.core.peek(&self.key, self.owner.id)?;
        if self.is_due_too(&stored) {
            return None;
        }
        let ret = returned::<S>(&stored)?;
        self.owner.counts.coalesced.bump();
        Some((stored, ret))
    }

    /// What memory has and nobody could be asked for, if the cache goes on with that.
    fn unconfirmed<S>(&self) -> Option<(Arc<AnyStored>, S::Ret)>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        if self.fresh || self.trace != Trace::Unknown {
            return None;
        }
        let stored = self.core.peek_unconfirmed(&self.key, self.owner.id)?;
        let ret = returned::<S>(&stored)?;
        self.owner.counts.memory_hits.bump();
        Some((stored, ret))
    }

    /// Another's result, if this call may have it.
    pub(super) fn accept<S>(&self, plan: Plan<S>, outcome: &Outcome) -> Option<S::Ret>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        let is_own = |stored: &AnyStored| {
            // A flight has one owner: this is for whoever changes that.
            stored.owner.id == self.owner.id || self.core.faults.has(Fault::JoinAnother)
        };
        let ret = match outcome {
            Outcome::Value(stored) | Outcome::Failed(stored) | Outcome::Instead(stored)
                if !is_own(stored) =>
            {
                return None;
            }
            Outcome::Error(error) => S::err(plan.copy(error.shared())?),
            Outcome::Failed(stored) => with_error::<S>(plan.copier(), stored)?,
            Outcome::Value(stored) => {
                // Tags made from the value were not known when this call joined.
                let current = stored.began >= self.began
                    || stored.epochs.unmoved_since(stored.began)
                    || self.core.faults.has(Fault::AcceptThePast);
                if !current {
                    return None;
                }
                returned::<S>(stored)?
            }
            // Also for who began after a soft invalidation of it: to compute once more gives
            // nothing better at once.
            Outcome::Instead(stored) if !self.fresh && stored.is_valid_late(self.core.faults) => {
                returned::<S>(stored)?
            }
            Outcome::Instead(_) => return None,
            Outcome::Late(late) => Self::out_of_time(plan, late)?,
        };
        self.owner.counts.coalesced.bump();
        Some(ret)
    }

    /// Computes for this caller only; the result is not stored.
    async fn alone<S, F, Fut>(&self, plan: &Plan<S>, body: F) -> S::Ret
    where
        S: Shape,
        S::Value: Clone + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        match self.run(plan, self.admission(), 0, body).await.0 {
            Ok(ret) => self.rescued::<S>(ret),
            Err(late) => match self.rescue::<S>() {
                Some((_, ret)) => ret,
                None => Self::answer_late(*plan, &late),
            },
        }
    }

    /// Runs `body`, when there is a place for it and for as long as it may take, as the
    /// computation of `flight`; and how long it took.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` keeps its arguments twice"
    )]
    fn run<S, F, Fut>(
        &self,
        plan: &Plan<S>,
        mut admission: Admission<'_>,
        flight: usize,
        body: F,
    ) -> impl Future<Output = (Result<S::Ret, ComputeTimeout>, Duration)>
    where
        S: Shape,
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        async move {
            if !admission.try_enter() {
                Box::pin(admission.enter()).await;
            }
            self.count_computation();
            if flight != 0 {
                self.sets_out();
            }
            expect_no_lock();
            let body = chain::leading(flight, admission.gate_id(), Box::pin(body()));
            let start = self.core.clock.now();
            let ended = if admission.is_timed() || self.deadline(*plan).is_some() {
                Box::pin(admission.hold(self.in_time(*plan, body))).await
            } else {
                Ok(body.await)
            };
            (ended, self.core.clock.now().saturating_sub(start))
        }
    }
}
