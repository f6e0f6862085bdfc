//! Invalidations that wait for the end of a `deferred` scope, for writes in a transaction.

use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::invalidate::apply::PendingInvalidation;
use crate::invalidate::request::{Ending, Invalidation};

tokio::task_local! {
    static DEFERRED: DeferredQueue;
}

type DeferredQueue = Arc<Mutex<Vec<Invalidation>>>;

/// Runs `future`, a transaction, and carries out the invalidations of the `#[invalidates]` and
/// `#[write_through]` functions called in it when `future` ends with `Ok`: after your `COMMIT`, not
/// before.
///
/// Without `deferred`, a function that works on an open transaction invalidates when the function
/// returns. A reader that comes between the return and the commit stores the old row again, and the
/// cache keeps that row. Inside `deferred`, a `#[write_through]` is carried out as an invalidation.
///
/// Cached calls in the scope are answered as everywhere else: after a write in the scope, a cached
/// read of the same entry still returns the value from before that write.
///
/// If `future` ends with `Err`, the transaction must have written nothing, and nothing is
/// invalidated. Inside of another `deferred`, the invalidations wait for the end of the outer
/// scope.
///
/// Invalidations that `future` makes directly on a [`Cache`](crate::Cache) or an
/// [`Entry`](crate::Entry) take effect at once. All invalidations of tasks that `future` spawns
/// take effect at once, too.
///
/// # Errors
///
/// Returns the errors of `future`.
///
/// # Cancel safety
///
/// If the returned future is dropped, or `future` panics, the invalidations are carried out: the
/// commit may have happened.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{cached, invalidates};
///
/// #[cached(key = "balance:{account}")]
/// async fn balance(account: u64) -> u64 {
///     100
/// }
///
/// #[invalidates(balance(account))]
/// async fn add(transaction: &mut Vec<i64>, account: u64, amount: i64) -> Result<(), String> {
///     transaction.push(amount);
///     Ok(())
/// }
///
/// cachekit::deferred(async {
///     let mut transaction = Vec::new();
///     add(&mut transaction, 1, -10).await?;
///     add(&mut transaction, 2, 10).await?;
///     transaction.clear(); // COMMIT
///     Ok::<(), String>(())
/// })
/// .await // both balances are gone now
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn deferred<T, E>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let mut end = ApplyOnDrop(Some(DeferredQueue::default()));
    let queue = end.0.clone().unwrap_or_default();
    let result = DEFERRED.scope(queue, future).await;
    if result.is_err() {
        end.cancel();
    }
    for pending in end.begin() {
        Box::pin(pending.accepted()).await;
    }
    result
}

/// Carries out `invalidation` on this node. The method `accepted` of the returned value waits until
/// Redis has accepted the invalidation. Inside of a `deferred` scope, defers `invalidation` to the
/// end of the scope and returns `None`.
pub(crate) fn defer_or_apply(invalidation: Invalidation) -> Option<PendingInvalidation> {
    defer(invalidation).map(Invalidation::begin)
}

/// Defers `invalidation` to the end of the enclosing `deferred` scope and returns `None`. Returns
/// `invalidation` if no scope encloses the caller.
fn defer(invalidation: Invalidation) -> Option<Invalidation> {
    let mut undeferred = Some(invalidation);
    let _ = DEFERRED.try_with(|queue| {
        queue.lock().extend(undeferred.take());
    });
    undeferred
}

/// Returns `true` if the current task is inside of a `deferred` scope.
pub(crate) fn is_active() -> bool {
    DEFERRED.try_with(|_| ()).is_ok()
}

/// Value that carries out the invalidations of a `deferred` scope when it is dropped, at the end of
/// the scope or when the scope's future is dropped. With `None`, its drop carries out no
/// invalidation.
struct ApplyOnDrop(Option<DeferredQueue>);

impl ApplyOnDrop {
    /// Carries out on this node the invalidations that were deferred to the end of the scope,
    /// combined by cache and mode. If an outer `deferred` scope encloses this scope, defers the
    /// invalidations to the end of the outer scope.
    fn begin(&mut self) -> Vec<PendingInvalidation> {
        let Some(queue) = self.0.take() else {
            return vec![];
        };
        let invalidations = std::mem::take(&mut *queue.lock());
        let mut together: Vec<Ending> = vec![];
        for ending in invalidations
            .into_iter()
            .filter_map(defer)
            .map(Invalidation::into_ending)
        {
            match together.iter_mut().find(|it| it.can_join(&ending)) {
                Some(all) => all.join(ending),
                None => together.push(ending),
            }
        }
        together.into_iter().map(Ending::begin).collect()
    }

    /// Drops the invalidations of the scope, because its transaction wrote nothing.
    fn cancel(&mut self) {
        let queue = self.0.take().unwrap_or_default();
        let invalidations = std::mem::take(&mut *queue.lock());
        invalidations.into_iter().for_each(Invalidation::cancel);
    }
}

impl Drop for ApplyOnDrop {
    fn drop(&mut self) {
        drop(self.begin());
    }
}
