//! The sequence of a miss: every step between a look-up in memory that gave no answer and the body.
//!
//! 1. Join the key's flight (single-flight), and wait while another call leads it.
//! 2. As the leader, look into memory again: another leader may have stored the entry meanwhile.
//! 3. Look the entry up in L2, and wait while another process computes it.
//! 4. If L2 could not be asked, serve the entry in memory, if `on_disconnect` allows it.
//! 5. Acquire a permit, if the function limits its concurrent computations.
//! 6. If a write-behind function writes the entry, look for a queued write, whose value is newer.
//! 7. Run the body.
//!
//! Each step may end the call with an answer. The sequence is compiled once and not for every
//! function: it handles entries whose values have any type, and asks [`ValueOps`] about those
//! values. [`typed_call`](crate::read::typed_call) is compiled for each function: it runs the body,
//! and converts an [`Answer`] into the function's return type.

use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease::LeaseState;
use crate::base::runtime::has_timer;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::outcome::{Dependencies, Outcome};
use crate::core::queues::queue_of;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::call::Call;
use crate::read::join_flight::NextStep;
use crate::read::l2_lookup::acquire::Fetched;
use crate::read::permit::ComputePermit;
use crate::read::running::Computation;
use crate::return_type::erased_ops::ValueOps;

/// The result of the steps that a call takes after a miss in memory.
pub(crate) enum Resolved {
    /// The call returns this answer without a run of the function's body.
    Return(Answer),
    /// The call must run the function's body, as this computation.
    RunBody(Box<Computation>),
}

/// The progress of a call after a miss in memory: its result, or a future if the call has to wait.
pub(crate) enum Resolving {
    /// The call took all steps after the miss without a wait, and has this result.
    Ready(Resolved),
    /// The call has to wait for a flight, for L2 or for a permit. The future takes the remaining
    /// steps of the call.
    Pending(Pin<Box<dyn Future<Output = Resolved> + Send>>),
}

/// Takes `call` through the steps after a miss. The result is an answer, from a tier or from
/// another computation, or the computation whose body is to run.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the leadership to the next waiter, if the flight has a
/// waiter, and leaves no flight, lease or permit behind.
pub(crate) fn resolve(mut call: Box<Call>, ops: ValueOps, entry_tags: EntryTags) -> Resolving {
    call.count_miss();
    let dependencies = call.dependencies(entry_tags);
    let next = match call.lead.take() {
        Some(lead) => NextStep::Compute(Some(lead)),
        None => call.join_flight(&ops, &dependencies.epochs),
    };
    match next {
        NextStep::Return(answer) => Resolving::Ready(Resolved::Return(answer)),
        NextStep::Compute(lead) if call.core.l2.is_none() => {
            resolve_without_l2(call, lead, ops, dependencies)
        }
        NextStep::Compute(lead) => {
            Resolving::Pending(Box::pin(resolve_leading(call, lead, ops, dependencies)))
        }
        wait @ NextStep::Wait(_) => {
            Resolving::Pending(Box::pin(resolve_waiting(call, wait, ops, dependencies)))
        }
    }
}

/// Takes `call` through the steps after its flight in a cache without L2. In such a cache, the call
/// may have to wait only for a permit.
fn resolve_without_l2(
    call: Box<Call>,
    lead: Option<Leader<Outcome>>,
    ops: ValueOps,
    dependencies: Dependencies,
) -> Resolving {
    let lead = match call.recheck_memory_as_leader(lead, &ops) {
        Ok(lead) => lead,
        Err(answer) => return Resolving::Ready(Resolved::Return(answer)),
    };
    let mut permit = call.compute_permit();
    let run_body = move |call, permit| {
        Computation::new(call, lead, &ops, dependencies, LeaseState::None, permit)
    };
    if queue_of(call.owner.id).is_none() && permit.try_acquire() {
        let run = run_body(call, permit).counted();
        return Resolving::Ready(Resolved::RunBody(run));
    }
    Resolving::Pending(Box::pin(async move {
        permit.acquire(&call).await;
        Resolved::RunBody(run_body(call, permit).with_queued_value().await)
    }))
}

