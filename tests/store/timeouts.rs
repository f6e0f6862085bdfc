//! The deadline of a computation, and other nodes that wait for its lease.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op};
use cachekit::{Cache, ComputeTimeout, cached, testing};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::world::{node, settings, sleep, timed, two};

const LIMIT: Duration = Duration::from_secs(2);
const AT_ONCE: Duration = Duration::from_millis(5);

#[cached(key = "late:{id}", name = "late", timeout = "2s", skip(source))]
async fn hanging(source: Source, id: u64) -> Result<u64, ComputeTimeout> {
    Ok(source.read().await)
}

async fn call(cache: &Cache, source: &Source) -> JoinHandle<Result<u64, ComputeTimeout>> {
    let task = tokio::spawn(testing::scope(cache.clone(), hanging(source.clone(), 1)));
    settle().await;
    task
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_is_too_late_lets_the_next_node_go_on() {
    let (store, one, other) = two().await;
    let source = Source::default();
    let hung = call(&one, &source).await;
    let waiting = call(&other, &source).await;
    assert_eq!(source.runs(), 1);
    assert!(hung.await.unwrap().is_err());
    settle().await;
    assert_eq!((source.runs(), store.count(Op::Release)), (2, 1));
    source.gate.open_for_all();
    let (took, value) = timed(waiting).await;
    assert_eq!(value.unwrap(), Ok(0));
    assert!(took < AT_ONCE, "{took:?}");
    // The next call of the first one finds it there.
    settle().await;
    assert_eq!(call(&one, &source).await.await.unwrap(), Ok(0));
    assert_eq!(source.runs(), 2);
}

/// Whether five callers on each of four nodes are answered if the function always hangs:
/// within `lock_timeout`, and the deadline of what they then compute themselves.
async fn are_answered(fault: Option<Fault>) -> bool {
    let store = FakeStore::new();
    let source = Source::default();
    let mut calls = vec![];
    for _ in 0..4 {
        let settings = settings(&store);
        let settings = match fault {
            Some(fault) => settings.__seed(fault),
            None => settings,
        };
        let cache = settings.build().await.expect("a valid set-up");
        for _ in 0..5 {
            calls.push(call(&cache, &source).await);
        }
    }
    let longest = Duration::from_secs(10) + LIMIT + AT_ONCE;
    let all = timeout(longest, async {
        for call in calls {
            assert!(call.await.expect("no panic").is_err());
        }
    });
    all.await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_function_that_hangs_for_ever_answers_everybody_on_every_node() {
    let start = Instant::now();
    assert!(are_answered(None).await);
    assert_eq!(start.elapsed().as_secs(), 8, "one after another, each once");
    assert!(!are_answered(Some(Fault::NoDeadline)).await);
}

/// Nothing of it is stored later, and no lease is left.
#[tokio::test(start_paused = true)]
async fn the_lease_is_free_for_a_node_that_comes_later() {
    let (store, one, _) = two().await;
    let source = Source::default();
    let hung = call(&one, &source).await;
    sleep(2_000).await;
    assert!(hung.await.unwrap().is_err());
    assert_eq!(one.stats().redis.stores, 0);
    let late = node(&store).await;
    source.gate.open();
    let (took, value) = timed(call(&late, &source).await).await;
    assert_eq!(value.unwrap(), Ok(0));
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(one.stats().timeouts, 1);
}
