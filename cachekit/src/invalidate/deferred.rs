//! Invalidations that wait for the end of a `deferred` scope, for writes in a transaction.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;

use crate::base::sync::Mutex;
use crate::coordination::delivery_scope;
use crate::coordination::frame::{Frame, FrameKind};
use crate::core::in_frame::InFrame;
use crate::invalidate::pending_invalidation::PendingInvalidation;
use crate::invalidate::request::{Ending, Invalidation};

tokio::task_local! {
    static DEFERRED: DeferredQueue;
}

type DeferredQueue = Arc<Mutex<Vec<Invalidation>>>;

/// Runs `future`, a transaction, and carries out the invalidations of the `#[invalidates]` and
/// `#[write_through]` functions called in `future` when `future` ends: after your `COMMIT`, not
/// before.
///
/// Without `deferred`, a function that works on an open transaction invalidates when the function
/// returns. A reader that comes before the commit then stores the old row again, and the cache
/// keeps that row. Inside `deferred`, a `#[write_through]` is carried out as an invalidation.
///
/// Cached calls in the scope bypass the cache: their functions run, and the results are neither
/// looked up nor stored. So a call that reads through the transaction sees the data that the
/// transaction wrote, and no other caller gets a value that may be rolled back. The statistics
/// count such calls as `bypassed`. If no cached call of the scope reads through the open
/// transaction, [`reading_cache`](Deferred::reading_cache) lets the cached calls use the cache.
///
/// If `future` ends with `Err`, the invalidations are carried out too: the commit may have happened
/// although its answer was lost. Inside of another `deferred`, the invalidations wait for the end
/// of the outer scope.
///
/// Invalidations that `future` makes directly on a [`Cache`](crate::Cache) or an
/// [`Entry`](crate::Entry) take effect at once. So do all invalidations of tasks that `future`
/// spawns, and cached calls of such tasks use the cache.
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
pub fn deferred<T, E>(
    future: impl Future<Output = Result<T, E>>,
) -> Deferred<impl Future<Output = Result<T, E>>> {
    let queue = DeferredQueue::default();
    Deferred {
        running: InFrame::new(None, DEFERRED.scope(Arc::clone(&queue), future)),
        end: ApplyOnDrop(Some(queue)),
        reads_cache: false,
        result: None,
        pending: VecDeque::new(),
    }
}

pin_project! {
    /// The future of a transaction in a [`deferred`] scope.
    #[must_use = "a transaction runs when it is awaited"]
    pub struct Deferred<F: Future> {
        #[pin]
        running: InFrame<TaskLocalFuture<DeferredQueue, F>>,
        // Dropped after `running`, whose destructors may add invalidations.
        end: ApplyOnDrop,
        reads_cache: bool,
        result: Option<F::Output>,
        pending: VecDeque<Pin<Box<dyn Future<Output = bool> + Send>>>,
    }
}

impl<F: Future> Deferred<F> {
    /// Lets cached calls in the scope use the cache, as calls elsewhere do.
    ///
    /// Use this only if no cached function that the scope calls reads through the open transaction.
    /// Otherwise other callers get values that are not committed, even after a rollback. After a
    /// write in the scope, a cached read of the same entry still returns the value from before that
    /// write.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::cached;
    ///
    /// #[cached(key = "country-of:{ip}")]
    /// async fn country_of(ip: &str) -> String {
    ///     "NL".to_owned() // asks another service, and not the transaction
    /// }
    ///
    /// let stored = cachekit::deferred(async { Ok::<_, String>(country_of("192.0.2.1").await) });
    /// assert_eq!(stored.reading_cache().await?, "NL");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reading_cache(mut self) -> Self {
        self.reads_cache = true;
        self
    }
}

impl<F: Future> Future for Deferred<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if this.result.is_none() {
            if !*this.reads_cache {
                let frame = || Frame::new(FrameKind::Transaction, 0, 0);
                this.running.as_mut().set_frame_once(frame);
            }
            let on_panic = ApplyOnPanic(this.end);
            let polled = this.running.poll(context);
            drop(on_panic);
            *this.result = Some(ready!(polled));
            let pending = this.end.begin().into_iter();
            *this.pending = pending.map(|it| Box::pin(it.accepted()) as _).collect();
        }
        while let Some(first) = this.pending.front_mut() {
            ready!(first.as_mut().poll(context));
            this.pending.pop_front();
        }
        match this.result.take() {
            Some(result) => Poll::Ready(result),
            None => unreachable!("polled after it ended"),
        }
    }
}

impl<F: Future> fmt::Debug for Deferred<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deferred")
    }
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
        delivery_scope::note_deferred();
    });
    undeferred
}

/// Returns `true` if the current task is inside of a `deferred` scope.
pub(crate) fn is_active() -> bool {
    DEFERRED.try_with(|_| ()).is_ok()
}

/// Guard of a poll of a scope's future: carries out the invalidations of the scope if the future
/// panics, because the commit may have happened.
struct ApplyOnPanic<'a>(&'a mut ApplyOnDrop);

impl Drop for ApplyOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            drop(self.0.begin());
        }
    }
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
        let Some(queue) = &self.0 else {
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
}

impl Drop for ApplyOnDrop {
    fn drop(&mut self) {
        drop(self.begin());
    }
}
