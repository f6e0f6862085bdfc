//! The error of a call whose write was not queued, and of questions about queues.

use std::fmt;

/// The error of a call of a write-behind function whose write the queue did not accept.
///
/// The error type of the function implements `From<QueueError>`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue of the function is full: workers carry writes out more slowly than new writes
    /// come.
    Full,
    /// Redis cannot be reached. The queue was not changed: a write was not queued.
    Unavailable,
    /// Redis did not confirm the change of the queue in time. A write may be in the queue, or may
    /// still arrive there.
    Unconfirmed,
    /// Redis refused the command with this error code, such as `OOM`. The queue was not changed: a
    /// write was not queued.
    Refused(String),
    /// The Redis server may lose queued writes, for this reason. The text names the remedy.
    Volatile(String),
    /// The arguments cannot be encoded for Redis, for this reason.
    NotEncodable(String),
    /// The cache was shut down, and has no Redis that would keep the write.
    ShutDown,
    /// The call was made inside of [`deferred`](crate::deferred). A queued write is no part of a
    /// transaction, and could not be taken back.
    InTransaction,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str(
                "the write was not queued, because the queue is full: workers are slower than \
                 writes; raise `capacity`, or start more workers",
            ),
            Self::Unavailable => {
                f.write_str("the queue was not changed, because Redis cannot be reached")
            }
            Self::Unconfirmed => f.write_str(
                "Redis did not confirm the change of the queue in time; it may have happened nevertheless",
            ),
            Self::Refused(code) => write!(
                f,
                "the queue was not changed, because Redis refused the command with `{code}`"
            ),
            Self::Volatile(problem) => write!(
                f,
                "the write was not queued, because the Redis server may lose it: {problem}"
            ),
            Self::NotEncodable(reason) => write!(
                f,
                "the write was not queued, because its arguments cannot be encoded: {reason}"
            ),
            Self::ShutDown => f.write_str(
                "the write was not queued, because the cache was shut down and only memory has the queue",
            ),
            Self::InTransaction => f.write_str(
                "a write-behind function was called inside of `deferred`: its write is no part of \
                 the transaction; call the function after the transaction",
            ),
        }
    }
}

impl std::error::Error for QueueError {}
