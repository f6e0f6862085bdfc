//! The part of a call that is compiled for each function: it runs the body, and converts the
//! cache's answer into the function's return type. All other code of a call is compiled once.
//!
//! A cached function may call itself, so the stack in use while its body is polled is kept small:
//! [`CallFuture::poll`] has few locals, and the code before and after the body is not inlined into
//! that method.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::coordination::frame::FrameSlot;
use crate::core::in_frame::Inside;
use crate::core::observing::uncached_frame;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::call::Miss;
use crate::read::complete_call::complete;
use crate::read::composition::Recorder;
use crate::read::miss::{Resolved, Resolving, resolve, resolve_blocking};
use crate::read::return_answer::{return_answer_by, return_queued};
use crate::read::running::Computation;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Answers a call that missed memory from a tier, by another call's computation, or by `body`. A
/// bypass runs `body` without the cache.
///
/// The call joins or leads its flight before this function returns, and the future continues the
/// call. `body` is first polled by that future.
///
/// # Cancel safety
///
/// Dropping the future at any point hands the leadership to the next waiter, if the flight has a
/// waiter, and leaves no flight, lease or permit behind.
#[inline(never)]
pub fn compute<S, P, A, Fut>(
    Miss(call): Miss,
    return_ops: P,
    entry_tags: EntryTags,
    after: A,
    body: Fut,
) -> Pin<Box<CallFuture<S, P, A, Fut>>>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
    P: Fn() -> ReturnOps<S>,
    A: FnOnce(&S::Value, &mut EntryTags),
    Fut: Future<Output = S::Ret>,
{
    let recorder = call.as_ref().and_then(|call| call.recorder());
    let state = match call.map(|call| resolve(call, return_ops().value_ops(), entry_tags)) {
        None => CallState::Bypassed(FrameSlot::new(uncached_frame())),
        Some(resolved) => CallState::from(resolved),
    };
    // The future is boxed, so that the function's own future reserves no room for it: most calls
    // hit.
    Box::pin(CallFuture {
        state,
        recorder,
        return_ops,
        after: Some(after),
        body: Some(body),
        shape: PhantomData,
    })
}

/// The result of the start of a synchronous function's call: the state of a body that is to run, or
/// an answer.
pub struct Started {
    state: CallState,
    recorder: Option<Box<Recorder>>,
}

/// Records `answer` in the computation that the call was made in. Does nothing without a recorder.
fn record(recorder: Option<&Recorder>, answer: &Answer) {
    if let Some(recorder) = recorder {
        recorder.record(answer);
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Started")
    }
}

/// Starts a call of a synchronous function, up to the point where its body runs on this thread. The
/// thread is parked while the call waits for another call's computation. This cannot deadlock,
/// because that computation runs on another thread, in a body that never yields.
#[inline(never)]
pub fn start_blocking<S>(
    Miss(call): Miss,
    return_ops: impl Fn() -> ReturnOps<S>,
    entry_tags: EntryTags,
) -> Started
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let recorder = call.as_ref().and_then(|call| call.recorder());
    let state = match call.map(|call| resolve_blocking(call, &return_ops().value_ops(), entry_tags))
    {
        None => CallState::Bypassed(FrameSlot::new(uncached_frame())),
        Some(resolved) => CallState::from(resolved),
    };
    Started { state, recorder }
}

/// Completes a call that [`start_blocking`] started: runs the body, unless the call already has an
/// answer.
#[inline]
pub fn compute_blocking<S, P, A>(
    mut started: Started,
    return_ops: P,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
    P: Fn() -> ReturnOps<S>,
    A: FnOnce(&S::Value, &mut EntryTags),
{
    if let Some(answer) = started.answer() {
        return return_answer_by(&return_ops, answer);
    }
    let ret = {
        let _in_span = started.recorder.as_deref().and_then(Recorder::enter);
        let _inside = started.state.inside();
        body()
    };
    complete_blocking(return_ops, started, after, ret)
}

impl Started {
    /// Takes out the answer. Returns `None` if the body is to run.
    fn answer(&mut self) -> Option<Answer> {
        let CallState::Answered(answer) = &mut self.state else {
            return None;
        };
        let answer = answer.take();
        if let Some(answer) = &answer {
            record(self.recorder.as_deref(), answer);
        }
        answer
    }
}

#[inline(never)]
fn complete_blocking<S>(
    return_ops: impl Fn() -> ReturnOps<S>,
    mut started: Started,
    after: impl FnOnce(&S::Value, &mut EntryTags),
    ret: S::Ret,
) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    complete(
        &return_ops(),
        (
            started.state.take_computation(),
            started.recorder.as_deref(),
        ),
        &mut once(Some(after)),
        Some(ret),
    )
}

