//! Waiting while another node computes.

use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{Policy, SingleFlight};
use cachekit_tests::{Source, settle};

use crate::world::{ENTRY, call, call_with, node, policy, quick, settings, sleep, timed, two};

#[tokio::test(start_paused = true)]
async fn one_computes_for_all_nodes() {
    let (store, one, other) = two().await;
    let source = Source::default();
    let first = call(&one, &source).await;
    let second = call(&other, &source).await;
    assert_eq!(source.runs(), 1);
    source.gate.open();
    let (took, value) = timed(async { (first.await.unwrap(), second.await.unwrap()) }).await;
    assert_eq!(value, (0, 0));
    assert!(took < Duration::from_millis(5), "it was told: {took:?}");
    assert_eq!((source.runs(), other.stats().redis_hits), (1, 1));
    assert_eq!(other.stats().redis.waits, 1);
    assert!(store.has(ENTRY));
}

#[tokio::test(start_paused = true)]
async fn a_lost_message_is_survived_by_asking_again() {
    let (store, one, other) = two().await;
    store.mute(true);
    let source = Source::default();
    let first = call(&one, &source).await;
    let second = call(&other, &source).await;
    sleep(2_000).await;
    source.gate.open();
    first.await.unwrap();
    let (took, value) = timed(second).await;
    assert_eq!((value.unwrap(), source.runs()), (0, 1));
    assert!(took <= Duration::from_millis(501), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_asks_seldom() {
    let (store, one, other) = two().await;
    let source = Source::default();
    let first = call(&one, &source).await;
    store.take_log();
    let second = call(&other, &source).await;
    sleep(9_000).await;
    let asked = store.count(Op::Read) + store.count(Op::ReadOrAcquire) + store.count(Op::Acquire);
    // After 50, 100, 200 and 400 ms, and then every 500.
    assert!((15..=25).contains(&asked), "{asked}");
    source.gate.open();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_its_lock_timeout() {
    let store = FakeStore::new();
    let one = node(&store).await;
    let patience = Duration::from_secs(2);
    let other = settings(&store).lock_timeout(patience).build().await;
    let other = other.unwrap();
    let source = Source::default();
    let first = call(&one, &source).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(
        took >= patience && took < patience + Duration::from_millis(10),
        "{took:?}"
    );
    settle().await;
    source.gate.open();
    assert_eq!(first.await.unwrap(), 0);
    settle().await;
    assert_eq!(
        one.stats().redis.refused_stores,
        1,
        "the first to end is stored"
    );
    assert_eq!(node(&store).await.get::<u64>("row").await, Some(7));
    assert_eq!(one.get::<u64>("row").await, Some(7), "here too");
}

#[tokio::test(start_paused = true)]
async fn a_computation_older_than_its_lock_timeout_keeps_nobody_waiting() {
    let (_store, one, other) = two().await;
    let source = Source::default();
    let first = call(&one, &source).await;
    // Its lease was renewed for ten seconds, and ran out after three more.
    sleep(13_000).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < Duration::from_millis(10), "{took:?}");
    source.gate.open();
    assert_eq!(first.await.unwrap(), 0);
}

/// How long another node waits for a computation that hangs, with a patience that is longer
/// than that of the first.
async fn waits_for_one_that_hangs(renews: bool) -> Duration {
    let store = FakeStore::new();
    let one = node(&store).await;
    let patient = settings(&store).lock_timeout(Duration::from_secs(60));
    let other = patient.build().await.expect("a valid set-up");
    if !renews {
        store.always(Op::Renew, Trouble::Lost);
    }
    let source = Source::default();
    let first = call(&one, &source).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.expect("no panic"), 7);
    source.gate.open();
    assert_eq!(first.await.expect("no panic"), 0);
    took
}

/// A lease is for three seconds, renewed for ten, and then runs out.
#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_until_the_lock_timeout_and_then_let_go() {
    let took = waits_for_one_that_hangs(true).await;
    assert!((10..=13).contains(&took.as_secs()), "{took:?}");
    let took = waits_for_one_that_hangs(false).await;
    assert!((3..=4).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn g3_when_a_holder_dies_exactly_one_goes_on() {
    let store = FakeStore::new();
    let dying = node(&store).await;
    let source = Source::default();
    let first = call(&dying, &source).await;
    // A process that is gone gives nothing back, and removes nothing.
    store.always(Op::Release, Trouble::Lost);
    store.always(Op::Invalidate, Trouble::Lost);
    first.abort();
    settle().await;
    let mut waiters = vec![];
    for _ in 0..5 {
        let cache = node(&store).await;
        waiters.push(call(&cache, &source).await);
    }
    assert_eq!(source.runs(), 1);
    sleep(3_600).await;
    assert_eq!(source.runs(), 2, "its lease ran out, and one took over");
    source.gate.open_for_all();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), 0);
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn single_flight_off_waits_for_nobody() {
    let (_store, one, other) = two().await;
    let off = || policy().single_flight(SingleFlight::Off);
    let source = Source::default();
    let calls = [
        call_with(&one, &source, off()).await,
        call_with(&one, &source, off()).await,
        call_with(&other, &source, off()).await,
    ];
    assert_eq!(source.runs(), 3);
    source.gate.open_for_all();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn single_flight_process_waits_within_the_process() {
    let (store, one, other) = two().await;
    let process = || policy().single_flight(SingleFlight::Process);
    let source = Source::default();
    let calls = [
        call_with(&one, &source, process()).await,
        call_with(&one, &source, process()).await,
        call_with(&other, &source, process()).await,
    ];
    assert_eq!(source.runs(), 2);
    source.gate.open_for_all();
    for call in calls {
        call.await.unwrap();
    }
    settle().await;
    let stats = [one.stats().redis, other.stats().redis];
    assert_eq!(stats.iter().map(|it| it.stores).sum::<u64>(), 1);
    assert_eq!(stats.iter().map(|it| it.waits).sum::<u64>(), 0);
    assert_eq!(store.count(Op::Release), 0, "there was no lease");
}

#[tokio::test(start_paused = true)]
async fn a_long_computation_is_stored() {
    let store = FakeStore::new();
    let patience = Duration::from_secs(1);
    let one = settings(&store)
        .lock_timeout(patience)
        .build()
        .await
        .unwrap();
    let source = Source::default();
    let first = call_with(&one, &source, Policy::new()).await;
    sleep(60_000).await;
    source.gate.open();
    first.await.unwrap();
    settle().await;
    assert_eq!(one.stats().redis.stores, 1, "it kept its token");
    assert!(store.count(Op::Renew) < 100, "{}", store.count(Op::Renew));
}

#[tokio::test(start_paused = true)]
async fn a_long_computation_that_could_not_be_renewed_is_not_stored() {
    let store = FakeStore::new();
    let patience = Duration::from_secs(1);
    let one = settings(&store)
        .lock_timeout(patience)
        .build()
        .await
        .unwrap();
    store.always(Op::Renew, Trouble::Lost);
    let source = Source::default();
    let first = call_with(&one, &source, Policy::new()).await;
    sleep(60_000).await;
    source.gate.open();
    assert_eq!(first.await.unwrap(), 0);
    settle().await;
    assert_eq!(one.stats().redis.refused_stores, 1);
}
