//! Scopes that set whether the entry of a computation depends on the cached values that a piece of
//! code inside of the computation takes.

use crate::coordination::frame;
use crate::coordination::frame::{Frame, FrameKind};
use crate::core::in_frame::InFrame;

/// Runs `future` as a part of the computation that calls `tracked`: the computation's entry depends
/// on the cached values that `future` takes.
///
/// A future that a cached function itself awaits, directly, in `join_all` or in `select!`, is part
/// of the computation without `tracked`. A spawned task is not part of the computation, because the
/// runtime does not know which function spawned the task. Wrap the task's future before you spawn
/// it, and await the task before the function returns. The entry does not depend on values that the
/// task takes after the function has returned.
///
/// `tracked` also keeps `future` in the scopes around the call of `tracked`. In a scope of
/// [`deferred`](crate::deferred) or [`bypass`](crate::bypass), cached calls of `future` bypass the
/// cache. In a scope of [`refresh`](crate::refresh), they compute anew.
/// [`with_source`](crate::with_source) and [`observed`](crate::observed) see them, unless a call is
/// answered after the scope has ended. Outside of computations and scopes, `tracked` runs `future`
/// unchanged.
///
/// # Cancel safety
///
/// `tracked` is as safe to cancel as `future`.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(key = "tracked-user:{id}", ttl = 300)]
/// async fn user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// #[cached(key = "tracked-page:{id}", ttl = 300)]
/// async fn page(id: u64) -> String {
///     let task = tokio::spawn(cachekit::tracked(user(id)));
///     format!("page of {}", task.await.unwrap_or_default())
/// }
///
/// assert_eq!(page(7).await, "page of user 7");
/// user::entry(7).invalidate().await; // invalidates the page too
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tracked<F: Future>(future: F) -> impl Future<Output = F::Output> {
    InFrame::new(frame::current(), future)
}

/// Runs `future` apart from the computation that awaits it: the computation's entry does not depend
/// on the cached values that `future` takes. An invalidation of such a value does not reach the
/// entry, and its age does not shorten the entry's life.
///
/// To set this for a whole function, write `depends = false` in its attribute.
///
/// # Cancel safety
///
/// `untracked` is as safe to cancel as `future`.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(ttl = 5)]
/// async fn banner() -> String {
///     "Sale today".to_owned()
/// }
///
/// // The page lives for its own 300 seconds, and not for the 5 seconds of the banner.
/// #[cached(key = "untracked-page:{id}", ttl = 300)]
/// async fn page(id: u64) -> String {
///     let banner = cachekit::untracked(banner()).await;
///     format!("{banner}: page {id}")
/// }
///
/// assert_eq!(page(7).await, "Sale today: page 7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn untracked<F: Future>(future: F) -> F::Output {
    let is_inside = frame::surroundings().is_inside();
    let frame = is_inside.then(|| Frame::new(FrameKind::Untracked, 0, 0));
    InFrame::new(frame, future).await
}