/// Wraps `after`, the user's code that runs on the returned value, so that the wrapper calls
/// `after` at most once.
fn once<V>(mut after: Option<impl FnOnce(&V, &mut EntryTags)>) -> impl FnMut(&V, &mut EntryTags) {
    move |value, entry_tags| {
        if let Some(after) = after.take() {
            after(value, entry_tags);
        }
    }
}

pin_project! {
    /// The future of a call that memory could not answer.
    ///
    /// `CallFuture` is a named type, because an `async` block would keep on the stack also the
    /// values that are needed only before or after the body.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct CallFuture<S: ReturnType, P, A, Fut> {
        state: CallState,
        recorder: Option<Box<Recorder>>,
        return_ops: P,
        after: Option<A>,
        #[pin]
        body: Option<Fut>,
        shape: PhantomData<fn() -> S>,
    }

    impl<S: ReturnType, P, A, Fut> PinnedDrop for CallFuture<S, P, A, Fut> {
        fn drop(this: Pin<&mut Self>) {
            if this.body.is_some() {
                this.leave_body();
            }
        }
    }
}

/// The state of a call that memory could not answer.
enum CallState {
    Answered(Option<Answer>),
    Waiting(Pin<Box<dyn Future<Output = Resolved> + Send>>),
    /// The function's body runs, as part of this computation.
    Running(Option<Box<Computation>>),
    /// The function's body runs without the cache, inside of a frame if observers see the call.
    Bypassed(FrameSlot),
}

/// The state of a call at the point where the function's body would run.
enum AtBody {
    Answered(Answer),
    /// The value of a queued write takes the place of the body's value.
    Queued(DeferredDrop),
    Runs,
}

impl From<Resolving> for CallState {
    fn from(resolved: Resolving) -> Self {
        match resolved {
            Resolving::Ready(resolved) => Self::from(resolved),
            Resolving::Pending(resolved) => Self::Waiting(resolved),
        }
    }
}

impl From<Resolved> for CallState {
    fn from(resolved: Resolved) -> Self {
        match resolved {
            Resolved::Return(answer) => Self::Answered(Some(answer)),
            Resolved::RunBody(computation) => Self::Running(Some(computation)),
        }
    }
}

impl CallState {
    /// Enters the computation, if the call has one: until the guard is dropped, cached calls on
    /// this thread are calls inside of that computation.
    fn inside(&mut self) -> Option<Inside<'_>> {
        match self {
            Self::Running(Some(computation)) => Some(computation.inside()),
            Self::Bypassed(frame) if frame.is_some() => Some(Inside::enter(frame)),
            _ => None,
        }
    }

    /// Takes out the computation. Returns `None` if the body runs without the cache.
    fn take_computation(&mut self) -> Option<Box<Computation>> {
        match self {
            Self::Running(computation) => computation.take(),
            _ => None,
        }
    }

    /// Advances the call until the function's body is to run, or until the call has an answer or a
    /// queued value without a run of the body.
    #[inline(never)]
    fn come_to_body(&mut self, context: &mut Context<'_>) -> Poll<AtBody> {
        if let Self::Waiting(resolved) = self {
            match resolved.as_mut().poll(context) {
                Poll::Ready(resolved) => *self = Self::from(resolved),
                Poll::Pending => return Poll::Pending,
            }
        }
        let answer = match self {
            Self::Answered(answer) => answer.take(),
            _ => None,
        };
        let queued = match self {
            Self::Running(Some(computation)) => computation.take_queued(),
            _ => None,
        };
        Poll::Ready(match (answer, queued) {
            (Some(answer), _) => AtBody::Answered(answer),
            (None, Some(queued)) => AtBody::Queued(queued),
            (None, None) => AtBody::Runs,
        })
    }

    /// Polls the work beside the function's body, after a poll of the body that returned `Pending`.
    /// Returns `Ready` if the body exceeded its `timeout`.
    #[inline(never)]
    fn poll_side_tasks(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Running(Some(computation)) => computation.poll_side_tasks(context),
            _ => Poll::Pending,
        }
    }
}

