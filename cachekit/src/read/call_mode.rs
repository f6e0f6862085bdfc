//! Calls in a mode other than cached: `get_user::refresh(id)`, `get_user::uncached(id)`.
//!
//! The user's body exists once, inside the cached function. To run the body even if memory could
//! answer, the call's future is polled while a thread-local contains the mode, and the call's
//! look-up takes the mode from there. The thread-local also names the function, so that no other
//! cached function takes the mode by mistake.

use std::cell::Cell;
use std::pin::pin;

use crate::model::owner::OwnerId;

/// The mode of a call of a cached function: with the cache, as a refresh, or without the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallMode {
    /// The cache answers the call if the cache has the value. Otherwise the function runs.
    Cached,
    /// The function runs even if the cache has the value, and the new value is stored.
    Refresh,
    /// The function runs, and the cache looks nothing up and stores nothing.
    Uncached,
}

/// The call mode that the next look-up of one function takes.
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

/// Takes the call mode of this look-up of `function` out of the thread-local. The mode is `Cached`,
/// unless another mode was set for `function`. A mode that was set applies to one look-up.
#[inline]
pub(crate) fn take_mode(function: OwnerId) -> CallMode {
    if PENDING_MODE.with(|pending| pending.get().function != function) {
        return CallMode::Cached;
    }
    PENDING_MODE.replace(NONE).mode
}

/// Runs `call`, the future of a call of `function`, so that the first look-up of `function` in
/// `call` takes `mode`.
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
        // If the mode is still set, the call has not reached its look-up yet.
        is_due = is_due && PENDING_MODE.get().function == function;
        drop(restore);
        polled
    })
    .await
}

/// Calls `call`, a closure with a call of the synchronous `function`, so that the first look-up of
/// `function` in `call` takes `mode`.
pub(crate) fn in_mode_blocking<T>(
    mode: CallMode,
    function: OwnerId,
    call: impl FnOnce() -> T,
) -> T {
    let _restore = Restore(PENDING_MODE.replace(PendingMode { function, mode }));
    call()
}

/// Value whose drop restores the call mode that the thread-local contained before the call. The
/// drop takes place also if the call panics.
struct Restore(PendingMode);

impl Drop for Restore {
    fn drop(&mut self) {
        PENDING_MODE.set(self.0);
    }
}
