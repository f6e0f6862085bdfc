//! What happens around the body of a function that writes.

use crate::invalidate::apply::PendingInvalidation;
use crate::invalidate::deferred;
use crate::invalidate::request::{Invalidation, On};
use crate::return_type::shape::{ReturnOps, ReturnParts, ReturnType};
use crate::write::pending::PendingWrite;

impl<S: ReturnType> ReturnOps<S> {
    /// `closure`, with the type of `ret` fixed.
    pub fn after_write<F: FnOnce(&S::Value, &mut Invalidation)>(self, closure: F) -> F {
        closure
    }
}

/// The duty to invalidate. Dropped before it was done or found needless, it does it: a
/// body that did not finish may have written.
struct InvalidateOnDrop(Option<Invalidation>);

impl InvalidateOnDrop {
    /// With `on = before`, what is to be waited for first.
    fn begin(invalidation: Invalidation) -> (Self, Option<PendingInvalidation>) {
        let before = (invalidation.on == On::Before).then(|| invalidation.clone().begin());
        (Self(Some(invalidation)), before)
    }

    /// The body returned `ret`: what is to be waited for now.
    fn end<S: ReturnType>(
        mut self,
        ret: &S::Ret,
        after: impl FnOnce(&S::Value, &mut Invalidation),
    ) -> Option<PendingInvalidation> {
        // Here until all is named: if `after` panics, what is named so far is still due.
        let invalidation = self.0.as_mut()?;
        match S::peek(ret) {
            ReturnParts::Some(value) => after(value, invalidation),
            ReturnParts::Err(_) if invalidation.on == On::Ok => {
                self.0 = None;
                return None;
            }
            ReturnParts::None | ReturnParts::Err(_) => {}
        }
        deferred::defer_or_apply(self.0.take()?)
    }
}

impl Drop for InvalidateOnDrop {
    fn drop(&mut self) {
        if let Some(invalidation) = self.0.take() {
            drop(deferred::defer_or_apply(invalidation));
        }
    }
}

/// Waits for what is to be waited for.
async fn wait_accepted(pending: Option<PendingInvalidation>) {
    if let Some(pending) = pending {
        Box::pin(pending.accepted()).await;
    }
}

/// Runs `body`, and `invalidation` around it. `after` adds what depends on the value.
///
/// # Cancel safety
///
/// If the future is dropped, or `body` panics, after it began, the invalidation takes
/// place: the write may have happened.
pub async fn with_invalidation<S, A, Fut>(
    _plan: ReturnOps<S>,
    invalidation: Invalidation,
    after: A,
    body: Fut,
) -> S::Ret
where
    S: ReturnType,
    A: FnOnce(&S::Value, &mut Invalidation),
    Fut: Future<Output = S::Ret>,
{
    let (invalidate_on_drop, before) = InvalidateOnDrop::begin(invalidation);
    wait_accepted(before).await;
    let ret = body.await;
    wait_accepted(invalidate_on_drop.end::<S>(&ret, after)).await;
    ret
}

/// [`with_invalidation`] for a synchronous function.
pub fn with_invalidation_blocking<S, A>(
    _plan: ReturnOps<S>,
    invalidation: Invalidation,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: ReturnType,
    A: FnOnce(&S::Value, &mut Invalidation),
{
    // A thread cannot wait here: what others have to be told of is told in the background.
    let (invalidate_on_drop, before) = InvalidateOnDrop::begin(invalidation);
    drop(before);
    let ret = body();
    drop(invalidate_on_drop.end::<S>(&ret, after));
    ret
}

/// Runs `body` and lets `store` store what it makes of the result.
///
/// After `Err` nothing is stored; after `Ok(None)` the entry is invalidated.
///
/// # Cancel safety
///
/// If the future is dropped, or `body` panics, the entry is left empty: the write may have
/// happened.
pub async fn write_through<S, V, A, Fut>(
    _plan: ReturnOps<S>,
    mut pending: PendingWrite<'_, V>,
    store: A,
    body: Fut,
) -> S::Ret
where
    S: ReturnType,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut PendingWrite<'_, V>),
    Fut: Future<Output = S::Ret>,
{
    // Boxed: the caller's future holds only the body's state.
    Box::pin(pending.begin()).await;
    let ret = body.await;
    if let Some(rest) = end_write::<S, V>(&mut pending, &ret, store) {
        Box::pin(pending.finish(rest)).await;
    }
    wait_accepted(pending.leave_empty()).await;
    ret
}

/// [`write_through`] for a synchronous function.
pub fn write_through_blocking<S, V, A>(
    _plan: ReturnOps<S>,
    mut pending: PendingWrite<'_, V>,
    store: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: ReturnType,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut PendingWrite<'_, V>),
{
    pending.begin_local();
    let ret = body();
    if let Some(value) = end_write::<S, V>(&mut pending, &ret, store) {
        pending.finish_local(value);
    }
    drop(pending.leave_empty());
    ret
}

/// The value to be stored, if there is one; what there is to leave is left to `pending`.
fn end_write<S, V>(
    pending: &mut PendingWrite<'_, V>,
    ret: &S::Ret,
    store: impl FnOnce(&S::Value, &mut PendingWrite<'_, V>),
) -> Option<V>
where
    S: ReturnType,
    V: Clone + Send + Sync + 'static,
{
    match S::peek(ret) {
        ReturnParts::Some(written) => store(written, pending),
        ReturnParts::None => {}
        ReturnParts::Err(_) => pending.cancel(),
    }
    pending.take_value()
}
