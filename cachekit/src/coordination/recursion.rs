//! Recursion guard: the chain of computations inside which the current code runs.
//!
//! If a cached function calls itself with its own key, directly or through other functions, the
//! inner call would wait for the outer call, which waits for the inner call. To prevent this
//! deadlock, each task carries the chain of the computations inside which its code runs. A call
//! whose key is in that chain computes the value instead of waiting.
//!
//! A task that the function spawns has a chain of its own, so a call with the same key in that task
//! is not recognised. Such a call waits for at most `lock_timeout`, and computes after that.

use std::cell::RefCell;
use std::mem::swap;
use std::sync::Arc;

thread_local! {
    /// Innermost computation inside which the code on this thread runs. `None`: the code runs
    /// inside no computation.
    static CURRENT: RefCell<Option<Arc<Frame>>> = const { RefCell::new(None) };
}

/// A running computation in the chain of the recursion guard, linked to the computation (`outer`)
/// that called it.
pub(crate) struct Frame {
    flight: usize,
    /// Identity of the concurrency limit that counts this computation. Zero: no concurrency limit
    /// counts the computation.
    limit: usize,
    outer: Option<Arc<Frame>>,
}

/// Returns `true` if the running code is inside the computation of the flight with the id `flight`.
pub(crate) fn is_computing(flight: usize) -> bool {
    any(|frame| frame.flight == flight)
}

/// Returns `true` if the running code is inside a computation that has a permit of the concurrency
/// limit with the id `limit`.
pub(crate) fn holds_permit(limit: usize) -> bool {
    any(|frame| frame.limit == limit)
}

fn any(is_meant: impl Fn(&Frame) -> bool) -> bool {
    let found = CURRENT.try_with(|current_frame| {
        let current_frame = current_frame.borrow();
        let mut frame = current_frame.as_ref();
        while let Some(current) = frame {
            if is_meant(current) {
                return true;
            }
            frame = current.outer.as_ref();
        }
        false
    });
    found.unwrap_or(false)
}

/// Creates the frame of a computation that the running code calls. `flight` is the identity of the
/// computation's flight, and `limit` the identity of the concurrency limit that counts the
/// computation. Zero stands for no flight or no limit.
pub(crate) fn frame(flight: usize, limit: usize) -> Arc<Frame> {
    let outer = CURRENT.try_with(|current_frame| current_frame.borrow().clone());
    Arc::new(Frame {
        flight,
        limit,
        outer: outer.ok().flatten(),
    })
}

/// Makes a computation the current one of this thread. Until the `FrameGuard` is dropped, the code
/// on this thread runs inside that computation.
///
/// A cached function can call itself, so polls of its computations nest on the stack. A
/// `FrameGuard` needs less stack for each poll than a closure.
#[must_use]
pub(crate) struct FrameGuard<'a>(&'a mut Option<Arc<Frame>>);

/// Makes the computation in `slot` the current computation of this thread, until the returned
/// `FrameGuard` is dropped. If `slot` is `None`, the code runs inside no computation.
pub(crate) fn enter(slot: &mut Option<Arc<Frame>>) -> FrameGuard<'_> {
    swap_current(slot);
    FrameGuard(slot)
}

impl Drop for FrameGuard<'_> {
    fn drop(&mut self) {
        swap_current(self.0);
    }
}

/// Swaps the computation frame in `slot` with the current frame of this thread.
fn swap_current(slot: &mut Option<Arc<Frame>>) {
    // When the thread ends, there is no current frame left.
    let _ = CURRENT.try_with(|current_frame| swap(&mut *current_frame.borrow_mut(), slot));
}
