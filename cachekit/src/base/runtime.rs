//! Abilities of the tokio runtime that the caller runs in: a timer, and sockets.
//!
//! Tokio's timer bounds the waits of the cache. A thread outside of a tokio runtime has no timer,
//! and neither has a runtime that was built without time. Tokio reports a missing timer only by a
//! panic. The panic is caught here. But the process's panic hook runs, once for each thread that
//! looks for a timer.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::{Handle, Id};

thread_local! {
    /// The runtime in which this thread last looked for a timer, and `true` if that runtime has a
    /// timer. `None` before the thread's first look.
    static KNOWN: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Returns `true` if the caller runs in a tokio runtime with a timer.
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

/// Returns `true` if the caller's tokio runtime was built with I/O, which a connection to Redis
/// needs. Also returns `true` if the check cannot open a socket. A cache calls this function when its
/// connections begin on a runtime.
#[cfg(feature = "redis")]
pub(crate) fn has_io() -> bool {
    let Ok(socket) = std::net::UdpSocket::bind("127.0.0.1:0") else {
        // If no socket can be opened, the connection to Redis fails later, and that failure is
        // reported.
        return true;
    };
    let is_ready = socket.set_nonblocking(true).is_ok();
    !is_ready || catch_unwind(|| drop(tokio::net::UdpSocket::from_std(socket))).is_ok()
}

/// Returns `true`: without Redis, nothing needs I/O.
#[cfg(not(feature = "redis"))]
pub(crate) fn has_io() -> bool {
    true
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
