//! The limit of concurrent computations.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, Policy, cached};
use cachekit_tests::settle;
use tokio::time::Instant;

use crate::concurrency_gauge::ConcurrencyGauge;
use crate::{Source, cache, spawn, without};

#[cached(key = "crowd:{id}", tags = ["crowd"], max_computations = 16, skip(crowd))]
async fn item(crowd: Arc<ConcurrencyGauge>, id: u64) -> u64 {
    let _inside = crowd.enter();
    tokio::time::sleep(Duration::from_millis(5)).await;
    id
}

/// The most that compute at once when a tag of 1,000 entries goes away under load.
async fn stampede(cache: &Cache) -> usize {
    let crowd = Arc::new(ConcurrencyGauge::default());
    let calls = || (0..1_000).map(|id| spawn(cache, item(Arc::clone(&crowd), id)));
    for call in calls().collect::<Vec<_>>() {
        call.await.expect("no panic");
    }
    let calls: Vec<_> = calls().chain(calls()).collect();
    cache.invalidate_tags(["crowd"]).await;
    for (call, id) in calls.into_iter().zip((0..1_000).cycle()) {
        assert_eq!(call.await.expect("no panic"), id);
    }
    crowd.max.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_many_entries_does_not_overrun_the_source() {
    let cache = cache().await;
    assert_eq!(stampede(&cache).await, 16);
    let stats = cache.stats();
    assert_eq!((stats.over_limit, stats.flights), (0, 0));
    let open = without(Some(Fault::NoGate)).await;
    assert!(stampede(&open).await >= 1_000, "the load would do it");
}

#[cached(key = "fibonacci:{n}", max_computations = 1)]
async fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    Box::pin(fibonacci(n - 1)).await + Box::pin(fibonacci(n - 2)).await
}

async fn recursion(cache: &Cache) -> Duration {
    let start = Instant::now();
    assert_eq!(spawn(cache, fibonacci(10)).await.expect("no panic"), 55);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_function_that_calls_itself_does_not_wait_for_its_own_permit() {
    let cache = cache().await;
    assert_eq!(recursion(&cache).await, Duration::ZERO);
    assert_eq!(cache.stats().over_limit, 0);
    let fault = without(Some(Fault::GateItself)).await;
    assert!(recursion(&fault).await >= Duration::from_secs(10));
}

#[cached(key = "hangs:{id}", max_computations = 2, skip(source))]
async fn hangs(source: Source, id: u64) -> u64 {
    source.read().await + id
}

/// How long a third call waits that comes after five seconds, with `lock_timeout` ten, and
/// how many went ahead without a place.
async fn third(cache: &Cache) -> (u64, u64) {
    let source = Source::default();
    let hung = [1, 2].map(|id| spawn(cache, hangs(source.clone(), id)));
    source.gate.arrived().await;
    source.gate.arrived().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let start = Instant::now();
    let third = spawn(cache, hangs(source.clone(), 3));
    settle().await;
    assert_eq!(source.runs(), 2, "there is no place");
    source.gate.arrived().await;
    let took = start.elapsed().as_secs();
    source.gate.open_for_all();
    assert_eq!(third.await.expect("no panic"), 3);
    for hung in hung {
        hung.await.expect("no panic");
    }
    (took, cache.stats().over_limit)
}

#[tokio::test(start_paused = true)]
async fn computations_that_hang_release_their_permits_after_the_lock_timeout() {
    assert_eq!(third(&cache().await).await, (5, 0));
    let fault = without(Some(Fault::KeepPlace)).await;
    assert_eq!(third(&fault).await, (10, 1), "nobody waits for longer");
}

/// Who goes away while it waits for a place, or has one, leaves it to the next.
#[tokio::test(start_paused = true)]
async fn permits_are_not_lost() {
    let (cache, source) = (cache().await, Source::default());
    let calls: Vec<_> = (0..20)
        .map(|id| spawn(&cache, hangs(source.clone(), id)))
        .collect();
    settle().await;
    assert_eq!(source.runs(), 2);
    for call in &calls[..18] {
        call.abort();
    }
    settle().await;
    assert_eq!(source.runs(), 4);
    source.gate.open_for_all();
    for call in calls {
        let _ = call.await;
    }
    assert_eq!((cache.stats().flights, cache.stats().over_limit), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_group_of_direct_calls() {
    let (cache, source) = (cache().await, Source::default());
    let call = |key: &'static str, group| {
        let (cache, source) = (cache.clone(), source.clone());
        let policy = Policy::new().max_computations(group, 1);
        tokio::spawn(async move {
            let body = || async move { source.read().await };
            cache.get_or_compute(key, &policy, body).await
        })
    };
    let calls = [
        call("a", "reports"),
        call("b", "reports"),
        call("c", "mails"),
    ];
    settle().await;
    assert_eq!(source.runs(), 2, "one of each group");
    source.gate.open_for_all();
    for call in calls {
        call.await.expect("no panic");
    }
    assert_eq!(source.runs(), 3);
}
