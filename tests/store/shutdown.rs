//! The end of background work.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, CacheBuilder};
use cachekit_tests::settle;

use crate::world::{ENTRY, call, node, policy, put, quick, settings, sleep, timed, two};

const SECOND: Duration = Duration::from_secs(1);

fn slow(millis: u64) -> Trouble {
    Trouble::Slow(Duration::from_millis(millis))
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_stored() {
    let (store, one, other) = two().await;
    store.once(Op::Fill, slow(300));
    assert_eq!(call(&one, &quick(7)).await.await.unwrap(), 7);
    settle().await;
    assert_eq!(one.stats().background.running, 1);
    let (took, left) = timed(one.shutdown()).await;
    assert!(left.is_complete(), "{left:?}");
    assert!(took > SECOND / 4 && took < SECOND, "{took:?}");
    assert_eq!(one.stats().background.running, 0);
    assert_eq!(other.get::<u64>("row").await, Some(7));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up_and_reported() {
    let (store, one, other) = two().await;
    put(&other, 1).await;
    store.once(Op::Fill, slow(900));
    one.invalidate_tags(["rows"]).await;
    assert_eq!(call(&one, &quick(7)).await.await.unwrap(), 7);
    settle().await;
    let (took, left) = timed(one.shutdown_within(SECOND / 2)).await;
    assert_eq!((left.abandoned, took), (1, SECOND / 2));
    // Nobody knows whether it was stored: the entry is removed instead.
    sleep(1_000).await;
    assert!(!store.has(ENTRY));
    assert!(one.shutdown().await.is_complete());
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_redis_did_not_accept_is_sent_first() {
    let (store, one, other) = two().await;
    put(&one, 1).await;
    store.away(true);
    one.invalidate("row").await;
    let (took, left) = timed(one.shutdown_within(SECOND)).await;
    assert_eq!(
        (left.queued_invalidations, left.abandoned, took),
        (1, 0, SECOND)
    );
    let telling = tokio::spawn({
        let one = one.clone();
        async move { one.shutdown().await }
    });
    sleep(100).await;
    assert!(!telling.is_finished());
    store.away(false);
    assert!(telling.await.unwrap().is_complete());
    assert_eq!(other.get::<u64>("row").await, None);
}

/// Calls of a cache that was shut down: how many of two computed, and what they ask the store for.
async fn afterwards(builder: CacheBuilder, store: &FakeStore) -> (Cache, usize, usize) {
    let cache = builder.build().await.expect("a valid set-up");
    assert!(cache.shutdown().await.is_complete());
    store.take_log();
    let source = quick(7);
    for _ in 0..2 {
        assert_eq!(call(&cache, &source).await.await.expect("no panic"), 7);
    }
    settle().await;
    let asked = [Op::Read, Op::ReadOrAcquire, Op::Acquire, Op::Fill];
    let asked = asked.into_iter().map(|op| store.count(op)).sum();
    (cache, source.runs(), asked)
}

#[tokio::test(start_paused = true)]
async fn afterwards_calls_go_on_with_the_function() {
    let store = FakeStore::new();
    let other = node(&store).await;
    put(&other, 1).await;
    let (cache, computed, asked) = afterwards(settings(&store), &store).await;
    assert_eq!((computed, asked), (2, 0), "memory is out of use too");
    assert_eq!(cache.stats().background.running, 0);
    assert!(store.has(ENTRY), "what others have is not in doubt");
    // Invalidations are heard, and told.
    other.invalidate_tags(["rows"]).await;
    settle().await;
    let again = quick(8);
    assert_eq!(call(&cache, &again).await.await.unwrap(), 8);
    put(&other, 2).await;
    cache.invalidate("row").await;
    settle().await;
    assert_eq!(other.get::<u64>("row").await, None);
    assert!(cache.shutdown().await.is_complete());
    // With the guard removed the same calls do ask.
    let open = settings(&FakeStore::new()).__seed(Fault::NeverClosed);
    let store = FakeStore::new();
    let (_, _, asked) = afterwards(open.__store(store.clone()), &store).await;
    assert!(asked > 0);
}

/// A computation that was running gives its lease back, so that no other process waits.
#[tokio::test(start_paused = true)]
async fn a_computation_that_ends_after_it_keeps_nobody_waiting() {
    let (store, one, other) = two().await;
    let source = cachekit_tests::Source::default();
    let first = call(&one, &source).await;
    assert!(
        one.shutdown().await.is_complete(),
        "it is nobody's background"
    );
    let waiting = call(&other, &source).await;
    source.gate.open_for_all();
    let (took, value) = timed(waiting).await;
    assert_eq!((value.unwrap(), first.await.unwrap()), (0, 0));
    assert!(took < Duration::from_millis(5), "{took:?}");
    assert_eq!((source.runs(), store.count(Op::Release)), (2, 1));
    assert_eq!(one.stats().background.refused, 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_redis_there_is_nothing_to_wait_for() {
    let cache = Cache::builder().build().await.unwrap();
    let (took, left) = timed(cache.shutdown()).await;
    assert!(left.is_complete());
    assert_eq!(took, Duration::ZERO);
    cache.put("row", 1_u64, &policy()).await;
    assert_eq!(cache.get::<u64>("row").await, Some(1));
}
