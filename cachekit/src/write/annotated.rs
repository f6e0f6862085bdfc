//! The code that runs around the body of a function with `#[invalidates]` or `#[write_through]`.

use std::sync::Arc;

use crate::coordination::frame::{Frame, FrameKind, FrameSlot};
use crate::core::in_frame::{InFrame, Inside};
use tokio::task::yield_now;

use crate::invalidate::deferred;
use crate::invalidate::pending_invalidation::PendingInvalidation;
use crate::invalidate::request::{Invalidation, On};
use crate::return_type::shape::{ReturnOps, ReturnParts, ReturnType};
use crate::write::pending::PendingWrite;

impl<S: ReturnType> ReturnOps<S> {
    /// Returns `closure` unchanged. The signature makes the type of the closure's first argument
    /// the type of the value that the annotated function returns.
    pub fn after_write<F: FnOnce(&S::Value, &mut Invalidation)>(self, closure: F) -> F {
        closure
    }
}

/// An invalidation that an annotated function still has to carry out. If an `InvalidateOnDrop` is
/// dropped before [`end`](Self::end), it carries out the invalidation, because a body that did not
/// finish may have written.
///
/// The invalidation is boxed, so that the caller's future contains little beside the body.
struct InvalidateOnDrop(Option<Box<Invalidation>>);

impl InvalidateOnDrop {
    fn new(invalidation: Invalidation) -> Self {
        Self(Some(Box::new(invalidation)))
    }

    /// Marks the write as open. With `on = before`, also begins the invalidation that precedes the
    /// body.
    fn begin(&mut self) -> Preparation {
        let mut preparation = Preparation::default();
        if let Some(invalidation) = &mut self.0 {
            preparation.is_marked = invalidation.mark_write();
            let is_before = invalidation.on == On::Before;
            preparation.before = is_before.then(|| invalidation.begin_early());
        }
        preparation
    }

    /// Carries out the invalidation after the body returned `ret`. `after` adds the keys, tags and
    /// events that are made from the returned value. Returns the pending invalidation. The caller
    /// must wait until the invalidation is accepted. Returns `None` if nothing is invalidated after
    /// an `Err`, or if an enclosing `deferred` scope carries out the invalidation.
    fn end<S: ReturnType>(
        mut self,
        ret: &S::Ret,
        after: impl FnOnce(&S::Value, &mut Invalidation),
    ) -> Option<PendingInvalidation> {
        // The invalidation stays in `self` until all targets are named. If `after` panics, the
        // targets that were named so far are still invalidated on drop.
        let invalidation = self.0.as_mut()?;
        match S::peek(ret) {
            ReturnParts::Some(value) => after(value, invalidation),
            ReturnParts::Err(_) if invalidation.on == On::Ok => {
                self.0.take()?.cancel();
                return None;
            }
            ReturnParts::None | ReturnParts::Err(_) => {}
        }
        deferred::defer_or_apply(*self.0.take()?)
    }
}

impl Drop for InvalidateOnDrop {
    fn drop(&mut self) {
        if let Some(invalidation) = self.0.take() {
            drop(deferred::defer_or_apply(*invalidation));
        }
    }
}

/// The work of an annotated write before its body: an invalidation, and the sending of a mark.
#[derive(Default)]
struct Preparation {
    /// The invalidation that precedes the body. `None` unless the attribute says `on = before`.
    before: Option<PendingInvalidation>,
    /// `true` if a mark of the write was sent to Redis.
    is_marked: bool,
}

impl Preparation {
    /// Waits for the invalidation that precedes the body, and until the mark is on its way.
    async fn done(self) {
        if self.is_marked {
            // The task of the connection runs now, so that no command of the body overtakes the
            // mark. The write does not wait for the answer to the mark.
            yield_now().await;
        }
        wait_accepted(self.before).await;
    }
}

