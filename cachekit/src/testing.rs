//! Tools for tests: a clock that the test advances, and a cache for one task.

#[cfg(cachekit_faults)]
mod tests;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::Clock;
use crate::core::state::Cache;
use crate::read::background_task::Task;

pub use crate::base::fault::Point;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::base::fault::guards::Fault;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::store::tests::fake::controls::FakeStore;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::store::tests::fake::trouble::{Op, Step, Trouble};

#[cfg(all(cachekit_faults, feature = "serde"))]
#[doc(hidden)]
pub use crate::testing::tests::fuzz_any::read_anything;

/// Clock that stands still until a test advances it.
///
/// All clones of a clock show the same time.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::testing::ManualClock;
/// use cachekit::{Cache, Policy};
///
/// let clock = ManualClock::new();
/// let cache = Cache::builder().clock(clock.clone()).build().await?;
/// cache.put("a", 1, &Policy::new().ttl(Duration::from_secs(60))).await;
///
/// clock.advance(Duration::from_secs(59));
/// assert_eq!(cache.get::<i32>("a").await, Some(1));
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(cache.get::<i32>("a").await, None);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// Creates a clock that stands still at the time zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock and its clones by `by`.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}

tokio::task_local! {
    static SCOPED: Cache;
}

/// Runs `future` with `cache` in place of the global cache, so that the tests of annotated
/// functions can run in parallel.
///
/// A task that `future` spawns uses the global cache. Wrap its future in a scope too.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{Cache, cached, testing};
///
/// #[cached]
/// async fn answer() -> u64 {
///     42
/// }
///
/// let cache = Cache::builder().build().await?;
/// testing::scope(cache.clone(), async {
///     answer().await;
///     answer().await;
/// })
/// .await;
/// assert_eq!(cache.stats().memory_hits, 1);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn scope<F: Future>(cache: Cache, future: F) -> F::Output {
    SCOPED.scope(cache, future).await
}

/// Puts `task` into the scope of the caller's task, if the caller's task runs in a [`scope`].
pub(crate) fn carried(task: Task) -> Task {
    match SCOPED.try_with(Clone::clone) {
        Ok(cache) => Box::pin(SCOPED.scope(cache, task)),
        Err(_) => task,
    }
}

/// Calls `f` with the cache of the current task's scope. Returns `f` as the error if the task runs
/// in no scope.
pub(crate) fn with_scoped<T, F: FnOnce(&Cache) -> T>(f: F) -> Result<T, F> {
    let mut f = Some(f);
    let result = SCOPED.try_with(|cache| f.take().map(|f| f(cache)));
    match (result, f) {
        (Ok(Some(result)), _) => Ok(result),
        (_, Some(f)) => Err(f),
        (_, None) => unreachable!("taken only to be called"),
    }
}
