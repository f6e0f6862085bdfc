//! A dropped caller releases its lease, for which others wait.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, cached, testing};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;

use crate::world::{call, node, policy, quick, settings, sleep, timed, two};

/// At once, as far as a clock that stands still can tell.
const AT_ONCE: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn a_computation_that_is_dropped_lets_the_next_node_go_on() {
    let (_store, one, other) = two().await;
    let source = Source::default();
    let first = call(&one, &source).await;
    let waiting = call(&other, &source).await;
    first.abort();
    source.gate.open_for_all();
    let (took, value) = timed(waiting).await;
    assert_eq!((value.unwrap(), source.runs()), (0, 2));
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_panics_lets_the_next_node_go_on() {
    let (_store, one, other) = two().await;
    let source = Source::default();
    let gate = source.gate.clone();
    let first = tokio::spawn({
        let one = one.clone();
        async move {
            let body = || async move {
                gate.pass().await;
                panic!("on purpose");
            };
            one.get_or_compute::<u64, _, _>("row", &policy(), body)
                .await
        }
    });
    source.gate.arrived().await;
    let waiting = call(&other, &quick(7)).await;
    assert!(!waiting.is_finished());
    source.gate.open();
    let (took, value) = timed(waiting).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < AT_ONCE, "{took:?}");
    assert!(first.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_and_goes_away_hands_the_wait_on() {
    let (_store, one, other) = two().await;
    let source = Source::default();
    let first = call(&one, &source).await;
    let leading = call(&other, &source).await;
    let following = call(&other, &source).await;
    leading.abort();
    settle().await;
    assert_eq!(source.runs(), 1, "it waits for the first node too");
    source.gate.open();
    let (took, value) = timed(following).await;
    assert_eq!((value.unwrap(), source.runs()), (0, 1));
    assert!(took < AT_ONCE, "{took:?}");
    first.await.unwrap();
}

#[cached(key = "turned:{id}", name = "turned_row", tags = ["rows"], skip(source))]
async fn row(source: Source, id: u64) -> u64 {
    source.read().await
}

async fn call_row(cache: &Cache, source: &Source) -> JoinHandle<u64> {
    let task = tokio::spawn(testing::scope(cache.clone(), row(source.clone(), 1)));
    settle().await;
    task
}

/// The caller goes away between its question and the answer, which gives it the lease.
#[tokio::test(start_paused = true)]
async fn a_lease_that_was_granted_to_nobody_is_released() {
    for op in [Op::Acquire, Op::ReadOrAcquire] {
        let (store, one, other) = two().await;
        if op == Op::ReadOrAcquire {
            // Memory knows that no tier can have it.
            call_row(&one, &quick(0)).await.await.unwrap();
            settle().await;
            one.invalidate_tags(["rows"]).await;
        }
        store.once(op, Trouble::Slow(Duration::from_millis(50)));
        let source = Source::default();
        let first = call_row(&one, &source).await;
        assert_eq!(source.runs(), 0, "{op:?}: it waits for the answer");
        first.abort();
        settle().await;
        let (took, value) = timed(call_row(&other, &quick(7)).await).await;
        assert_eq!(value.unwrap(), 7);
        assert!(took < AT_ONCE, "{op:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_answer_got_lost_is_released() {
    let (store, one, other) = two().await;
    store.once(Op::Acquire, Trouble::AnswerLost);
    let source = Source::default();
    let first = call(&one, &source).await;
    assert_eq!(source.runs(), 1, "it goes on without");
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < AT_ONCE, "{took:?}");
    source.gate.open();
    first.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_released_is_removed_as_soon_as_the_store_answers() {
    let (store, one, other) = two().await;
    store.once(Op::Release, Trouble::Lost);
    let source = Source::default();
    let first = call(&one, &source).await;
    first.abort();
    sleep(1).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_expires_if_the_store_does_not_answer() {
    let (store, one, other) = two().await;
    store.once(Op::Release, Trouble::Lost);
    store.always(Op::Invalidate, Trouble::Lost);
    let source = Source::default();
    let first = call(&one, &source).await;
    first.abort();
    sleep(1).await;
    let (took, value) = timed(call(&other, &quick(7)).await).await;
    assert_eq!(value.unwrap(), 7);
    assert!(took < Duration::from_millis(3_600), "{took:?}");
}

/// A tagged function takes longer than versions live that were made before it.
async fn computed_for_long(fault: Option<Fault>) -> Option<u64> {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let source = Source::default();
    let slow = call(&one, &source).await;
    sleep(1_000_000).await;
    source.gate.open();
    slow.await.expect("it ends well");
    settle().await;
    node(&store).await.get::<u64>("row").await
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_computation_depends_on_is_kept_meanwhile() {
    assert_eq!(computed_for_long(None).await, Some(0));
    assert_eq!(computed_for_long(Some(Fault::VersionsRunOut)).await, None);
}
