//! Calls that recompute: `get_user::refresh(id)`.
//!
//! The function's body exists once, inside the function. To run it although memory could
//! answer, the call's future is polled with a thread-local set that its look-up takes; it
//! names the function, so no other cached call can take it by mistake.

use std::cell::Cell;
use std::pin::pin;

use crate::owner::OwnerId;

const NONE: OwnerId = OwnerId::DIRECT;

thread_local! {
    static REFRESH: Cell<OwnerId> = const { Cell::new(NONE) };
}

/// Whether this look-up of `function` is to recompute. Answers yes once.
#[inline]
pub(crate) fn take_refresh(function: OwnerId) -> bool {
    REFRESH.with(|refresh| {
        let taken = refresh.get() == function;
        if taken {
            refresh.set(NONE);
        }
        taken
    })
}

/// Runs `call`, a call of `function`, so that it recomputes.
pub(crate) async fn refreshing<F: Future>(function: OwnerId, call: F) -> F::Output {
    let mut call = pin!(call);
    let mut wanted = true;
    std::future::poll_fn(|context| {
        let set = if wanted { function } else { NONE };
        let before = REFRESH.replace(set);
        let restore = Restore(before);
        let polled = call.as_mut().poll(context);
        // Still there: the call has not got to its look-up yet.
        wanted = wanted && REFRESH.get() == function;
        drop(restore);
        polled
    })
    .await
}

/// Calls `call`, a call of the synchronous `function`, so that it recomputes.
pub(crate) fn refreshing_blocking<T>(function: OwnerId, call: impl FnOnce() -> T) -> T {
    let _restore = Restore(REFRESH.replace(function));
    call()
}

/// Puts the thread-local back, also when the call panics.
struct Restore(OwnerId);

impl Drop for Restore {
    fn drop(&mut self) {
        REFRESH.set(self.0);
    }
}