impl<S, P, A, Fut> Future for CallFuture<S, P, A, Fut>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
    P: Fn() -> ReturnOps<S>,
    A: FnOnce(&S::Value, &mut EntryTags),
    Fut: Future<Output = S::Ret>,
{
    type Output = S::Ret;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<S::Ret> {
        let _in_span = self.recorder.as_deref().and_then(Recorder::enter);
        if !matches!(self.state, CallState::Running(_) | CallState::Bypassed(_)) {
            match self.as_mut().answer_without_body(context) {
                Poll::Ready(None) => {}
                Poll::Ready(Some(ret)) => return Poll::Ready(ret),
                Poll::Pending => return Poll::Pending,
            }
        }
        let mut this = self.as_mut().project();
        let polled = {
            let _inside = this.state.inside();
            match this.body.as_mut().as_pin_mut() {
                Some(body) => body.poll(context),
                None => unreachable!("polled after it ended"),
            }
        };
        match polled {
            Poll::Ready(ret) => Poll::Ready(self.end(Some(ret))),
            Poll::Pending => match this.state.poll_side_tasks(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => Poll::Ready(self.end(None)),
            },
        }
    }
}

impl<S: ReturnType, P, A, Fut> CallFuture<S, P, A, Fut> {
    /// Advances the call to its body. Returns the result of a call that ends without its body, and
    /// `None` if the body is to run. Not inlined, so that the results take no room on the stack
    /// while the body runs.
    #[inline(never)]
    fn answer_without_body(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<S::Ret>>
    where
        S::Value: Clone + Send + Sync + 'static,
        P: Fn() -> ReturnOps<S>,
        A: FnOnce(&S::Value, &mut EntryTags),
    {
        let this = self.as_mut().project();
        match this.state.come_to_body(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(AtBody::Answered(answer)) => {
                record(this.recorder.as_deref(), &answer);
                Poll::Ready(Some(return_answer_by(&*this.return_ops, answer)))
            }
            Poll::Ready(AtBody::Queued(value)) => {
                let ret = return_queued::<S>(value);
                Poll::Ready(ret.map(|ret| self.end(Some(ret))))
            }
            Poll::Ready(AtBody::Runs) => Poll::Ready(None),
        }
    }

    /// Ends the call, and returns the call's result. `ret` is the value that the body returned, or
    /// `None` if the body exceeded its `timeout`.
    #[inline(never)]
    fn end(mut self: Pin<&mut Self>, ret: Option<S::Ret>) -> S::Ret
    where
        S::Value: Clone + Send + Sync + 'static,
        P: Fn() -> ReturnOps<S>,
        A: FnOnce(&S::Value, &mut EntryTags),
    {
        self.as_mut().leave_body();
        let this = self.project();
        let computation = this.state.take_computation();
        let mut after = once(this.after.take());
        let recorder = this.recorder.as_deref();
        complete(
            &(this.return_ops)(),
            (computation, recorder),
            &mut after,
            ret,
        )
    }

    /// Drops the body's future inside of the computation, because destructors in that future may
    /// call cached functions.
    fn leave_body(self: Pin<&mut Self>) {
        let mut this = self.project();
        let _inside = this.state.inside();
        this.body.set(None);
    }
}

impl<S: ReturnType, P, A, Fut> fmt::Debug for CallFuture<S, P, A, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallFuture")
    }
}