/// Waits until Redis has accepted the invalidation `pending`. Returns at once if `pending` is
/// `None`.
async fn wait_accepted(pending: Option<PendingInvalidation>) {
    if let Some(pending) = pending {
        Box::pin(pending.accepted()).await;
    }
}

/// Runs `body` of a function with `#[invalidates]`, and carries out `invalidation` after the body,
/// or before and after the body, as the attribute says. `after` adds the keys, tags and events that
/// are made from the returned value.
///
/// # Cancel safety
///
/// If the future is dropped after it was polled once, or `body` panics, the invalidation is carried
/// out, because the write may have happened.
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
    let mut invalidate_on_drop = InvalidateOnDrop::new(invalidation);
    Box::pin(invalidate_on_drop.begin().done()).await;
    let ret = body.await;
    wait_accepted(invalidate_on_drop.end::<S>(&ret, after)).await;
    ret
}

/// Runs `write`, and carries out `invalidation` after it, whatever `write` returns. `after` adds
/// the targets that are known only after `write`.
///
/// # Cancel safety
///
/// Cancel safety is that of [`with_invalidation`].
pub(crate) async fn with_names<F: Future>(
    invalidation: Invalidation,
    after: impl FnOnce(&mut Invalidation),
    write: F,
) -> F::Output {
    let mut invalidate_on_drop = InvalidateOnDrop::new(invalidation);
    Box::pin(invalidate_on_drop.begin().done()).await;
    let output = write.await;
    if let Some(invalidation) = &mut invalidate_on_drop.0 {
        after(invalidation);
    }
    let invalidation = invalidate_on_drop.0.take();
    wait_accepted(invalidation.and_then(|it| deferred::defer_or_apply(*it))).await;
    output
}

/// Runs `body` of a synchronous function as [`with_invalidation`] does, but does not wait for
/// Redis.
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
    // A thread cannot wait here, so other nodes are notified in the background.
    let mut invalidate_on_drop = InvalidateOnDrop::new(invalidation);
    drop(invalidate_on_drop.begin());
    let ret = body();
    drop(invalidate_on_drop.end::<S>(&ret, after));
    ret
}

/// Runs `body` of a function with `#[write_through]`. After the body, `store` chooses the value to
/// be stored from the value that `body` returned.
///
/// If `body` returns `Err`, nothing is stored and the entry stays. If `body` returns `Ok(None)`,
/// the entry is invalidated.
///
/// # Cancel safety
///
/// If the future is dropped after it was polled once, or `body` panics, the entry is invalidated,
/// because the write may have happened.
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
    // Both futures are boxed, so that the caller's future contains only the state of `body`.
    Box::pin(pending.begin()).await;
    let frame = Frame::new(FrameKind::Write, 0, 0);
    let ret = InFrame::new(Some(Arc::clone(&frame)), body).await;
    pending.end_body(&frame);
    if let Some(rest) = end_write::<S, V>(&mut pending, &ret, store) {
        Box::pin(pending.finish(rest)).await;
    }
    wait_accepted(pending.leave_empty()).await;
    ret
}

/// Runs `body` of a synchronous function as [`write_through`] does. The returned value is stored on
/// this node, and the entry in L2 is removed in the background.
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
    let frame = Frame::new(FrameKind::Write, 0, 0);
    let ret = {
        let mut slot = FrameSlot::new(Some(Arc::clone(&frame)));
        let _inside = Inside::enter(&mut slot);
        body()
    };
    pending.end_body(&frame);
    if let Some(value) = end_write::<S, V>(&mut pending, &ret, store) {
        pending.finish_local(value);
    }
    drop(pending.leave_empty());
    ret
}

/// Returns the value to be stored after the body of a function with `#[write_through]`: the value
/// that `store` sets in `pending`. Returns `None` after `Err`, after `Ok(None)` and inside of a
/// `deferred` scope. After `Err`, cancels the write `pending`, so that the entry stays.
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
