//! Recursion guard: the computations that the running task is inside of.
//!
//! A cached function that calls itself with its own key, directly or through others, would wait for
//! itself. The chain of computations around the running code travels with its task, so such a call
//! is recognised and simply computes.
//!
//! Work that the function spawned is a task of its own, and not covered. It waits for
//! `lock_timeout` at most.

use std::cell::RefCell;
use std::mem::swap;
use std::sync::Arc;

thread_local! {
    /// Innermost computation around the code that runs on this thread.
    static CURRENT: RefCell<Option<Arc<Frame>>> = const { RefCell::new(None) };
}

/// A computation inside another.
pub(crate) struct Frame {
    flight: usize,
    /// Limit that counts it. Zero: none.
    limit: usize,
    outer: Option<Arc<Frame>>,
}

/// Returns `true` if the current task leads `flight`.
pub(crate) fn is_computing(flight: usize) -> bool {
    any(|frame| frame.flight == flight)
}

/// Returns `true` if the current task runs a computation that `limit` counts.
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

/// Creates the frame of `flight` (zero: none), counted by `limit`, inside the current computations.
pub(crate) fn frame(flight: usize, limit: usize) -> Arc<Frame> {
    let outer = CURRENT.try_with(|current_frame| current_frame.borrow().clone());
    Arc::new(Frame {
        flight,
        limit,
        outer: outer.ok().flatten(),
    })
}

/// Guard of a computation's frame: while it lives, the code on this thread runs inside that
/// computation.
///
/// A guard rather than a closure keeps the stack of a poll shallow: cached functions may call
/// themselves.
#[must_use]
pub(crate) struct FrameGuard<'a>(&'a mut Option<Arc<Frame>>);

/// Enters the computation in `slot`, if there is one.
pub(crate) fn enter(slot: &mut Option<Arc<Frame>>) -> FrameGuard<'_> {
    swap_current(slot);
    FrameGuard(slot)
}

impl Drop for FrameGuard<'_> {
    fn drop(&mut self) {
        swap_current(self.0);
    }
}

/// Swaps the thread's current frame with `slot`.
fn swap_current(slot: &mut Option<Arc<Frame>>) {
    // When the thread ends, there is no current frame left.
    let _ = CURRENT.try_with(|current_frame| swap(&mut *current_frame.borrow_mut(), slot));
}
