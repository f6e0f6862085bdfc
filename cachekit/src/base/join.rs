//! Waiting for several futures at once.

use std::pin::Pin;
use std::task::Poll;

/// Waits until all `futures` have ended, and returns their outputs in the same order. A future that
/// has ended is not polled again.
pub(crate) async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(Running::new).collect();
    std::future::poll_fn(|context| {
        let mut is_ready = true;
        for one in &mut running {
            if let Running::Pending(future) = one {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *one = Running::Ended(output),
                    Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    running.into_iter().filter_map(Running::output).collect()
}

enum Running<F: Future> {
    Pending(Pin<Box<F>>),
    Ended(F::Output),
}

impl<F: Future> Running<F> {
    fn new(future: F) -> Self {
        Self::Pending(Box::pin(future))
    }

    fn output(self) -> Option<F::Output> {
        match self {
            Self::Ended(output) => Some(output),
            Self::Pending(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_wait_at_once_and_keep_their_order() {
        let start = Instant::now();
        let wait = async |millis| {
            sleep(Duration::from_millis(millis)).await;
            millis
        };
        let waited = join_all([30, 10, 20, 0].map(wait).into_iter().collect()).await;
        assert_eq!(waited, [30, 10, 20, 0]);
        assert_eq!(start.elapsed(), Duration::from_millis(30));
        assert_eq!(join_all(Vec::<std::future::Ready<()>>::new()).await, []);
    }
}
