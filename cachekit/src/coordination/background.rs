//! Background tasks of a cache: stores in L2, refreshes, released leases.
//!
//! Tasks are counted, so that a cache can wait for them before its process ends. Best-effort tasks
//! are limited in number. A panic in a task is logged with the function's name.

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

/// Limit of tasks beyond which no best-effort task is started.
const MAX_TASKS: usize = 10_000;

/// Owner of a task, for the log.
#[derive(Debug, Clone)]
pub(crate) enum TaskOwner {
    Function(Arc<Owner>),
    /// No function in particular.
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

/// Background tasks of one cache.
#[derive(Debug)]
pub(crate) struct Background {
    /// Runtime of the tasks. `None`: the caller's.
    runtime: Option<Handle>,
    running: AtomicUsize,
    closed: AtomicBool,
    /// Number of calls to [`stop`](Self::stop).
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

    /// Spawns `work` unless too much runs already, [`close`](Self::close) was called, or there is
    /// no runtime. Returns `false` if it was dropped instead.
    pub(crate) fn spawn_best_effort(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        self.accepts() && self.spawn_required(task_owner, work)
    }

    /// Spawns `work`, which is user code, on the caller's own runtime. Otherwise like
    /// [`spawn_best_effort`](Self::spawn_best_effort).
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

    /// Returns `true` if a best-effort task may start, and counts a refusal otherwise.
    fn accepts(&self) -> bool {
        let accepts = !self.is_closed() && self.running() < MAX_TASKS;
        if !accepts {
            self.refused.bump();
        }
        accepts
    }

    /// Spawns `work` that another process waits for, even after [`close`](Self::close). Returns
    /// `false` if there is no runtime.
    pub(crate) fn spawn_required(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        // The caller's runtime is the last choice: it may be another one, and end earlier.
        let runtime = self.runtime.clone().or_else(|| Handle::try_current().ok());
        let Some(runtime) = runtime else {
            self.refused.bump();
            return false;
        };
        // Counted from here on, also before the first poll.
        let running = Running::new(self);
        runtime.spawn(running.run(task_owner, work));
        true
    }

    /// Refuses best-effort tasks from here on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits until no task runs.
    ///
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the tasks.
    pub(crate) async fn idle(&self) {
        loop {
            let mut idle = pin!(self.idle.notified());
            // Enabled before the check, so that no notification is missed.
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Stops all running tasks, and returns their number.
    pub(crate) fn stop(&self) -> usize {
        self.stops.fetch_add(1, Ordering::AcqRel);
        self.stopped.notify_waiters();
        self.running()
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Returns the numbers of refused and of panicked tasks.
    pub(crate) fn failures(&self) -> (u64, u64) {
        (self.refused.sum(), self.panics.sum())
    }
}

/// A running task. Counted until it is dropped.
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
            // A future that panicked is not polled again.
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

    /// Tasks that were not polled yet stop too. Tasks spawned later run.
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
