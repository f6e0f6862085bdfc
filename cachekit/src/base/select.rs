//! Waiting for the first of two futures.

use std::pin::pin;
use std::task::Poll;

/// Waits until `one` or `other` has ended, and drops the future that has not.
pub(crate) async fn select(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    std::future::poll_fn(|context| {
        let is_ready = one.as_mut().poll(context).is_ready();
        if is_ready || other.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
