//! Calls in another mode than the usual one: `get_user::refresh(id)`, `get_user::uncached(id)`.
//!
//! The function's body exists once, inside the function. To run it although memory could
//! answer, the call's future is polled with a thread-local set that its look-up takes; it
//! names the function, so no other cached call can take it by mistake.

use std::cell::Cell;
use std::pin::pin;

use crate::model::owner::OwnerId;

/// How a call is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By the cache, if it can.
    Usual,
    /// By computing, and the value is stored.
    Refresh,
    /// By the function, as if there were no cache.
    Uncached,
}

/// Whose next look-up is not the usual one.
#[derive(Clone, Copy)]
struct Wanted {
    function: OwnerId,
    mode: Mode,
}

const NONE: Wanted = Wanted {
    function: OwnerId::DIRECT,
    mode: Mode::Usual,
};

thread_local! {
    static WANTED: Cell<Wanted> = const { Cell::new(NONE) };
}

/// How this look-up of `function` is to be answered. Another mode than the usual one is said once.
#[inline]
pub(crate) fn take_mode(function: OwnerId) -> Mode {
    if WANTED.with(|wanted| wanted.get().function != function) {
        return Mode::Usual;
    }
    WANTED.replace(NONE).mode
}

/// Runs `call`, a call of `function`, in `mode`.
pub(crate) async fn in_mode<F: Future>(mode: Mode, function: OwnerId, call: F) -> F::Output {
    let mut call = pin!(call);
    let mut is_due = true;
    std::future::poll_fn(|context| {
        let set = if is_due {
            Wanted { function, mode }
        } else {
            NONE
        };
        let before = WANTED.replace(set);
        let restore = Restore(before);
        let polled = call.as_mut().poll(context);
        // Still there: the call has not got to its look-up yet.
        is_due = is_due && WANTED.get().function == function;
        drop(restore);
        polled
    })
    .await
}

/// Calls `call`, a call of the synchronous `function`, in `mode`.
pub(crate) fn in_mode_blocking<T>(mode: Mode, function: OwnerId, call: impl FnOnce() -> T) -> T {
    let _restore = Restore(WANTED.replace(Wanted { function, mode }));
    call()
}

/// Puts the thread-local back, also when the call panics.
struct Restore(Wanted);

impl Drop for Restore {
    fn drop(&mut self) {
        WANTED.set(self.0);
    }
}