/// Waits for the flight of another call. If that flight ends without an answer, takes `call` through
/// the remaining steps.
///
/// Tens of thousands of calls may wait at once, so the future has no room for the steps of a leader,
/// which take more than that of a waiter.
async fn resolve_waiting(
    call: Box<Call>,
    wait: NextStep,
    ops: ValueOps,
    dependencies: Dependencies,
) -> Resolved {
    match call.wait_for_flight(wait, &ops, &dependencies.epochs).await {
        Ok(lead) => Box::pin(resolve_leading(call, lead, ops, dependencies)).await,
        Err(answer) => Resolved::Return(answer),
    }
}

/// Takes `call` through all steps of a leader, or of a call that computes for itself alone if `lead`
/// is `None`. If the call was answered with a value that is due for a recomputation, the call takes
/// the steps again, as a refresh.
async fn resolve_leading(
    mut call: Box<Call>,
    mut lead: Option<Leader<Outcome>>,
    ops: ValueOps,
    mut dependencies: Dependencies,
) -> Resolved {
    loop {
        let mut permit = call.compute_permit();
        let Some(leader) = lead else {
            permit.acquire(&call).await;
            let run = Computation::new(call, None, &ops, dependencies, LeaseState::None, permit);
            return Resolved::RunBody(run.with_queued_value().await);
        };
        let leading = call.lead_flight(leader, &ops, &dependencies, &mut permit);
        match leading.await {
            LeaderStep::Return(answer) => return Resolved::Return(answer),
            LeaderStep::Refresh(refresh) => {
                call = refresh;
                dependencies = call.dependencies(take(&mut dependencies.entry_tags));
                let next = call.join_flight(&ops, &dependencies.epochs);
                lead = match call.wait_for_flight(next, &ops, &dependencies.epochs).await {
                    Ok(lead) => lead,
                    Err(answer) => return Resolved::Return(answer),
                };
            }
            LeaderStep::Compute(leader, lease_state) => {
                permit.acquire(&call).await;
                let run =
                    Computation::new(call, Some(leader), &ops, dependencies, lease_state, permit);
                return Resolved::RunBody(run.with_queued_value().await);
            }
        }
    }
}

/// The next step of a flight's leader that has looked into memory and L2.
enum LeaderStep {
    /// The leader's call returns this answer.
    Return(Answer),
    /// The caller has got its answer, and the call continues as this refresh in the background.
    Refresh(Box<Call>),
    /// The call computes the value, as the leader of its flight, with this lease state.
    Compute(Leader<Outcome>, LeaseState),
}

impl Call {
    /// Waits while another call leads the key's flight. Returns the answer of that call as `Err`,
    /// or the leadership as `Ok`. The leadership is `None` if this call computes for itself alone.
    async fn wait_for_flight(
        &self,
        mut next: NextStep,
        ops: &ValueOps,
        epochs: &Epochs,
    ) -> Result<Option<Leader<Outcome>>, Answer> {
        loop {
            let waiter = match next {
                NextStep::Return(answer) => return Err(answer),
                NextStep::Compute(lead) => return Ok(lead),
                NextStep::Wait(waiter) => waiter,
            };
            let log = self.core.call_log();
            log.waits_for_call(&self.owner.name, &self.key);
            let limit = has_timer().then(|| self.wait_budget().limit(&waiter));
            let woken = waiter.wait(limit, || self.leadership(Instant::now())).await;
            next = self.resume_after_wait(ops, epochs, woken);
        }
    }

