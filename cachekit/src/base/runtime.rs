//! What the caller's runtime can do.
//!
//! Waits are bounded by tokio's timer. There is none outside of a tokio runtime, and none in a
//! runtime that was built without time. A runtime tells in no other way than by a panic, so that the
//! process's panic hook says so once for each thread that has to know.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::{Handle, Id};

thread_local! {
    /// What this thread last found out, and of which runtime.
    static KNOWN: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Returns `true` if the caller can wait for a time to pass.
pub(crate) fn has_timer() -> bool {
    let Ok(runtime) = Handle::try_current() else {
        return false;
    };
    let id = runtime.id();
    if let Some((known, has_timer)) = KNOWN.get()
        && known == id
    {
        return has_timer;
    }
    let has_timer = catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok();
    KNOWN.set(Some((id, has_timer)));
    has_timer
}

/// Returns `true` if the caller can connect to something. Asked once for each cache.
#[cfg(feature = "redis")]
pub(crate) fn has_io() -> bool {
    let Ok(socket) = std::net::UdpSocket::bind("127.0.0.1:0") else {
        // Then connecting fails by itself.
        return true;
    };
    let is_ready = socket.set_nonblocking(true).is_ok();
    !is_ready || catch_unwind(|| drop(tokio::net::UdpSocket::from_std(socket))).is_ok()
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn it_is_known_of_each_runtime() {
        assert!(!has_timer());
        let bare = Builder::new_current_thread().build().expect("a runtime");
        let timed = Builder::new_current_thread().enable_time().build();
        let timed = timed.expect("a runtime");
        for _ in 0..2 {
            assert!(!bare.block_on(async { has_timer() }));
            assert!(timed.block_on(async { has_timer() }));
            assert!(!has_timer());
        }
    }
}
