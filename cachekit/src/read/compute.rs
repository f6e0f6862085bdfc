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

use crate::backfill::lease::Access;
use crate::base::runtime::has_timer;
use crate::coordination::single_flight::waiter::Lead;
use crate::core::outcome::{Known, Outcome};
use crate::model::tags::Labels;
use crate::read::answer::Answer;
use crate::read::call::Call;
use crate::read::join_flight::NextStep;
use crate::read::l2_lookup::acquire::Fetched;
use crate::read::permit::Admission;
use crate::read::running::Running;
use crate::return_type::erased_ops::ValueOps;

/// What a call does next.
pub(crate) enum Step {
    /// It ends with this.
    Answers(Answer),
    /// It runs the body.
    Runs(Box<Running>),
}

/// The beginning of a call.
pub(crate) enum Begun {
    /// Nobody was waited for.
    Now(Step),
    Later(Pin<Box<dyn Future<Output = Step> + Send>>),
}

/// Answers `call` by another's computation or by what the store has, or comes to where its own body is
/// to run.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the computation to the next waiter, if there is
/// one, and leaves nothing behind.
pub(crate) fn begin(mut call: Box<Call>, ops: ValueOps, labels: Labels) -> Begun {
    call.count_miss();
    let epochs = call.epochs(&labels);
    let known = Known { labels, epochs };
    let next = match call.lead.take() {
        Some(lead) => NextStep::Compute(Some(lead)),
        None => call.join_flight(&ops, &known.epochs),
    };
    match next {
        NextStep::Return(answer) => Begun::Now(Step::Answers(answer)),
        // Without a store there is nobody to ask.
        NextStep::Compute(lead) if call.core.remote.is_none() => {
            let lead = match lead.map(|lead| call.looked(lead, &ops)).transpose() {
                Ok(lead) => lead,
                Err(answer) => return Begun::Now(Step::Answers(answer)),
            };
            let mut admission = call.admission();
            let run = move |call, admission| {
                Step::Runs(Running::new(
                    call,
                    lead,
                    &ops,
                    known,
                    Access::None,
                    admission,
                ))
            };
            if admission.try_enter() {
                return Begun::Now(run(call, admission));
            }
            Begun::Later(Box::pin(async move {
                admission.enter(&call).await;
                run(call, admission)
            }))
        }
        next => Begun::Later(Box::pin(rest(call, next, ops, known))),
    }
}

/// The same on this thread, for a synchronous function, which lives in memory alone.
pub(crate) fn begin_blocking(call: Box<Call>, ops: &ValueOps, labels: Labels) -> Step {
    call.count_miss();
    let epochs = call.epochs(&labels);
    let known = Known { labels, epochs };
    let mut next = call.join_flight(ops, &known.epochs);
    let lead = loop {
        let seat = match next {
            NextStep::Return(answer) => return Step::Answers(answer),
            NextStep::Compute(lead) => break lead,
            NextStep::Wait(seat) => seat,
        };
        let limit = call.wait_budget().limit(&seat);
        let woken = seat.wait_blocking(limit, || call.leadership(Instant::now()));
        next = call.resume_after_wait(ops, &known.epochs, woken);
    };
    let lead = match lead.map(|lead| call.looked(lead, ops)).transpose() {
        Ok(lead) => lead,
        Err(answer) => return Step::Answers(answer),
    };
    // Held to the end: a thread cannot do anything else meanwhile.
    let mut admission = call.admission();
    admission.enter_blocking(&call);
    Step::Runs(Running::new(
        call,
        lead,
        ops,
        known,
        Access::None,
        admission,
    ))
}

/// What may have to wait.
async fn rest(mut call: Box<Call>, mut next: NextStep, ops: ValueOps, mut known: Known) -> Step {
    loop {
        let lead = loop {
            let seat = match next {
                NextStep::Return(answer) => return Step::Answers(answer),
                NextStep::Compute(lead) => break lead,
                NextStep::Wait(seat) => seat,
            };
            let limit = has_timer().then(|| call.wait_budget().limit(&seat));
            let woken = seat.wait(limit, || call.leadership(Instant::now())).await;
            next = call.resume_after_wait(&ops, &known.epochs, woken);
        };
        let mut admission = call.admission();
        let Some(lead) = lead else {
            admission.enter(&call).await;
            let running = Running::new(call, None, &ops, known, Access::None, admission);
            return Step::Runs(running);
        };
        match call.lead(lead, &ops, &known, &mut admission).await {
            Led::Ends(answer) => return Step::Answers(answer),
            Led::Again(again) => {
                call = again;
                let labels = take(&mut known.labels);
                let epochs = call.epochs(&labels);
                known = Known { labels, epochs };
                next = call.join_flight(&ops, &known.epochs);
            }
            Led::Computes(lead, access) => {
                admission.enter(&call).await;
                let running = Running::new(call, Some(lead), &ops, known, access, admission);
                return Step::Runs(running);
            }
        }
    }
}

/// What a leader comes to.
enum Led {
    Ends(Answer),
    /// Its caller is answered, and it goes on as another call.
    Again(Box<Call>),
    Computes(Lead<Outcome>, Access),
}

impl Call {
    /// Looks for everybody who waits.
    async fn lead(
        &self,
        lead: Lead<Outcome>,
        ops: &ValueOps,
        known: &Known,
        admission: &mut Admission,
    ) -> Led {
        let lead = match self.looked(lead, ops) {
            Ok(lead) => lead,
            Err(answer) => return Led::Ends(answer),
        };
        let began = lead.leadership.moment;
        let access = if let Some(access) = self.unasked() {
            access
        } else {
            match self.fetch(ops, known, began, admission).await {
                Fetched::Hit(stored) => {
                    self.refreshed(true);
                    self.land(lead, Arc::clone(&stored));
                    return Led::Ends(Answer::Stored(stored));
                }
                // Who waits here may have begun after an invalidation of what this call has.
                Fetched::Kept(kept) => return Led::Ends(Answer::Stored(kept)),
                Fetched::Old(stored, advance) => {
                    // Others who wait are given it now; then it is computed again.
                    self.land(lead, Arc::clone(&stored));
                    return match self.again(&stored, advance) {
                        Some(call) => Led::Again(Box::new(call)),
                        None => Led::Ends(Answer::Stored(stored)),
                    };
                }
                Fetched::Compute(access) => access,
            }
        };
        if self.old.is_none()
            && !matches!(access, Access::Granted(_))
            && let Some(stored) = self.unconfirmed(ops)
        {
            lead.settle(Outcome::Value(Arc::clone(&stored)), || {});
            return Led::Ends(Answer::Stored(stored));
        }
        Led::Computes(lead, access)
    }
}