    /// Looks into memory and L2 as the leader of the flight, for every waiter of the flight.
    /// Returns the leader's next step.
    async fn lead_flight(
        &self,
        lead: Leader<Outcome>,
        ops: &ValueOps,
        dependencies: &Dependencies,
        permit: &mut ComputePermit,
    ) -> LeaderStep {
        let lead = match self.recheck_memory(lead, ops) {
            Ok(lead) => lead,
            Err(answer) => return LeaderStep::Return(answer),
        };
        let began = lead.leadership.number;
        self.core.wait_for_l2(self.options.tier).await;
        let lease_state = if let Some(lease_state) = self.skipped_l2() {
            lease_state
        } else {
            match self.fetch_from_l2(ops, dependencies, began, permit).await {
                Fetched::Hit(stored) => {
                    self.came_from(SourceTier::Redis);
                    self.note_refresh(true);
                    self.store_if_valid(lead, Arc::clone(&stored));
                    return LeaderStep::Return(Answer::Entry(stored));
                }
                // The waiters do not get the old value: a waiter may have begun after an
                // invalidation of the old value.
                Fetched::KeepOld(old) => return LeaderStep::Return(Answer::Entry(old)),
                Fetched::Refresh(stored, advance) => {
                    self.came_from(SourceTier::Redis);
                    return self.serve_stale(lead, stored, advance);
                }
                Fetched::Compute(lease_state) => lease_state,
            }
        };
        if self.old.is_none()
            && !matches!(lease_state, LeaseState::Granted(_))
            && let Some(stored) = self.hit_unconfirmed(ops)
        {
            lead.settle(Outcome::Value(Arc::clone(&stored)), || {});
            return LeaderStep::Return(Answer::Entry(stored));
        }
        LeaderStep::Compute(lead, lease_state)
    }

    /// Ends the flight with `stored`, a value that is due for a refresh, so that every waiter gets
    /// that value. Returns the step that refreshes the value.
    fn serve_stale(
        &self,
        lead: Leader<Outcome>,
        stored: Arc<MemoryEntry>,
        advance: Option<Duration>,
    ) -> LeaderStep {
        self.store_if_valid(lead, Arc::clone(&stored));
        match self.to_refresh(&stored, advance) {
            Some(refresh) => LeaderStep::Refresh(Box::new(refresh)),
            None => LeaderStep::Return(Answer::Entry(stored)),
        }
    }

    /// Calls [`recheck_memory`](Self::recheck_memory) if the call is the leader of its flight, and
    /// does nothing otherwise.
    fn recheck_memory_as_leader(
        &self,
        lead: Option<Leader<Outcome>>,
        ops: &ValueOps,
    ) -> Result<Option<Leader<Outcome>>, Answer> {
        lead.map(|lead| self.recheck_memory(lead, ops)).transpose()
    }

    /// Returns the dependencies of an entry with `entry_tags`: the tags, and their current epochs.
    fn dependencies(&self, entry_tags: EntryTags) -> Dependencies {
        let epochs = self.epochs(&entry_tags);
        Dependencies { entry_tags, epochs }
    }
}

/// Takes `call` through the steps after a miss on this thread, for a synchronous function, whose
/// entries are in memory only.
pub(crate) fn resolve_blocking(call: Box<Call>, ops: &ValueOps, entry_tags: EntryTags) -> Resolved {
    call.count_miss();
    let dependencies = call.dependencies(entry_tags);
    let next = call.join_flight(ops, &dependencies.epochs);
    let lead = call
        .wait_for_flight_blocking(next, ops, &dependencies.epochs)
        .and_then(|lead| call.recheck_memory_as_leader(lead, ops));
    let lead = match lead {
        Ok(lead) => lead,
        Err(answer) => return Resolved::Return(answer),
    };
    // The permit is kept until the body has ended, because a thread cannot do anything else
    // meanwhile.
    let mut permit = call.compute_permit();
    permit.acquire_blocking(&call);
    let lease_state = call.names_only(&dependencies);
    let run = Computation::new(call, lead, ops, dependencies, lease_state, permit);
    Resolved::RunBody(run.counted())
}

impl Call {
    /// Waits for the flight as [`wait_for_flight`](Self::wait_for_flight) does, for a synchronous
    /// caller: parks the thread instead of waiting as a task.
    fn wait_for_flight_blocking(
        &self,
        mut next: NextStep,
        ops: &ValueOps,
        epochs: &Epochs,
    ) -> Result<Option<Leader<Outcome>>, Answer> {
        loop {
            let waiter = match next {
                NextStep::Return(answer) => return Err(answer),
                NextStep::Compute(lead) => return Ok(lead),
                NextStep::Wait(waiter) => waiter,
            };
            let log = self.core.call_log();
            log.waits_for_call(&self.owner.name, &self.key);
            let limit = self.wait_budget().limit(&waiter);
            let woken = waiter.wait_blocking(limit, || self.leadership(Instant::now()));
            next = self.resume_after_wait(ops, epochs, woken);
        }
    }
}
