//! A connection to a Redis server, with the facts that this process has observed about that
//! connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use redis::aio::MultiplexedConnection;

use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::address::Address;
use crate::store::redis::handshake::Greeting;

/// A connection for commands after a successful handshake.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    /// The address of the server.
    pub(crate) address: Address,
    /// The number of times that another server became the master before this connection was made.
    pub(crate) changes: u64,
    pub(crate) greeting: Greeting,
    pub(crate) timeouts: AtomicU32,
    /// The origin that identifies the data set of the Redis server: the origin from the handshake,
    /// until the server reports another origin.
    pub(crate) origin: AtomicU64,
    /// `true` if the server refused a command to the cache's Redis account, so that the supervisor
    /// must check the account's rights again.
    pub(crate) has_doubtful_rights: AtomicBool,
    /// `true` after the Redis client reported that this connection broke.
    pub(crate) closed: Arc<AtomicBool>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl Connected {
    /// Returns the origin of the server's data set, or `UNKNOWN_ORIGIN` if the server did not
    /// report one.
    pub(crate) fn origin(&self) -> [u8; 8] {
        self.origin.load(Ordering::Relaxed).to_ne_bytes()
    }

    /// Sets the origin of the server's data set to `origin`. Does nothing if `origin` is
    /// `UNKNOWN_ORIGIN`.
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
