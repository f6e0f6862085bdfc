//! The deadlines of Redis' answers and of connecting.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The number of times that a caller looks for an answer of Redis after the deadline of the answer.
/// Before each time, the other ready tasks of the runtime run, because an answer passes from the
/// connection's task to its caller through one or two other tasks.
pub(crate) const LAST_LOOKS: usize = 4;

/// Awaits `answer` until `until`, and then polls it `looks` more times. Returns `None` if the
/// answer did not arrive.
///
/// After the operating system suspended the process, the process's timers fire before the process
/// reads answers that arrived meanwhile. Therefore ready tasks run before an answer is late.
/// Without these polls, each such pause would look like a store that hangs.
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
