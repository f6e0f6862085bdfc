//! One connection to a Redis, and what is known of it.

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
    /// The greeting's, until it changes.
    pub(crate) origin: AtomicU64,
    /// It refused something to this account: what else?
    pub(crate) has_doubtful_rights: AtomicBool,
    /// Set by the connection itself when its other end is gone.
    pub(crate) closed: Arc<AtomicBool>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl Connected {
    /// Which data set the server holds, as far as is known.
    pub(crate) fn origin(&self) -> [u8; 8] {
        self.origin.load(Ordering::Relaxed).to_ne_bytes()
    }

    /// It said so, or nothing that can be read.
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
