//! The deadlines of Redis' answers and of connecting.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The number of times that a caller looks for an answer of Redis after the deadline of the answer.
/// Before each time, the other ready tasks of the runtime run, because an answer passes from the
/// connection's task to its caller through one or two other tasks.
pub(crate) const LAST_LOOKS: usize = 4;

/// Awaits an answer of Redis until the time `until`, and then polls it `looks` more times. Returns
/// `None` if the answer did not arrive.
///
/// If the operating system suspends the process, the time `until` may pass although the answer has
/// arrived meanwhile and is not read yet. Between the further polls, the runtime can read the
/// answer. Without these polls, each such pause would look like a Redis that hangs.
pub(crate) async fn in_time<F: Future>(
    until: Instant,
    answer: F,
    looks: usize,
) -> Option<F::Output> {
    let mut answer = pin!(answer);
    if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
        return Some(answered);
    }
    for _ in 0..looks {
        tokio::task::yield_now().await;
        // The deadline has passed, so `timeout_at` polls the answer once.
        if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
            return Some(answered);
        }
    }
    None
}

/// The time limit for connecting to Redis, the handshake or the subscription included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
