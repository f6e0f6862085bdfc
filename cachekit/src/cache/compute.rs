//! The slow half of a call: memory could not answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::read::returned;
use super::store::Value;
use super::{Cache, Core};
use crate::chain;
use crate::epoch::{Epochs, Moment};
use crate::event;
use crate::fault::{Fault, Point};
use crate::flight::{Entered, Flight, Lead, Leadership, Seat, Woken};
use crate::key::Key;
use crate::labels::Labels;
use crate::owner::Owner;
use crate::plan::{Fallible, Plain, Plan, Shape, SharedError, Split};
use crate::policy::{Lives, Policy};
use crate::stored::AnyStored;

/// What a flight ends with.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Value(Arc<AnyStored>),
    Error(SharedError),
}

impl Outcome {
    /// Takes it out of use, if it is about to be stored.
    pub(super) fn kill(&self) {
        if let Self::Value(stored) = self {
            stored.kill();
        }
    }
}

/// One call that missed.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) lives: Lives,
    /// When the call began: nothing older may answer it that was invalidated before.
    pub(crate) began: Moment,
    /// Recompute although memory could answer.
    pub(crate) fresh: bool,
}

/// Answers `job` by another's computation or its own.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the computation to the next waiter, if there is
/// one, and leaves nothing behind.
pub(crate) async fn compute<S, A, F, Fut>(
    job: Job,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: F,
) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
    F: FnOnce() -> Fut,
    Fut: Future<Output = S::Ret>,
{
    job.owner.counts.misses.bump();
    job.core.faults.at(Point::BeforeEnter);
    let epochs = job.epochs(&labels);
    let patience = Patience::new(job.core.config.lock_timeout);
    loop {
        let seat = match job.enter(&epochs) {
            Entered::Lead(lead) => return job.lead(lead, plan, labels, after, body).await,
            Entered::Wait(seat) => seat,
        };
        if chain::leads(seat.flight_id()) {
            drop(seat);
            return job.alone::<S, _, _>(body).await;
        }
        let limit = patience.limit(&seat);
        match seat.wait(limit, || job.leadership()).await {
            Woken::Lead(lead) => return job.lead(lead, plan, labels, after, body).await,
            Woken::Settled(outcome) => {
                if let Some(ret) = job.accept(plan, &outcome) {
                    return ret;
                }
            }
            Woken::Grounded => {}
            Woken::TimedOut(seat) => {
                job.owner.counts.lock_timeouts.bump();
                event::lock_timed_out(&job.owner.name);
                let replaced = job.core.flights.replace(&seat, || job.leadership());
                drop(seat);
                if let Some(lead) = replaced {
                    return job.lead(lead, plan, labels, after, body).await;
                }
                if patience.is_over() {
                    return job.alone::<S, _, _>(body).await;
                }
            }
        }
    }
}

impl Job {
    fn enter(&self, epochs: &Epochs) -> Entered<Outcome> {
        let may_join = |flight: &Flight<Outcome>| {
            if self.fresh {
                flight.began_after(self.began)
            } else {
                flight.is_current(self.began) || self.core.faults.has(Fault::JoinThePast)
            }
        };
        self.core
            .flights
            .enter(&self.key, epochs, || self.leadership(), may_join)
    }

    fn leadership(&self) -> Leadership {
        Leadership {
            moment: self.core.tags.now(),
            start: Instant::now(),
        }
    }

    /// What the value is known to hang on before it is computed.
    fn epochs(&self, labels: &Labels) -> Epochs {
        self.core.epochs(&self.owner, labels)
    }

