//! A cache in place of the global cache, for one task.

use crate::core::state::Cache;
use crate::read::background_task::Task;

tokio::task_local! {
    /// The cache of the task, in place of the global cache.
    pub(crate) static SCOPED: Cache;
}

/// Runs `future` with `cache` in place of the global cache, so that the tests of annotated
/// functions can run in parallel.
///
/// A task that `future` spawns uses the global cache. Wrap its future in a scope too:
/// `tokio::spawn(scope(cachekit::global(), task))`, because [`global`](crate::global) returns the
/// cache of the scope. For the requests of a server, add a [`ScopeLayer`](crate::testing::ScopeLayer).
///
/// # Cancel safety
///
/// `scope` is as safe to cancel as `future`.
///
/// # Panics
///
/// A panic of `future` reaches the caller, and ends the scope.
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
