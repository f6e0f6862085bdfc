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
    static LED: RefCell<Option<Arc<Link>>> = const { RefCell::new(None) };
}

/// One computation inside another.
pub(crate) struct Link {
    flight: usize,
    /// Whose place it takes; zero: nobody counts it.
    gate: usize,
    outer: Option<Arc<Link>>,
}

/// Whether the current task leads `flight`.
pub(crate) fn leads(flight: usize) -> bool {
    any(|link| link.flight == flight)
}

/// Whether the current task computes something that `gate` counts.
pub(crate) fn passed(gate: usize) -> bool {
    any(|link| link.gate == gate)
}

fn any(is_meant: impl Fn(&Link) -> bool) -> bool {
    let found = LED.try_with(|led| {
        let led = led.borrow();
        let mut link = led.as_ref();
        while let Some(current) = link {
            if is_meant(current) {
                return true;
            }
            link = current.outer.as_ref();
        }
        false
    });
    found.unwrap_or(false)
}

/// The computation of `flight`, or of none (zero), that `gate` counts, inside those of now.
pub(crate) fn link(flight: usize, gate: usize) -> Arc<Link> {
    let outer = LED.try_with(|led| led.borrow().clone());
    Arc::new(Link {
        flight,
        gate,
        outer: outer.ok().flatten(),
    })
}

/// While it lives, what this thread runs is inside of the computation that was in the slot.
///
/// A guard and no closure, so that a poll has no more frames on the stack than it needs: cached
/// functions may call themselves.
#[must_use]
pub(crate) struct Inside<'a>(&'a mut Option<Arc<Link>>);

/// Begins to run what belongs to the computation in `slot`, if there is one.
pub(crate) fn inside(slot: &mut Option<Arc<Link>>) -> Inside<'_> {
    trade(slot);
    Inside(slot)
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        trade(self.0);
    }
}

/// Puts what is in `slot` in the place of what this thread is in, and that in the slot.
fn trade(slot: &mut Option<Arc<Link>>) {
    // Where the thread ends there is nothing to be in.
    let _ = LED.try_with(|led| swap(&mut *led.borrow_mut(), slot));
}
