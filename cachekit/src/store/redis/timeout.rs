//! The time limit of connecting to Redis.

use std::time::Duration;

/// The time limit for connecting to Redis, the handshake or the subscription included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
