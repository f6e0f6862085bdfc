//! The slow half of a call: memory could not answer.
//!
//! It knows nothing of the function's types, so that it is compiled once and not for every function:
//! what it finds are entries, and what it needs to ask of their values stands in [`ValueOps`].
//! [`typed`](crate::read::typed_call) is what is left for each function: it runs the body, and makes what the
//! function returns of an [`Answer`].

use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use crate::backfill::lease::LeaseState;
use crate::base::runtime::has_timer;
use crate::coordination::single_flight::waiter::Leader;
use crate::core::outcome::{Dependencies, Outcome};
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::call::Call;
use crate::read::join_flight::NextStep;
use crate::read::l2_lookup::acquire::Fetched;
use crate::read::permit::ComputePermit;
use crate::read::running::Computation;
use crate::return_type::erased_ops::ValueOps;

/// What a call does next.
pub(crate) enum Resolved {
    /// It ends with this.
    Return(Answer),
    /// It runs the body.
    RunBody(Box<Computation>),
}

/// The beginning of a call.
pub(crate) enum Resolving {
    /// Nobody was waited for.
    Ready(Resolved),
    Pending(Pin<Box<dyn Future<Output = Resolved> + Send>>),
}

/// Answers `call` by another's computation or by what the store has, or comes to where its own body is
/// to run.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the computation to the next waiter, if there is
/// one, and leaves nothing behind.
pub(crate) fn resolve(mut call: Box<Call>, ops: ValueOps, entry_tags: EntryTags) -> Resolving {
    call.count_miss();
    let epochs = call.epochs(&entry_tags);
    let dependencies = Dependencies { entry_tags, epochs };
    let next = match call.lead.take() {
        Some(lead) => NextStep::Compute(Some(lead)),
        None => call.join_flight(&ops, &dependencies.epochs),
    };
    match next {
        NextStep::Return(answer) => Resolving::Ready(Resolved::Return(answer)),
        // Without a store there is nobody to ask.
        NextStep::Compute(lead) if call.core.l2.is_none() => {
            let lead = match lead.map(|lead| call.recheck_memory(lead, &ops)).transpose() {
                Ok(lead) => lead,
                Err(answer) => return Resolving::Ready(Resolved::Return(answer)),
            };
            let mut permit = call.compute_permit();
            let run = move |call, permit| {
                Resolved::RunBody(Computation::new(
                    call,
                    lead,
                    &ops,
                    dependencies,
                    LeaseState::None,
                    permit,
                ))
            };
            if permit.try_acquire() {
                return Resolving::Ready(run(call, permit));
            }
            Resolving::Pending(Box::pin(async move {
                permit.acquire(&call).await;
                run(call, permit)
            }))
        }
        next => Resolving::Pending(Box::pin(wait_and_resolve(call, next, ops, dependencies))),
    }
}

/// The same on this thread, for a synchronous function, which lives in memory alone.
pub(crate) fn resolve_blocking(call: Box<Call>, ops: &ValueOps, entry_tags: EntryTags) -> Resolved {
    call.count_miss();
    let epochs = call.epochs(&entry_tags);
    let dependencies = Dependencies { entry_tags, epochs };
    let mut next = call.join_flight(ops, &dependencies.epochs);
    let lead = loop {
        let waiter = match next {
            NextStep::Return(answer) => return Resolved::Return(answer),
            NextStep::Compute(lead) => break lead,
            NextStep::Wait(waiter) => waiter,
        };
        let limit = call.wait_budget().limit(&waiter);
        let woken = waiter.wait_blocking(limit, || call.leadership(Instant::now()));
        next = call.resume_after_wait(ops, &dependencies.epochs, woken);
    };
    let lead = match lead.map(|lead| call.recheck_memory(lead, ops)).transpose() {
        Ok(lead) => lead,
        Err(answer) => return Resolved::Return(answer),
    };
    // Held to the end: a thread cannot do anything else meanwhile.
    let mut permit = call.compute_permit();
    permit.acquire_blocking(&call);
    Resolved::RunBody(Computation::new(
        call,
        lead,
        ops,
        dependencies,
        LeaseState::None,
        permit,
    ))
}

/// What may have to wait.
async fn wait_and_resolve(
    mut call: Box<Call>,
    mut next: NextStep,
    ops: ValueOps,
    mut dependencies: Dependencies,
) -> Resolved {
    loop {
        let lead = loop {
            let waiter = match next {
                NextStep::Return(answer) => return Resolved::Return(answer),
                NextStep::Compute(lead) => break lead,
                NextStep::Wait(waiter) => waiter,
            };
            let limit = has_timer().then(|| call.wait_budget().limit(&waiter));
            let woken = waiter.wait(limit, || call.leadership(Instant::now())).await;
            next = call.resume_after_wait(&ops, &dependencies.epochs, woken);
        };
        let mut permit = call.compute_permit();
        let Some(lead) = lead else {
            permit.acquire(&call).await;
            let computation =
                Computation::new(call, None, &ops, dependencies, LeaseState::None, permit);
            return Resolved::RunBody(computation);
        };
        match call
            .lead_flight(lead, &ops, &dependencies, &mut permit)
            .await
        {
            LeaderStep::Return(answer) => return Resolved::Return(answer),
            LeaderStep::Refresh(refresh) => {
                call = refresh;
                let entry_tags = take(&mut dependencies.entry_tags);
                let epochs = call.epochs(&entry_tags);
                dependencies = Dependencies { entry_tags, epochs };
                next = call.join_flight(&ops, &dependencies.epochs);
            }
            LeaderStep::Compute(lead, lease_state) => {
                permit.acquire(&call).await;
                let computation =
                    Computation::new(call, Some(lead), &ops, dependencies, lease_state, permit);
                return Resolved::RunBody(computation);
            }
        }
    }
}

/// What a leader comes to.
enum LeaderStep {
    Return(Answer),
    /// Its caller is answered, and it goes on as another call.
    Refresh(Box<Call>),
    Compute(Leader<Outcome>, LeaseState),
}

impl Call {
    /// Looks for everybody who waits.
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
        let lease_state = if let Some(lease_state) = self.skipped_l2() {
            lease_state
        } else {
            match self.fetch(ops, dependencies, began, permit).await {
                Fetched::Hit(stored) => {
                    self.note_refresh(true);
                    self.store_if_valid(lead, Arc::clone(&stored));
                    return LeaderStep::Return(Answer::Entry(stored));
                }
                // Who waits here may have begun after an invalidation of what this call has.
                Fetched::KeepOld(old) => return LeaderStep::Return(Answer::Entry(old)),
                Fetched::Refresh(stored, advance) => {
                    // Others who wait are given it now; then it is computed again.
                    self.store_if_valid(lead, Arc::clone(&stored));
                    return match self.to_refresh(&stored, advance) {
                        Some(call) => LeaderStep::Refresh(Box::new(call)),
                        None => LeaderStep::Return(Answer::Entry(stored)),
                    };
                }
                Fetched::Compute(lease_state) => lease_state,
            }
        };
        if self.old.is_none()
            && !matches!(lease_state, LeaseState::Granted(_))
            && let Some(stored) = self.unconfirmed(ops)
        {
            lead.settle(Outcome::Value(Arc::clone(&stored)), || {});
            return LeaderStep::Return(Answer::Entry(stored));
        }
        LeaderStep::Compute(lead, lease_state)
    }
}
