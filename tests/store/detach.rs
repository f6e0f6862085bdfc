//! Computations whose caller is dropped, beside other nodes.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, CacheBuilder, Policy};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;

use crate::world::{ENTRY, call, node, policy, quick, settings, sleep, timed, two};

/// A call whose computation goes on without it, run until it waits.
async fn detached(cache: &Cache, source: &Source) -> JoinHandle<u64> {
    let (cache, source) = (cache.clone(), source.clone());
    let task = tokio::spawn(async move {
        let body = || async move { source.read().await };
        let policy: Policy = policy().detach();
        cache.get_or_refresh("row", &policy, body).await
    });
    settle().await;
    task
}

/// The same, dropped then.
async fn left(cache: &Cache, source: &Source) {
    let call = detached(cache, source).await;
    assert_eq!(source.runs(), 1);
    call.abort();
    settle().await;
}

fn slow(millis: u64) -> Trouble {
    Trouble::Slow(Duration::from_millis(millis))
}

#[tokio::test(start_paused = true)]
async fn g3_another_node_is_woken_by_what_goes_on() {
    let (store, one, other) = two().await;
    let source = Source::default();
    left(&one, &source).await;
    let waiting = call(&other, &source).await;
    // Its lease is kept alive meanwhile.
    sleep(8_000).await;
    assert_eq!((source.runs(), store.count(Op::Release)), (1, 0));
    source.gate.open();
    let (took, value) = timed(waiting).await;
    assert_eq!((value.unwrap(), source.runs()), (0, 1));
    assert!(took < Duration::from_millis(5), "it was told: {took:?}");
    assert_eq!((one.stats().detached, one.stats().redis.stores), (1, 1));
    assert_eq!(other.stats().redis_hits, 1);
    assert!(store.has(ENTRY));
}

#[tokio::test(start_paused = true)]
async fn g1_what_another_node_invalidated_meanwhile_is_not_stored() {
    for by_tag in [false, true] {
        let (_store, one, other) = two().await;
        let source = Source::default();
        left(&one, &source).await;
        if by_tag {
            other.invalidate_tags(["rows"]).await;
        } else {
            other.invalidate("row").await;
        }
        source.gate.open();
        settle().await;
        assert_eq!(other.get::<u64>("row").await, None);
        assert_eq!(call(&one, &quick(7)).await.await.unwrap(), 7);
        assert_eq!(one.stats().background.running, 0);
    }
}

/// A call that is dropped while it asks for the lease; how many computations there are then,
/// how many leases were given back, and how long another node waits for its own.
async fn leaves_before_the_lease(fault: Option<Fault>) -> (usize, usize, Duration) {
    let store = FakeStore::new();
    let builder = fault
        .into_iter()
        .fold(settings(&store), CacheBuilder::__seed);
    let (one, other) = (
        builder.build().await.expect("a valid set-up"),
        node(&store).await,
    );
    store.once(Op::ReadOrAcquire, slow(50));
    store.once(Op::Acquire, slow(50));
    let source = Source::default();
    let going = detached(&one, &source).await;
    sleep(20).await;
    assert_eq!(source.runs(), 0, "it has not begun");
    going.abort();
    sleep(100).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.expect("no panic"), 7);
    source.gate.open_for_all();
    settle().await;
    assert_eq!(one.stats().flights, 0);
    (source.runs(), store.count(Op::Release), took)
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_lease_came_releases_it() {
    let (runs, released, took) = leaves_before_the_lease(None).await;
    assert_eq!((runs, released), (0, 1));
    assert!(took < Duration::from_millis(5), "{took:?}");
    let (runs, ..) = leaves_before_the_lease(Some(Fault::DetachUnbegun)).await;
    assert_eq!(runs, 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_it_and_for_its_store() {
    let (store, one, other) = two().await;
    let source = Source::default();
    left(&one, &source).await;
    let shutdown = tokio::spawn({
        let one = one.clone();
        async move { timed(one.shutdown()).await }
    });
    sleep(300).await;
    assert!(!shutdown.is_finished());
    store.once(Op::Fill, slow(200));
    source.gate.open();
    let (took, report) = shutdown.await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(took.as_millis() / 100, 5, "{took:?}");
    assert_eq!(other.get::<u64>("row").await, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_up_what_takes_too_long() {
    let (store, one, _other) = two().await;
    left(&one, &Source::default()).await;
    let report = one.shutdown_within(Duration::from_secs(1)).await;
    assert_eq!((report.abandoned, report.queued_invalidations), (1, 0));
    settle().await;
    assert_eq!((one.stats().flights, store.count(Op::Release)), (0, 1));
    assert_eq!(
        (one.stats().detached, one.stats().background.running),
        (1, 0)
    );
}

/// After a shutdown nothing begins: the lease is given back, as without `detach`.
#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nothing_goes_on() {
    let (store, one, other) = two().await;
    let source = Source::default();
    let going = detached(&one, &source).await;
    assert!(one.shutdown().await.is_complete());
    going.abort();
    settle().await;
    assert_eq!(
        (one.stats().detached, one.stats().background.refused),
        (0, 1)
    );
    assert_eq!((one.stats().flights, store.count(Op::Release)), (0, 1));
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < Duration::from_millis(5), "{took:?}");
}
