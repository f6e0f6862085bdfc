//! The limit of concurrent computations, with a store.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op};
use cachekit::{Cache, cached, testing};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;

use crate::world::{node, settings, sleep, timed, two};

#[cached(key = "one:{id}", name = "one", max_computations = 1, skip(source))]
async fn one_at_once(source: Source, id: u64) -> u64 {
    source.read().await
}

async fn call(cache: &Cache, source: &Source, id: u64) -> JoinHandle<u64> {
    let task = tokio::spawn(testing::scope(
        cache.clone(),
        one_at_once(source.clone(), id),
    ));
    settle().await;
    task
}

/// Who waits for a place has no lease: another node goes on, and its value is enough.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_permit_keeps_no_other_node_waiting() {
    let (_store, busy, free) = two().await;
    let source = Source::default();
    let first = call(&busy, &source, 1).await;
    let queued = call(&busy, &source, 2).await;
    assert_eq!(source.runs(), 1);
    let elsewhere = call(&free, &source, 2).await;
    assert_eq!(source.runs(), 2, "it computes at once");
    source.gate.open_for_all();
    assert_eq!(elsewhere.await.unwrap(), 0);
    assert_eq!(first.await.unwrap(), 0);
    assert_eq!((queued.await.unwrap(), source.runs()), (0, 2));
    assert_eq!(busy.stats().redis_hits, 1);
}

/// Whether a call begins although another one of its node waits for a third on another node.
async fn begins(fault: Option<Fault>) -> bool {
    let store = FakeStore::new();
    let other = node(&store).await;
    let settings = settings(&store);
    let settings = match fault {
        Some(fault) => settings.__seed(fault),
        None => settings,
    };
    let here = settings.build().await.expect("a valid set-up");
    let source = Source::default();
    let first = call(&other, &source, 1).await;
    let waits = call(&here, &source, 1).await;
    sleep(100).await;
    let second = call(&here, &source, 2).await;
    let begins = source.runs() == 2;
    source.gate.open_for_all();
    for call in [first, waits, second] {
        call.await.expect("no panic");
    }
    begins
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_node_takes_no_permit() {
    assert!(begins(None).await);
    assert!(!begins(Some(Fault::PlaceWhileWaiting)).await);
}

/// A value that Redis has is had without a place.
#[tokio::test(start_paused = true)]
async fn a_hit_in_the_store_takes_no_permit() {
    let (store, one, other) = two().await;
    let source = Source::default();
    source.gate.open();
    call(&one, &source, 2).await.await.unwrap();
    settle().await;
    let busy = call(&other, &source, 1).await;
    let (took, value) = timed(call(&other, &source, 2).await).await;
    assert_eq!((value.unwrap(), source.runs()), (0, 2));
    assert!(took < Duration::from_millis(5), "{took:?}");
    source.gate.open();
    busy.await.unwrap();
    assert_eq!(store.count(Op::Release), 0);
}

/// A wait for a place is no wait for Redis: the time for that is not used up.
#[tokio::test(start_paused = true)]
async fn a_long_wait_for_a_permit_leaves_time_for_the_lease() {
    let (_store, one, _) = two().await;
    let source = Source::default();
    let first = call(&one, &source, 1).await;
    let queued = call(&one, &source, 2).await;
    sleep(5_000).await;
    source.gate.open_for_all();
    first.await.unwrap();
    queued.await.unwrap();
    settle().await;
    let stats = one.stats();
    assert_eq!((stats.redis.stores, stats.redis.failures), (2, 0));
    assert_eq!(stats.over_limit, 0);
}
