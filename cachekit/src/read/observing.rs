//! Scopes that tell where the values of the cached calls inside of them came from, and scopes that
//! change how these calls use the cache.

use std::sync::Arc;

use crate::coordination::frame::{Frame, FrameKind};
use crate::coordination::observations::Observations;
use crate::coordination::refresh_scope::RefreshScope;
use crate::core::in_frame::InFrame;
use crate::model::source::{Observed, Source};

/// Number of calls that [`observed`] lists at most.
const MOST_CALLS: usize = 64;

/// Runs `future`, and returns its result with the source of the cached values in it: their tier
/// (memory, Redis, a computation, or another call's computation) and their age.
///
/// If `future` makes several cached calls, the source has the worst tier and the greatest age among
/// them. Calls inside of another cached call's computation are not included. Calls of a task that
/// `future` spawns are included only if [`tracked`](crate::tracked) wraps the task. A refresh in
/// the background is never included.
///
/// Scopes may be nested. Each scope sees all calls inside of it, also those in inner scopes. A
/// scope does not slow down calls outside of it. Inside of a scope, a hit in memory takes longer.
///
/// # Cancel safety
///
/// `with_source` is as safe to cancel as `future`.
///
/// # Panics
///
/// A panic of `future` reaches the caller, and ends the scope.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{SourceTier, cached, with_source};
///
/// #[cached(key = "source-user:{id}")]
/// async fn user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// let (_, source) = with_source(user(7)).await;
/// assert_eq!(source.tier, SourceTier::Computed);
/// let (name, source) = with_source(user(7)).await;
/// assert_eq!((name.as_str(), source.tier), ("user 7", SourceTier::Memory));
/// assert!(!source.is_stale && source.age.as_secs() < 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn with_source<F: Future>(future: F) -> (F::Output, Source) {
    let (output, observed) = observe(future, 0).await;
    (output, observed.source)
}

/// Runs `future`, and returns its result with a list of the cached calls in it, also of those
/// inside of other calls' computations. The list has at most 64 calls. Further calls are only
/// counted.
///
/// A handler can write the headers `Cache-Status` and `Server-Timing` from the list. For spawned
/// tasks, refreshes and nested scopes, the rules are those of [`with_source`].
///
/// # Cancel safety
///
/// `observed` is as safe to cancel as `future`.
///
/// # Panics
///
/// A panic of `future` reaches the caller, and ends the scope.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{SourceTier, cached, observed};
///
/// #[cached(name = "user", key = "observed-user:{id}")]
/// async fn user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// #[cached(name = "page", key = "observed-page:{id}")]
/// async fn page(id: u64) -> String {
///     format!("page of {}", user(id).await)
/// }
///
/// let (_, all) = observed(page(7)).await;
/// let timings = all.calls.iter().map(|call| format!("{};dur={}", call.function, call.took.as_millis()));
/// let header = timings.collect::<Vec<_>>().join(", "); // for `Server-Timing`
/// assert!(header.starts_with("page;dur="));
/// assert!(all.calls[1].is_nested && all.calls[1].tier == SourceTier::Computed);
/// assert_eq!((all.source.calls, all.more), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn observed<F: Future>(future: F) -> (F::Output, Observed) {
    observe(future, MOST_CALLS).await
}

async fn observe<F: Future>(future: F, most: usize) -> (F::Output, Observed) {
    let observations = Observations::new(most);
    let kind = FrameKind::Observed(Arc::clone(&observations));
    let output = InFrame::new(Some(Frame::new(kind, 0, 0)), future).await;
    (output, observations.take())
}

/// Runs `future` without the cache: each cached call in `future`, at every depth of nesting, runs
/// its function. Such a call reads and stores no entry, waits for no other call, and computes for
/// no other call.
///
/// The statistics count the calls as `bypassed`. A computation around the scope does not depend on
/// the values that are computed in the scope. `Entry::get`, `Cache::get`, `put` and invalidations
/// use the cache in the scope too.
///
/// If scopes of `bypass` and [`refresh`] are nested, the innermost scope decides. In a scope of
/// [`deferred`](crate::deferred) all calls bypass the cache. The calls of a task that `future`
/// spawns are not in the scope, unless [`tracked`](crate::tracked) wraps the task.
///
/// # Cancel safety
///
/// `bypass` is as safe to cancel as `future`.
///
/// # Panics
///
/// A panic of `future` reaches the caller, and ends the scope.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(key = "bypass-user:{id}")]
/// async fn user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// assert_eq!(cachekit::bypass(user(7)).await, "user 7");
/// assert_eq!(user::entry(7).get().await, None, "nothing is stored");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn bypass<F: Future>(future: F) -> F::Output {
    InFrame::new(Some(Frame::new(FrameKind::Bypass, 0, 0)), future).await
}

/// Runs `future` so that each cached call in it, at every depth of nesting, computes its value anew
/// and stores the value. Each key is computed once: a second call of the key in the scope gets the
/// new value.
///
/// `get_user::refresh(id)` computes one entry anew, and its inner calls use the cache. This
/// function computes the inner entries anew too. A value that is not stored, because the function
/// failed, `store_if` refused it or it was invalidated meanwhile, is computed again by the next
/// call of its key.
///
/// Do not call this because a stranger's request says `Cache-Control: no-cache`: anybody could then
/// make the service compute at every request.
///
/// If scopes of [`bypass`] and `refresh` are nested, the innermost scope decides. In a scope of
/// [`deferred`](crate::deferred) all calls bypass the cache. The calls of a task that `future`
/// spawns are not in the scope, unless [`tracked`](crate::tracked) wraps the task.
///
/// # Cancel safety
///
/// `refresh` is as safe to cancel as `future`.
///
/// # Panics
///
/// A panic of `future` reaches the caller, and ends the scope.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(key = "refresh-user:{id}")]
/// async fn user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// #[cached(key = "refresh-page:{id}")]
/// async fn page(id: u64) -> String {
///     format!("page of {}", user(id).await)
/// }
///
/// page(7).await;
/// cachekit::refresh(page(7)).await;
/// assert_eq!((page::stats().computations, user::stats().computations), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn refresh<F: Future>(future: F) -> F::Output {
    let kind = FrameKind::RefreshAll(RefreshScope::new());
    InFrame::new(Some(Frame::new(kind, 0, 0)), future).await
}
