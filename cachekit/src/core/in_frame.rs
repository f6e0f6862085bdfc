//! Code that runs inside of a frame: a computation, or a scope that changes the cached calls in it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::coordination::frame::{Frame, FrameSlot};
use crate::l1::thread_cache::{give_back, lend};

/// Guard of code that runs inside a frame: until the guard is dropped, cached calls on this thread
/// are calls inside of that frame, and this thread's table (L0) is lent.
#[must_use]
pub(crate) struct Inside<'a>(&'a mut FrameSlot);

impl<'a> Inside<'a> {
    /// Makes the frame in `slot` the current one of this thread, until the returned value is dropped.
    // Not inlined, so that the poll around a body needs little stack.
    #[inline(never)]
    pub(crate) fn enter(slot: &'a mut FrameSlot) -> Self {
        slot.enter();
        slot.has_lent = lend();
        Self(slot)
    }
}

impl Drop for Inside<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        self.0.leave();
        if self.0.has_lent {
            give_back();
        }
    }
}

pin_project! {
    /// A future whose code runs inside of a frame, on whatever task or thread it is polled.
    #[must_use = "futures do nothing unless they are polled"]
    pub(crate) struct InFrame<F> {
        frame: FrameSlot,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InFrame<F> {
        fn drop(this: Pin<&mut Self>) {
            this.leave();
        }
    }
}

impl<F> InFrame<F> {
    /// Creates a future that runs `future` inside of `frame`. With `None`, `future` runs unchanged.
    pub(crate) fn new(frame: Option<Arc<Frame>>, future: F) -> Self {
        Self {
            frame: FrameSlot::new(frame),
            future: Some(future),
        }
    }

    /// Makes the future run inside of the frame that `frame` creates, unless it runs inside of a frame
    /// already.
    pub(crate) fn set_frame_once(self: Pin<&mut Self>, frame: impl FnOnce() -> Arc<Frame>) {
        self.project().frame.set_once(frame);
    }

    /// Drops the future inside of the frame, because its destructors may call cached functions.
    fn leave(self: Pin<&mut Self>) {
        let mut this = self.project();
        let _inside = inside(this.frame);
        this.future.set(None);
    }
}

/// Enters the frame in `slot`; does nothing without a frame.
fn inside(slot: &mut FrameSlot) -> Option<Inside<'_>> {
    slot.is_some().then(|| Inside::enter(slot))
}

impl<F: Future> Future for InFrame<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.as_mut().project();
        let polled = {
            let _inside = inside(this.frame);
            match this.future.as_mut().as_pin_mut() {
                Some(future) => future.poll(context),
                None => unreachable!("polled after it ended"),
            }
        };
        if polled.is_ready() {
            self.leave();
        }
        polled
    }
}
