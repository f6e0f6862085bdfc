//! A full store refuses: calls go on, on this node and others.

use std::time::Duration;

use cachekit::testing::{Op, Trouble};
use cachekit_tests::{Source, settle};

use crate::world::{ENTRY, call, put, quick, timed, two};

const FULL: Trouble = Trouble::Rejected("OOM");

#[tokio::test(start_paused = true)]
async fn a_full_store_is_read_and_calls_go_on() {
    let (store, one, other) = two().await;
    put(&other, 5).await;
    store.always(Op::Acquire, FULL);
    store.always(Op::ReadOrAcquire, FULL);
    store.always(Op::Fill, FULL);
    assert_eq!(
        one.get::<u64>("row").await,
        Some(5),
        "what is there is served"
    );
    one.invalidate("row").await;
    assert!(!store.has(ENTRY), "invalidations are accepted");
    assert_eq!(call(&one, &quick(6)).await.await.unwrap(), 6);
    assert_eq!(one.get::<u64>("row").await, Some(6), "from memory");
    let stats = one.stats().redis;
    assert_eq!((stats.queued_invalidations, stats.failures), (0, 1));
    put(&other, 7).await;
    assert_eq!(store.count(Op::Fill), 1, "only the first one was tried");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_refused_keeps_nobody_waiting() {
    let (store, one, other) = two().await;
    store.once(Op::Fill, FULL);
    let source = Source::default();
    let first = call(&one, &source).await;
    let waiting = call(&other, &quick(7)).await;
    source.gate.open();
    assert_eq!(first.await.unwrap(), 0);
    let (took, value) = timed(waiting).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < Duration::from_millis(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_leaves_nothing_older() {
    let (store, one, other) = two().await;
    put(&one, 1).await;
    store.always(Op::Fill, FULL);
    put(&one, 2).await;
    settle().await;
    assert!(!store.has(ENTRY));
    assert_eq!(one.get::<u64>("row").await, Some(2));
    assert_eq!(other.get::<u64>("row").await, None);
}
