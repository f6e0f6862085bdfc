//! Which flights the running task leads.
//!
//! A cached function that calls itself with the same key, directly or through others,
//! would wait for itself. The chain of computations that the current task is inside of is
//! carried along with the task, so such a call is recognised and simply runs. Work that the
//! function spawned is a task of its own and not covered: it waits for `lock_timeout` at
//! most.

use std::cell::RefCell;
use std::mem::swap;
use std::sync::Arc;

thread_local! {
    /// The innermost computation that the running task is polled in.
    static CURRENT: RefCell<Option<Arc<Frame>>> = const { RefCell::new(None) };
}

/// One computation inside another.
pub(crate) struct Frame {
    flight: usize,
    /// Whose place it takes; zero: nobody counts it.
    limit: usize,
    outer: Option<Arc<Frame>>,
}

/// Whether the current task leads `flight`.
pub(crate) fn is_computing(flight: usize) -> bool {
    any(|frame| frame.flight == flight)
}

/// Whether the current task computes something that `limit` counts.
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

/// The computation of `flight`, or of none (zero), that `limit` counts, inside those of now.
pub(crate) fn frame(flight: usize, limit: usize) -> Arc<Frame> {
    let outer = CURRENT.try_with(|current_frame| current_frame.borrow().clone());
    Arc::new(Frame {
        flight,
        limit,
        outer: outer.ok().flatten(),
    })
}

/// While it lives, what this thread runs is inside of the computation that was in the slot.
///
/// A guard and no closure, so that a poll has no more frames on the stack than it needs: cached
/// functions may call themselves.
#[must_use]
pub(crate) struct FrameGuard<'a>(&'a mut Option<Arc<Frame>>);

/// Begins to run what belongs to the computation in `slot`, if there is one.
pub(crate) fn enter(slot: &mut Option<Arc<Frame>>) -> FrameGuard<'_> {
    swap_current(slot);
    FrameGuard(slot)
}

impl Drop for FrameGuard<'_> {
    fn drop(&mut self) {
        swap_current(self.0);
    }
}

/// Puts what is in `slot` in the place of what this thread is in, and that in the slot.
fn swap_current(slot: &mut Option<Arc<Frame>>) {
    // Where the thread ends there is nothing to be in.
    let _ = CURRENT.try_with(|current_frame| swap(&mut *current_frame.borrow_mut(), slot));
}
