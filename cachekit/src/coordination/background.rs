//! Background tasks of a cache: stores in Redis (L2), refreshes of stale entries, releases of
//! leases.
//!
//! Running tasks are counted, so that a cache can wait for their end before its process exits.
//! Best-effort tasks are refused beyond a limit. A panic in a task is logged with the name of the
//! task's function.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::base::counter::Counter;
use crate::base::home_runtime::HomeRuntime;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::model::owner::Owner;

/// Number of running background tasks at which no further best-effort task is started.
const MAX_TASKS: usize = 10_000;

/// Function or cache that a background task belongs to, named in the log if the task panics.
#[derive(Debug, Clone)]
pub(crate) enum TaskOwner {
    Function(Arc<Owner>),
    /// The cache, for background tasks that belong to no single function.
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
    /// Runtime that the tasks run on. `None`: the runtime of the call that spawns the task.
    home: Option<Arc<HomeRuntime>>,
    running: AtomicUsize,
    closed: AtomicBool,
    /// Number of times that all running tasks were stopped, by [`stop`](Self::stop).
    stops: AtomicUsize,
    stopped: Notify,
    idle: Notify,
    refused: Counter,
    panics: Counter,
}

impl Background {
    pub(crate) fn new(home: Option<Arc<HomeRuntime>>) -> Arc<Self> {
        Arc::new(Self {
            home,
            running: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            stops: AtomicUsize::new(0),
            stopped: Notify::new(),
            idle: Notify::new(),
            refused: Counter::default(),
            panics: Counter::default(),
        })
    }

    /// Spawns `work` as a best-effort background task and returns `true`. Drops `work` and returns
    /// `false` if [`MAX_TASKS`] tasks run already, [`close`](Self::close) was called, or no Tokio
    /// runtime is found.
    pub(crate) fn spawn_best_effort(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        self.accepts() && self.spawn_required(task_owner, work)
    }

    /// Spawns `work`, which runs user code, on `runtime`, the runtime of the caller. Drops `work`
    /// and returns `false` if [`MAX_TASKS`] background tasks run already, or [`close`](Self::close)
    /// was called.
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

    /// Returns `true` if a best-effort background task may start. Otherwise counts a refused task
    /// and returns `false`.
    fn accepts(&self) -> bool {
        let accepts = !self.is_closed() && self.running() < MAX_TASKS;
        if !accepts {
            self.refused.bump();
        }
        accepts
    }

    /// Spawns `work` as a background task that must run, because another process waits for its
    /// effect. Unlike a best-effort task, `work` is started even after [`close`](Self::close) and
    /// beyond [`MAX_TASKS`]. Drops `work` and returns `false` only if no Tokio runtime is found.
    pub(crate) fn spawn_required(
        self: &Arc<Self>,
        task_owner: TaskOwner,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        // The task is counted from its creation, not from its first poll.
        let task = Running::new(self).run(task_owner, work);
        // The caller's runtime is used only without a home: a caller's runtime may end before the
        // task.
        if let Some(home) = &self.home {
            home.spawn(task);
        } else if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(task);
        } else {
            self.refused.bump();
            return false;
        }
        true
    }

    /// Spawns `work`, which runs as long as the cache, and which a shutdown does not wait for. Returns
    /// `None` and drops `work` if no Tokio runtime with a timer is found.
    pub(crate) fn spawn_uncounted(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Option<AbortHandle> {
        if let Some(home) = &self.home {
            return Some(home.spawn(work).abort_handle());
        }
        if !has_timer() {
            self.refused.bump();
            return None;
        }
        Some(tokio::spawn(work).abort_handle())
    }

    /// Returns `true` if the caller runs on the runtime that the tasks run on.
    pub(crate) fn is_on_its_runtime(&self) -> bool {
        let current = Handle::try_current().ok();
        current.is_some_and(|current| {
            let home = self.home.as_ref();
            home.is_none_or(|home| home.id() == current.id())
        })
    }

    /// Refuses every best-effort task that is spawned after this call.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits until no background task of this cache runs.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the tasks.
    pub(crate) async fn idle(&self) {
        loop {
            let mut idle = pin!(self.idle.notified());
            // The notification is enabled before the number of tasks is read, so that the end of
            // the last task is not missed.
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Stops all running background tasks at their next await point, and returns their number.
    /// Tasks that are spawned after this call run.
    pub(crate) fn stop(&self) -> usize {
        self.stops.fetch_add(1, Ordering::AcqRel);
        self.stopped.notify_waiters();
        self.running()
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Returns the number of refused background tasks and the number of background tasks that
    /// panicked.
    pub(crate) fn failures(&self) -> (u64, u64) {
        (self.refused.sum(), self.panics.sum())
    }
}

/// A running background task, counted among the cache's running tasks until this value is dropped.
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

    /// Tests that `stop` ends running tasks, also those that were not polled yet, and that tasks
    /// spawned after `stop` run.
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
