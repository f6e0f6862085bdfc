//! Limits and errors of the questions to a queue.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::core::state::Core;
use crate::model::queue_error::QueueError;
use crate::store::failure::Failure;

/// Returns the time until which a call waits for the answer of the queue.
pub(crate) fn deadline(core: &Core) -> Instant {
    let timeout = core.l2.as_ref().map(|l2| l2.settings.timeout);
    from_now(timeout.unwrap_or(core.config.lock_timeout))
}

/// The shortest time for which a worker waits for the answer of the queue. The answer to a claim
/// contains many writes. If the answer is lost, these writes are delayed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the time until which a worker waits for the answer of the queue.
pub(crate) fn patient_deadline(core: &Core) -> Instant {
    deadline(core).max(from_now(PATIENCE))
}

/// Returns the error of a call whose question to the queue failed.
pub(crate) fn error_of(failure: Failure) -> QueueError {
    match failure {
        Failure::Unavailable => QueueError::Unavailable,
        Failure::Indeterminate => QueueError::Unconfirmed,
        Failure::Rejected(code) => QueueError::Refused(code),
    }
}
