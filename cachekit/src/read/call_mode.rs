//! Calls in a mode other than cached: `get_user::refresh(id)`, `get_user::uncached(id)`.
//!
//! The function's body exists once, inside the function. To run it although memory could answer,
//! the call's future is polled with a thread-local set, which the call's look-up takes. The
//! thread-local names the function, so no other cached call takes it by mistake.

use std::cell::Cell;
use std::pin::pin;

use crate::model::owner::OwnerId;

/// The way in which a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallMode {
    /// From the cache, if possible.
    Cached,
    /// By computing; the value is stored.
    Refresh,
    /// By the function, as if there were no cache.
    Uncached,
}

/// A mode for the next look-up of one function.
#[derive(Clone, Copy)]
struct PendingMode {
    function: OwnerId,
    mode: CallMode,
}

const NONE: PendingMode = PendingMode {
    function: OwnerId::DIRECT,
    mode: CallMode::Cached,
};

thread_local! {
    static PENDING_MODE: Cell<PendingMode> = const { Cell::new(NONE) };
}

/// Takes the mode for this look-up of `function`. A mode other than `Cached` applies to one
/// look-up.
#[inline]
pub(crate) fn take_mode(function: OwnerId) -> CallMode {
    if PENDING_MODE.with(|pending| pending.get().function != function) {
        return CallMode::Cached;
    }
    PENDING_MODE.replace(NONE).mode
}

/// Runs `call`, a call of `function`, in `mode`.
pub(crate) async fn in_mode<F: Future>(mode: CallMode, function: OwnerId, call: F) -> F::Output {
    let mut call = pin!(call);
    let mut is_due = true;
    std::future::poll_fn(|context| {
        let set = if is_due {
            PendingMode { function, mode }
        } else {
            NONE
        };
        let before = PENDING_MODE.replace(set);
        let restore = Restore(before);
        let polled = call.as_mut().poll(context);
        // Still set: the call has not reached its look-up yet.
        is_due = is_due && PENDING_MODE.get().function == function;
        drop(restore);
        polled
    })
    .await
}

/// Calls `call`, a call of the synchronous `function`, in `mode`.
pub(crate) fn in_mode_blocking<T>(
    mode: CallMode,
    function: OwnerId,
    call: impl FnOnce() -> T,
) -> T {
    let _restore = Restore(PENDING_MODE.replace(PendingMode { function, mode }));
    call()
}

/// Restores the thread-local on drop, also if the call panics.
struct Restore(PendingMode);

impl Drop for Restore {
    fn drop(&mut self) {
        PENDING_MODE.set(self.0);
    }
}
