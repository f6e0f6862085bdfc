//! A connection to a Redis with its measured state.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use redis::aio::MultiplexedConnection;

use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::handshake::Greeting;

/// A connection that works as far as is known.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) greeting: Greeting,
    pub(crate) timeouts: AtomicU32,
    /// The origin in the greeting, until the server reports another.
    pub(crate) origin: AtomicU64,
    /// The server refused a command to this account: its rights have to be checked again.
    pub(crate) has_doubtful_rights: AtomicBool,
    /// Set when the client reports that the connection broke.
    pub(crate) closed: Arc<AtomicBool>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl Connected {
    /// Returns the origin of the server's data set, as far as it is known.
    pub(crate) fn origin(&self) -> [u8; 8] {
        self.origin.load(Ordering::Relaxed).to_ne_bytes()
    }

    /// Sets the origin, unless it is unknown.
    pub(crate) fn set_origin(&self, origin: [u8; 8]) {
        if origin != UNKNOWN_ORIGIN {
            self.origin
                .store(u64::from_ne_bytes(origin), Ordering::Relaxed);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
