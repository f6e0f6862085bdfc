//! The wait for an answer until its deadline.

use std::pin::pin;

use tokio::time::{Instant, timeout_at};

use crate::base::fault::{Faults, removed};

/// The number of times that a caller looks for an answer after the deadline of the answer. Before
/// each time, the other ready tasks of the runtime run, because an answer passes from the
/// connection's task to its caller through one or two other tasks.
const LAST_LOOKS: usize = 4;

/// The guards that a test removed from the cache whose caller waits.
struct Looks {
    faults: Faults,
}

impl Looks {
    fn count(&self) -> usize {
        if removed!(self, NoLastLook) {
            0
        } else {
            LAST_LOOKS
        }
    }
}

/// Awaits an answer until the time `until`, and then polls it [`LAST_LOOKS`] more times. Returns
/// `None` if the answer did not arrive. `faults` are the guards that a test removed.
///
/// If the operating system suspends the process, the time `until` may pass although the answer has
/// arrived meanwhile and is not read yet. Between the further polls, the runtime can read the
/// answer. Without these polls, each such pause would look like a Redis that hangs.
pub(crate) async fn in_time<F: Future>(
    until: Instant,
    answer: F,
    faults: Faults,
) -> Option<F::Output> {
    let mut answer = pin!(answer);
    if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
        return Some(answered);
    }
    let looks = Looks { faults };
    for _ in 0..looks.count() {
        tokio::task::yield_now().await;
        // The deadline has passed, so `timeout_at` polls the answer once.
        if let Ok(answered) = timeout_at(until, answer.as_mut()).await {
            return Some(answered);
        }
    }
    None
}
