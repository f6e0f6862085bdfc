//! Waiting for the first of two futures, and for both.

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

/// Waits until `one` and `other` have ended.
pub(crate) async fn join(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut has_one, mut has_other) = (false, false);
    std::future::poll_fn(|context| {
        has_one = has_one || one.as_mut().poll(context).is_ready();
        has_other = has_other || other.as_mut().poll(context).is_ready();
        if has_one && has_other {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
