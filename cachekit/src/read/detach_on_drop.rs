//! A future that continues its computation in the background when its caller is dropped (`detach`).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout_at;

use crate::base::durations::from_now;
use crate::base::fault::{guard, removed};
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::core::observing::CallObserver;
use crate::core::state::Core;
use crate::model::owner::Owner;
use crate::read::background_task::{TaskWrapper, spawn_in_background};
use crate::read::call::{Call, DetachState};
use crate::return_type::erased_ops::ValueOps;

/// The runtime on which a computation continues after its caller was dropped, and the time limit of
/// that computation.
#[derive(Debug)]
pub(crate) struct DetachTarget {
    detach_state: Arc<DetachState>,
    core: Arc<Core>,
    owner: Arc<Owner>,
    runtime: Handle,
    wrap_task: TaskWrapper,
    observer: Option<Arc<CallObserver>>,
    /// Longest time for which the computation runs after its caller was dropped. `None` if the
    /// computation has a `timeout`, or the runtime has no timer.
    limit: Option<Duration>,
}

impl Call {
    /// Returns the runtime and the time limit with which the computation continues after its caller
    /// is dropped. Returns `None` if the function has no `detach`, the option for such
    /// computations.
    pub(crate) fn detach(
        &mut self,
        ops: &ValueOps,
        runtime: &Handle,
        wrap_task: TaskWrapper,
    ) -> Option<DetachTarget> {
        if !self.options.detaches() {
            return None;
        }
        let has_deadline = self.compute_timeout(ops).is_some();
        let is_bounded = !has_deadline && !removed!(self.core, DetachForEver);
        Some(DetachTarget {
            detach_state: Arc::clone(self.detach_state.get_or_insert_default()),
            core: Arc::clone(&self.core),
            owner: Arc::clone(&self.owner),
            runtime: runtime.clone(),
            wrap_task,
            observer: self.observer.clone(),
            // Without a timer, nothing can wait with a limit.
            limit: (is_bounded && has_timer()).then(|| {
                let own = self.options.detach_limit;
                own.unwrap_or_else(|| self.lock_timeout())
            }),
        })
    }

    /// Records that the function's body begins and that this call leads its flight. From now on,
    /// the computation continues if its caller is dropped. Does nothing for a function without
    /// the option `detach`.
    pub(crate) fn mark_leading(&self) {
        if let Some(detach_state) = &self.detach_state {
            detach_state.is_leading.store(true, Ordering::Release);
        }
    }

    /// Returns `true` if the body has said that its error is no failure.
    pub(crate) fn gave_up(&self) -> bool {
        let detach_state = self.detach_state.as_ref();
        detach_state.is_some_and(|detach_state| detach_state.gave_up.load(Ordering::Acquire))
    }

    /// Returns `true` if the caller was dropped and the computation continues in the background.
    pub(crate) fn caller_is_gone(&self) -> bool {
        let detach_state = self.detach_state.as_ref();
        detach_state.is_some_and(|detach_state| detach_state.caller_is_gone.load(Ordering::Acquire))
    }
}

impl DetachTarget {
    /// Continues `task` in the background if the call leads its flight, because other calls wait
    /// for the result or will join the flight. Drops `task` if the call leads no flight, if `task`
    /// panicked (`is_poisoned`), or if the caller is panicking.
    fn spawn_detached(self, task: impl Future + Send + 'static, is_poisoned: bool) {
        let is_leading = self.detach_state.is_leading.load(Ordering::Acquire);
        let is_unwinding = is_poisoned || std::thread::panicking();
        if !guard!(self.core, DetachUnbegun: is_leading)
            || !guard!(self.core, DetachUnwinding: !is_unwinding)
        {
            return;
        }
        self.detach_state
            .caller_is_gone
            .store(true, Ordering::Release);
        if let Some(observer) = &self.observer {
            observer.end_span();
        }
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        // The limit is computed on drop of the caller, because the time starts at the drop, which
        // may happen outside of the runtime.
        let limit = self.limit.map(|limit| (limit, from_now(limit)));
        let rest = async move {
            let Some((limit, end)) = limit else {
                return drop(task.await);
            };
            if timeout_at(end, task).await.is_err() {
                owner.counts.timeouts.bump();
                trace::timed_out(&owner.name, limit);
            }
        };
        let task_owner = (&*core, &self.owner);
        if spawn_in_background(task_owner, &self.runtime, Box::pin(rest), self.wrap_task) {
            self.owner.counts.detached.bump();
        }
    }
}

/// A computation that runs in its caller's task. If the caller, and with it this value, is dropped
/// before the end, the computation continues in the background. For that, the function must have
/// the option `detach`, and its body must have begun as the leader of its flight.
pub(crate) struct DetachOnDrop<F: Future + Send + 'static> {
    /// Future of the computation. `None` after the computation has ended or was taken out.
    task: Option<Pin<Box<F>>>,
    /// `true` while the computation is polled, and after a poll of the computation that panicked.
    is_poisoned: bool,
    detach: Option<DetachTarget>,
}

impl<F: Future + Send + 'static> DetachOnDrop<F> {
    pub(crate) fn new(task: F, detach: Option<DetachTarget>) -> Self {
        Self {
            task: Some(Box::pin(task)),
            is_poisoned: false,
            detach,
        }
    }

    /// Takes the computation out, so that the drop of this value does not detach the computation.
    /// Returns `None` if the computation has ended.
    pub(crate) fn into_task(mut self) -> Option<Pin<Box<F>>> {
        self.task.take()
    }
}

impl<F: Future + Send + 'static> Future for DetachOnDrop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let Some(task) = &mut this.task else {
            unreachable!("polled after it ended");
        };
        this.is_poisoned = true;
        let polled = task.as_mut().poll(context);
        this.is_poisoned = false;
        if polled.is_ready() {
            this.task = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for DetachOnDrop<F> {
    fn drop(&mut self) {
        if let (Some(task), Some(detach)) = (self.task.take(), self.detach.take()) {
            detach.spawn_detached(task, self.is_poisoned);
        }
    }
}
