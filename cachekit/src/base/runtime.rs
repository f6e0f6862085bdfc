//! Abilities of the tokio runtime that the caller runs in: a timer, and sockets.
//!
//! Waits are bounded by tokio's timer. There is none outside of a tokio runtime, and none in a
//! runtime that was built without time. Tokio reports that only by a panic. It is caught here, but
//! the process's panic hook runs, once for each thread that asks.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::{Handle, Id};

thread_local! {
    /// The runtime that this thread asked last, and whether it has a timer.
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

/// Returns `true` if the caller's runtime can open connections. Each cache asks once.
#[cfg(feature = "redis")]
pub(crate) fn has_io() -> bool {
    let Ok(socket) = std::net::UdpSocket::bind("127.0.0.1:0") else {
        // Connecting will fail by itself.
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