    /// Computes for everybody who waits.
    async fn lead<S, A, F, Fut>(
        &self,
        lead: Lead<Outcome>,
        plan: Plan<S>,
        mut labels: Labels,
        after: A,
        body: F,
    ) -> S::Ret
    where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
        A: FnOnce(&S::Value, &mut Labels),
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        if let Some((stored, ret)) = self.second_look::<S>() {
            lead.settle(Outcome::Value(stored), || {});
            return ret;
        }
        self.owner.counts.computations.bump();
        // Boxed, so that a caller that hits does not carry the body's state around.
        let ret = chain::leading(lead.flight_id(), Box::pin(body())).await;
        match S::split(ret) {
            Split::Some(value) => {
                after(&value, &mut labels);
                let ret = S::some(value.clone());
                let heap = plan.weigh(&value);
                self.settle(
                    lead,
                    &labels,
                    Value {
                        value: Some(value),
                        heap,
                    },
                );
                ret
            }
            Split::None => {
                self.settle(
                    lead,
                    &labels,
                    Value::<S::Value> {
                        value: None,
                        heap: 0,
                    },
                );
                // A shape that can be split into `None` can be made of it.
                S::none().unwrap_or_else(|| unreachable!("an absence without a form"))
            }
            Split::Err(error) => {
                self.owner.counts.errors.bump();
                match plan.share(&error) {
                    Some(shared) => {
                        lead.settle(Outcome::Error(shared), || {});
                    }
                    None => lead.leave_wider(),
                }
                S::err(error)
            }
        }
    }

    /// Between the miss and the flight another leader may have stored.
    fn second_look<S>(&self) -> Option<(Arc<AnyStored>, S::Ret)>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        if self.fresh || self.core.faults.has(Fault::NoSecondLook) {
            return None;
        }
        let stored = self.core.peek(&self.key, self.owner.id)?;
        let ret = returned::<S>(&stored)?;
        self.owner.counts.coalesced.bump();
        Some((stored, ret))
    }

    fn settle<V>(&self, lead: Lead<Outcome>, labels: &Labels, value: Value<V>)
    where
        V: Clone + Send + Sync + 'static,
    {
        let core = &self.core;
        let mut began = lead.leadership.moment;
        if core.faults.has(Fault::EpochsAfterCompute) {
            began = core.tags.now();
        }
        let ttl = core.ttl(self.lives, labels, value.value.is_some());
        let stored = core.stored(&self.owner, &self.key, began, labels, ttl, value);
        let wanted = ttl.is_some();
        let keep = wanted && stored.is_valid(core.faults);
        let landed = lead.settle(Outcome::Value(Arc::clone(&stored)), || {
            if keep {
                core.insert(&self.key, stored);
            }
        });
        if keep && landed {
            self.owner.counts.stores.bump();
        } else if wanted {
            self.owner.counts.refused_stores.bump();
            event::store_refused(&self.owner.name, &self.key);
        }
    }

    /// Another's result, if this call may have it.
    fn accept<S>(&self, plan: Plan<S>, outcome: &Outcome) -> Option<S::Ret>
    where
        S: Shape,
        S::Value: Clone + 'static,
    {
        let ret = match outcome {
            Outcome::Error(error) => S::err(plan.copy(error)?),
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
        };
        self.owner.counts.coalesced.bump();
        Some(ret)
    }

    /// Computes for this caller only; the result is not stored.
    async fn alone<S, F, Fut>(&self, body: F) -> S::Ret
    where
        S: Shape,
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        self.owner.counts.computations.bump();
        Box::pin(body()).await
    }
}

/// How long one call waits for others, in all.
struct Patience {
    start: Instant,
    lock_timeout: Duration,
}

impl Patience {
    fn new(lock_timeout: Duration) -> Self {
        Self {
            start: Instant::now(),
            lock_timeout,
        }
    }

    /// For the next wait: what is left of this call's own time, and no longer than until
    /// the computation waited for is as old as that.
    fn limit(&self, seat: &Seat<Outcome>) -> Option<Duration> {
        // Outside a tokio runtime there is no timer.
        tokio::runtime::Handle::try_current().ok()?;
        let own = self.lock_timeout.saturating_sub(self.start.elapsed());
        Some(own.min(self.lock_timeout.saturating_sub(seat.age())))
    }

    fn is_over(&self) -> bool {
        self.start.elapsed() >= self.lock_timeout
    }
}

impl Cache {
    /// The value under `key`, else what `compute` gives, which is then stored.
    ///
    /// Of callers that miss at the same time one computes; the others get its value. A
    /// value whose key, tags or cache was invalidated while it was computed is returned
    /// but not stored.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future hands the computation to the next waiter, with its own `compute`.
    ///
    /// # Panics
    ///
    /// If `compute` panics, the panic is the caller's; waiters go on as after a
    /// cancellation.
    pub async fn get_or_compute<V, F, Fut>(&self, key: &str, policy: &Policy, compute: F) -> V
    where
        V: Clone + Send + Sync + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        self.direct(key, policy, Plan::<Plain<V>>::plain(), compute)
            .await
    }

    /// [`get_or_compute`](Self::get_or_compute) for a computation that can fail.
    ///
    /// # Errors
    ///
    /// Those of `compute`. They are never stored, and not shared: after an error the
    /// waiters try by themselves, a bounded number at a time.
    pub async fn try_get_or_compute<V, E, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        compute: F,
    ) -> Result<V, E>
    where
        V: Clone + Send + Sync + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
    {
        self.direct(key, policy, Plan::<Fallible<V, E>>::plain(), compute)
            .await
    }

    async fn direct<S, F, Fut>(&self, key: &str, policy: &Policy, plan: Plan<S>, body: F) -> S::Ret
    where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        let owner = self.core.direct_owner();
        if !self.core.config.enabled {
            owner.counts.bypassed.bump();
            return body().await;
        }
        if let Some(ret) = self.core.hit::<S>(key.as_bytes(), owner.id) {
            return ret;
        }
        let job = Job {
            core: Arc::clone(&self.core),
            owner,
            key: Key::new(key.as_bytes()),
            lives: Lives::from(policy),
            began: self.core.tags.now(),
            fresh: false,
        };
        compute(job, plan, Labels::from(policy), |_, _| {}, body).await
    }
}
