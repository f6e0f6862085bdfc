//! Deadlines of answers.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// An answer passes from the connection's task to its caller through one or two other tasks.
pub(crate) const LAST_LOOKS: usize = 4;

/// Awaits `answer` until `until`; `None` if it came too late.
///
/// If the process itself was suspended, its timers fire first, and an answer that arrived long ago
/// is read after that. Therefore tasks that are ready run before the answer counts as late.
/// Otherwise every such pause would look like a store that hangs.
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
        // Polls once: the deadline has passed.
        if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
            return Some(answered);
        }
    }
    None
}

/// The time limit of connecting with the handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
