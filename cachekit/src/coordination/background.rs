//! What goes on behind the calls: values on their way into the store, refreshes, leases that
//! are given back.
//!
//! It is counted, so that a cache can wait for it before its process ends; what may be left
//! undone is bounded; and a panic in it is told, with the name of the function.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::base::counter::Counter;
use crate::base::trace;
use crate::model::owner::Owner;

/// More of what may be left undone does not run at once.
const MAX_TASKS: usize = 10_000;

/// Whom it is done for.
#[derive(Debug, Clone)]
pub(crate) enum TaskOwner {
    Function(Arc<Owner>),
    /// Nobody's in particular.
    Cache,
}

impl TaskOwner {
    fn name(&self) -> &str {
        match self {
            Self::Function(owner) => &owner.name,
            Self::Cache => "(cache)",
        }
    }
}

/// The work behind the calls of one cache.
#[derive(Debug)]
pub(crate) struct Background {
    /// Where it runs; `None`: where the call does.
    runtime: Option<Handle>,
    running: AtomicUsize,
    closed: AtomicBool,
    /// How often what ran was given up.
    stops: AtomicUsize,
    stopped: Notify,
    idle: Notify,
    refused: Counter,
    panics: Counter,
}

impl Background {
    pub(crate) fn new(runtime: Option<Handle>) -> Arc<Self> {
        Arc::new(Self {
            runtime,
            running: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            stops: AtomicUsize::new(0),
            stopped: Notify::new(),
            idle: Notify::new(),
            refused: Counter::default(),
            panics: Counter::default(),
        })
    }

    /// Runs `work`, which may be left undone: it is dropped, and `false` is the answer, where
    /// too much runs already, after [`close`](Self::close) and without a runtime.
    pub(crate) fn spawn_best_effort(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        self.accepts() && self.spawn_required(task_owner, work)
    }

    /// The same on the caller's own runtime: work that is the user's.
    pub(crate) fn spawn_best_effort_on(
        self: &Arc<Self>,
        runtime: &Handle,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        let accepts = self.accepts();
        if accepts {
            runtime.spawn(Running::new(self).run(task_owner, work));
        }
        accepts
    }

    /// Whether there is room for what may be left undone; counted if not.
    fn accepts(&self) -> bool {
        let accepts = !self.is_closed() && self.running() < MAX_TASKS;
        if !accepts {
            self.refused.bump();
        }
        accepts
    }

    /// Runs `work`, which is owed to somebody: also after [`close`](Self::close).
    pub(crate) fn spawn_required(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        // Not on the caller's runtime, if there is a choice: that may be another one, and end
        // before.
        let runtime = self.runtime.clone().or_else(|| Handle::try_current().ok());
        let Some(runtime) = runtime else {
            self.refused.bump();
            return false;
        };
        // Counted from here on, also before it is first polled.
        let running = Running::new(self);
        runtime.spawn(running.run(task_owner, work));
        true
    }

    /// From here on nothing begins that may be left undone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits until nothing runs.
    pub(crate) async fn idle(&self) {
        loop {
            let mut idle = pin!(self.idle.notified());
            // Before the look, so that no end is missed.
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Gives up what runs; how much that was.
    pub(crate) fn stop(&self) -> usize {
        self.stops.fetch_add(1, Ordering::AcqRel);
        self.stopped.notify_waiters();
        self.running()
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// How much was not begun, and how much panicked.
    pub(crate) fn failures(&self) -> (u64, u64) {
        (self.refused.sum(), self.panics.sum())
    }
}

/// One piece of work.
struct Running {
    background: Arc<Background>,
    stops: usize,
}

impl Running {
    fn new(background: &Arc<Background>) -> Self {
        background.running.fetch_add(1, Ordering::AcqRel);
        Self {
            background: Arc::clone(background),
            stops: background.stops.load(Ordering::Acquire),
        }
    }

    async fn run(self, task_owner: TaskOwner, work: impl Future<Output = ()>) {
        let background = &*self.background;
        let mut stopped = pin!(background.stopped.notified());
        stopped.as_mut().enable();
        if background.stops.load(Ordering::Acquire) != self.stops {
            return;
        }
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            // What panicked is not polled again.
            let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
            match polled {
                Ok(Poll::Pending) => stopped.as_mut().poll(context),
                Ok(ready) => ready,
                Err(_) => {
                    background.panics.bump();
                    trace::background_panicked(task_owner.name());
                    Poll::Ready(())
                }
            }
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.background.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.background.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::yield_now;

    use super::*;

    fn background() -> Arc<Background> {
        Background::new(None)
    }

    #[tokio::test]
    async fn it_is_counted_until_it_ends() {
        let background = background();
        assert!(background.spawn_best_effort(TaskOwner::Cache, yield_now()));
        assert_eq!(background.running(), 1);
        background.idle().await;
        assert_eq!(background.running(), 0);
        background.idle().await;
    }

    #[tokio::test]
    async fn a_panic_ends_it_and_nothing_else() {
        let background = background();
        let panics = async { panic!("on purpose") };
        assert!(background.spawn_best_effort(TaskOwner::Cache, panics));
        background.idle().await;
        assert_eq!(background.failures(), (0, 1));
        assert!(background.spawn_best_effort(TaskOwner::Cache, yield_now()));
        background.idle().await;
    }

    #[tokio::test]
    async fn what_is_owed_is_done_after_the_close() {
        let background = background();
        background.close();
        assert!(!background.spawn_best_effort(TaskOwner::Cache, yield_now()));
        assert!(background.spawn_required(TaskOwner::Cache, yield_now()));
        background.idle().await;
        assert_eq!(background.failures(), (1, 0));
    }

    /// Also what was not polled yet; but not what begins later.
    #[tokio::test]
    async fn what_runs_can_be_given_up() {
        let background = background();
        background.spawn_best_effort(TaskOwner::Cache, pending());
        yield_now().await;
        background.spawn_best_effort(TaskOwner::Cache, pending());
        assert_eq!(background.stop(), 2);
        background.idle().await;
        let done = Arc::new(Notify::new());
        let say = Arc::clone(&done);
        background.spawn_required(TaskOwner::Cache, async move { say.notify_one() });
        done.notified().await;
    }

    #[tokio::test]
    async fn there_is_a_bound() {
        let background = background();
        for _ in 0..MAX_TASKS {
            assert!(background.spawn_best_effort(TaskOwner::Cache, pending()));
        }
        assert!(!background.spawn_best_effort(TaskOwner::Cache, pending()));
        assert_eq!(background.running(), MAX_TASKS);
        background.stop();
        background.idle().await;
    }

    #[test]
    fn without_a_runtime_nothing_begins() {
        let background = background();
        assert!(!background.spawn_best_effort(TaskOwner::Cache, pending()));
        assert_eq!((background.running(), background.failures()), (0, (1, 0)));
    }
}
