//! Until when an answer is waited for.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// From the connection's own task an answer comes to its caller by one or two others.
pub(crate) const LAST_LOOKS: usize = 4;

/// What `answer` gives until `until`, and `looks` times later; `None`: it came too late.
///
/// Where the process itself stood still, its timers run out first, and the answer that came long
/// ago is read after that. So tasks that are ready run before it is called late: otherwise every
/// such pause would look like a store that hangs.
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
        // Only a look: the time is over.
        if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
            return Some(answered);
        }
    }
    None
}

/// A connection and its handshake take no longer.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
