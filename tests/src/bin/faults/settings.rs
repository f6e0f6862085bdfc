//! The settings of the nodes, their load and their limits.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{CacheBuilder, OnDisconnect};
use cachekit_tests::scripts::Seed as _;

/// The namespace of every node.
pub(crate) const NAMESPACE: &str = "faulty";

/// How many nodes call, each by a proxy of its own.
pub(crate) const NODES: usize = 2;

/// The longest that a call waits for Redis: the default.
pub(crate) const REDIS_TIMEOUT: Duration = Duration::from_millis(100);

/// The longest that memory may serve what another node invalidated.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_millis(500);

/// The longest that a call waits for another's computation.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// What the function of a miss takes.
pub(crate) const LOADER: Duration = Duration::from_millis(2);

/// For the scheduler and the rounding of timers.
pub(crate) const ALLOWANCE: Duration = Duration::from_millis(50);

/// The longest from the end of a fault until Redis is in use again: the longest pause between
/// two attempts to connect, and the messages that have to come through.
pub(crate) const RECOVERY: Duration = Duration::from_millis(1_000 + 500 + 100);

/// A call that is not back so long after the end of the load is lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Before the fault, and after everything is in use again.
pub(crate) const BEFORE: Duration = Duration::from_millis(700);
pub(crate) const AFTER: Duration = Duration::from_millis(700);

/// What memory does while nothing can be asked: one node as it is by default, the other as
/// those have it that rather compute.
pub(crate) fn on_disconnect(node: usize) -> OnDisconnect {
    if node == 0 {
        OnDisconnect::ServeFor(Duration::from_secs(30))
    } else {
        OnDisconnect::Bypass
    }
}

/// What may be taken from the cache, to see a row fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    Guard(Fault),
    /// It waits for Redis too long.
    LongTimeout,
}

pub(crate) const BROKEN: &[(&str, Removed)] = &[
    ("deaf", Removed::Guard(Fault::Deaf)),
    ("no-epoch", Removed::Guard(Fault::NoEpoch)),
    ("no-heartbeat", Removed::Guard(Fault::NoHeartbeat)),
    ("long-timeout", Removed::LongTimeout),
];

impl Removed {
    pub(crate) fn apply(self, settings: CacheBuilder) -> CacheBuilder {
        match self {
            Self::Guard(fault) => settings.seed(fault),
            Self::LongTimeout => settings.redis_timeout(REDIS_TIMEOUT * 10),
        }
    }
}

/// A call alone with its key: one question to Redis, whatever happens to it.
pub(crate) const ALONE: Duration = REDIS_TIMEOUT;

/// A call whose key others ask for at the same time may also wait for their computation.
pub(crate) fn shared() -> Duration {
    LOCK_TIMEOUT + REDIS_TIMEOUT + LOADER
}

/// A write tells Redis of its invalidation.
pub(crate) const WRITE: Duration = REDIS_TIMEOUT;
