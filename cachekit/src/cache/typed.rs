//! What is left of a call for each function: to run its body, and to make what it returns of what the
//! cache found. All else is compiled once.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::compute::{Answer, Begun, Step, begin, begin_blocking};
use super::job::Job;
use super::read::last_of;
use super::running::{Computed, Running};
use crate::labels::Labels;
use crate::plan::{Plan, Shape, Split};
use crate::sync::expect_no_lock;

/// Answers `job` by another's computation or its own.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the computation to the next waiter, if there is
/// one, and leaves nothing behind.
///
/// Callers box the future, so that one that hits does not carry the state of all this around.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps its arguments twice"
)]
pub(crate) fn compute<S, A, F, Fut>(
    job: Option<Box<Job>>,
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
        // A call that goes past the cache has no job.
        let step = match job.map(|job| begin(job, plan.ops(), labels)) {
            None => None,
            Some(Begun::Now(step)) => Some(step),
            Some(Begun::Later(step)) => Some(step.await),
        };
        let running = match step {
            None => None,
            Some(Step::Runs(running)) => Some(running),
            Some(Step::Answers(answer)) => return answered(&plan, answer),
        };
        let (ret, running) = {
            let body = pin!(Some(body()));
            Body { body, running }.await
        };
        conclude(&plan, running, after, ret)
    }
}

/// The same for a synchronous function, on this thread. Whom such a caller waits for runs on another
/// thread, for a body that never yields, so parking cannot keep that one from going on.
pub(crate) fn compute_blocking<S, A>(
    job: Option<Box<Job>>,
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
    let mut running = match job.map(|job| begin_blocking(job, &plan.ops(), labels)) {
        None => None,
        Some(Step::Runs(running)) => Some(running),
        Some(Step::Answers(answer)) => return answered(&plan, answer),
    };
    let ret = {
        let _inside = running.as_mut().map(|running| running.inside());
        body()
    };
    conclude(&plan, running, after, Some(ret))
}

/// A body while it runs, with the computation that it is of, if it is of one.
struct Body<'a, F> {
    body: Pin<&'a mut Option<F>>,
    running: Option<Box<Running>>,
}

impl<F> Body<'_, F> {
    /// Drops what is left of the body: inside of the computation, as its destructors may call cached
    /// functions.
    fn leave(&mut self) {
        let _inside = self.running.as_mut().map(|running| running.inside());
        self.body.set(None);
    }
}

impl<F: Future> Future for Body<'_, F> {
    /// `None`: its time is over.
    type Output = (Option<F::Output>, Option<Box<Running>>);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let polled = {
            let _inside = this.running.as_mut().map(|running| running.inside());
            match this.body.as_mut().as_pin_mut() {
                Some(body) => body.poll(context),
                None => unreachable!("polled after it ended"),
            }
        };
        let ret = match polled {
            Poll::Ready(ret) => Some(ret),
            Poll::Pending => {
                let aside = this.running.as_mut();
                if aside.is_none_or(|running| running.poll_aside(context).is_pending()) {
                    return Poll::Pending;
                }
                this.leave();
                None
            }
        };
        Poll::Ready((ret, this.running.take()))
    }
}

impl<F> Drop for Body<'_, F> {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.leave();
        }
    }
}

/// What the call returns when its body gave `ret`, or nothing in time.
#[inline(never)]
fn conclude<S, A>(
    plan: &Plan<S>,
    running: Option<Box<Running>>,
    after: A,
    ret: Option<S::Ret>,
) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
{
    let (running, ret) = match (running, ret) {
        (Some(running), Some(ret)) => (running, ret),
        (Some(running), None) => return answered(plan, running.late()),
        (None, Some(ret)) => return ret,
        (None, None) => unreachable!("only a computation has a deadline"),
    };
    match S::split(ret) {
        Split::Some(value) => {
            let mut kept = None;
            let mut value = Some(value);
            let mut after = Some(after);
            running.succeeded(&mut |labels, weighs| {
                let original = value.as_ref()?;
                after.take()?(original, labels);
                let copy = original.clone();
                let heap = if weighs { plan.weigh(original) } else { 0 };
                // The caller's, should storing it fail from here on.
                let content = Arc::new(value.take());
                kept = Some(copy);
                Some(Computed {
                    content,
                    is_present: true,
                    heap,
                })
            });
            let value = kept.or(value);
            value.map_or_else(|| unreachable!("one of two is left"), S::some)
        }
        Split::None => {
            running.succeeded(&mut |_, _| {
                Some(Computed {
                    content: Arc::new(None::<S::Value>),
                    is_present: false,
                    heap: 0,
                })
            });
            // A shape that can be split into `None` can be made of it.
            S::none().unwrap_or_else(|| unreachable!("an absence without a form"))
        }
        Split::Err(error) => match running.failed(&mut || plan.share(&error)) {
            Some(answer) => answered(plan, answer),
            None => S::err(error),
        },
    }
}

/// What the function returns for `answer`, which it has a form for.
#[inline(never)]
pub(super) fn answered<S>(plan: &Plan<S>, answer: Answer) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
{
    let ret = match answer {
        Answer::Stored(stored) => {
            let value = last_of(stored).downcast::<Option<S::Value>>();
            expect_no_lock();
            let value = value.ok().and_then(Arc::unwrap_or_clone);
            value.map(S::some).or_else(S::none)
        }
        Answer::Error(error) => plan.copy(error.shared()).map(S::err),
        Answer::Late(late) => plan.out_of_time(&late).map(S::err),
    };
    ret.unwrap_or_else(|| unreachable!("an answer that the function has no form for"))
}
