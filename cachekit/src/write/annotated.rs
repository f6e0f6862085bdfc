//! The code around the body of an annotated function that writes.

use crate::invalidate::apply::PendingInvalidation;
use crate::invalidate::deferred;
use crate::invalidate::request::{Invalidation, On};
use crate::return_type::shape::{ReturnOps, ReturnParts, ReturnType};
use crate::write::pending::PendingWrite;

impl<S: ReturnType> ReturnOps<S> {
    /// Returns `closure`, with the type of its value fixed to that of the function's return type.
    pub fn after_write<F: FnOnce(&S::Value, &mut Invalidation)>(self, closure: F) -> F {
        closure
    }
}

/// A duty to invalidate. Invalidates on drop, unless that was done or found unnecessary before: a
/// body that did not finish may have written.
struct InvalidateOnDrop(Option<Invalidation>);

impl InvalidateOnDrop {
    /// Takes the duty on. With `on = before`, also returns the invalidation to wait for first.
    fn begin(invalidation: Invalidation) -> (Self, Option<PendingInvalidation>) {
        let before = (invalidation.on == On::Before).then(|| invalidation.clone().begin());
        (Self(Some(invalidation)), before)
    }

    /// Ends the duty after the body returned `ret`, and returns the invalidation to wait for.
    fn end<S: ReturnType>(
        mut self,
        ret: &S::Ret,
        after: impl FnOnce(&S::Value, &mut Invalidation),
    ) -> Option<PendingInvalidation> {
        // Kept until all targets are named: if `after` panics, those named so far are still due.
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

/// Waits until `pending` is accepted, if there is one.
async fn wait_accepted(pending: Option<PendingInvalidation>) {
    if let Some(pending) = pending {
        Box::pin(pending.accepted()).await;
    }
}

/// Runs `body`, and carries out `invalidation` around it. `after` adds the targets that depend on
/// the value.
///
/// # Cancel safety
///
/// If the future is dropped after it was polled once, or `body` panics, the invalidation is carried
/// out: the write may have happened.
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
    // A thread cannot wait here: other nodes are notified in the background.
    let (invalidate_on_drop, before) = InvalidateOnDrop::begin(invalidation);
    drop(before);
    let ret = body();
    drop(invalidate_on_drop.end::<S>(&ret, after));
    ret
}

/// Runs `body`, and has `store` choose the value to be stored from the result.
///
/// After `Err` nothing is stored; after `Ok(None)` the entry is invalidated.
///
/// # Cancel safety
///
/// If the future is dropped after it was polled once, or `body` panics, the entry is left empty:
/// the write may have happened.
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

/// Returns the value to be stored, if there is one. Otherwise `pending` knows how the write ends.
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
