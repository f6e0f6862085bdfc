//! Invalidations that wait for the end of a scope: for writes in a transaction.

use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::core::state::Cache;
use crate::invalidate::apply::{Ack, PendingInvalidation};
use crate::invalidate::request::Invalidation;
use crate::l2::invalidation_targets::InvalidationTargets;

tokio::task_local! {
    static DEFERRED: DeferredQueue;
}

type DeferredQueue = Arc<Mutex<Vec<Invalidation>>>;

/// Runs `future`, a transaction, and carries out the invalidations of the annotated
/// functions called in it when it ends with `Ok`: after your `COMMIT`, not before.
///
/// Without it, a function that is handed an open transaction invalidates when it returns;
/// a reader that comes before the commit stores the old row again, and it stays.
/// A `#[write_through]` inside is carried out as an invalidation.
///
/// Until then cached calls in it are answered as everywhere: after a write in the scope, a cached
/// read of the same still gives the value from before it.
///
/// If `future` ends with `Err`, nothing was written and nothing is invalidated. Inside
/// another `deferred` the invalidations wait for the end of that one.
///
/// What the future calls on a [`Cache`](crate::Cache) or an [`Entry`](crate::Entry) itself
/// takes place at once, and so does what happens in tasks that it spawns.
///
/// # Errors
///
/// Those of `future`.
///
/// # Cancel safety
///
/// If it is dropped, or `future` panics, the invalidations are carried out: the commit may
/// have happened.
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
        end.0 = None;
    }
    for pending in end.begin() {
        Box::pin(pending.accepted()).await;
    }
    result
}

/// Carries out `invalidation` on this node, or leaves it to the scope that it is in.
pub(crate) fn defer_or_apply(invalidation: Invalidation) -> Option<PendingInvalidation> {
    defer(invalidation).map(Invalidation::begin)
}

/// Leaves `invalidation` to the scope that it is in; gives it back if it is in none.
fn defer(invalidation: Invalidation) -> Option<Invalidation> {
    let mut undeferred = Some(invalidation);
    let _ = DEFERRED.try_with(|queue| {
        queue.lock().extend(undeferred.take());
    });
    undeferred
}

/// Whether invalidations wait here.
pub(crate) fn is_active() -> bool {
    DEFERRED.try_with(|_| ()).is_ok()
}

/// The end of the scope.
struct ApplyOnDrop(Option<DeferredQueue>);

impl ApplyOnDrop {
    /// Carries out on this node what waited, together for each cache and manner.
    fn begin(&mut self) -> Vec<PendingInvalidation> {
        let Some(queue) = self.0.take() else {
            return vec![];
        };
        let invalidations = std::mem::take(&mut *queue.lock());
        let mut together: Vec<(Cache, InvalidationTargets, Option<Ack>)> = vec![];
        for (cache, targets, ack) in invalidations
            .into_iter()
            .filter_map(defer)
            .map(Invalidation::into_targets)
        {
            let same = |(other, all, _): &&mut (Cache, InvalidationTargets, Option<Ack>)| {
                Arc::ptr_eq(other.core(), cache.core()) && all.mode == targets.mode
            };
            match together.iter_mut().find(same) {
                Some((_, all, acks)) => {
                    all.join(targets);
                    // One that waits for certainty waits for all.
                    *acks = (*acks).max(ack);
                }
                None => together.push((cache, targets, ack)),
            }
        }
        together
            .into_iter()
            .map(|(cache, targets, ack)| cache.core().invalidate(targets).with_ack(ack))
            .collect()
    }
}

impl Drop for ApplyOnDrop {
    fn drop(&mut self) {
        drop(self.begin());
    }
}
