//! Computations whose callers are gone: their time limit, their number, and both without macros.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock};
use cachekit::{Cache, ComputeTimeout, Policy, SingleFlight, cached};
use cachekit_tests::{poll_once, settle};
use tokio::time::{Instant, sleep, timeout};

use crate::concurrency_gauge::ConcurrencyGauge;
use crate::{Source, cache, spawn, without};

const SECOND: Duration = Duration::from_secs(1);

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[cached(key = "crowd:{id}", detach, max_computations = 16, skip(crowd))]
async fn crowded(crowd: Arc<ConcurrencyGauge>, id: u64) -> u64 {
    let _inside = crowd.enter();
    std::future::pending::<()>().await;
    id
}

/// The most that run at once of 1,000 keys whose callers wait for 60 ms each, and of as many
/// after about `lock_timeout`.
async fn abandons(cache: &Cache) -> (usize, u64) {
    let crowd = Arc::new(ConcurrencyGauge::default());
    for after in [0, 9_960] {
        sleep(millis(after)).await;
        let call = |id| timeout(millis(60), crowded(Arc::clone(&crowd), after + id));
        let calls: Vec<_> = (0..1_000).map(|id| spawn(cache, call(id))).collect();
        for call in calls {
            assert!(call.await.expect("no panic").is_err());
        }
    }
    let stats = cache.stats();
    assert_eq!(stats.over_limit, 0);
    (crowd.max.load(Ordering::SeqCst), stats.detached)
}

#[tokio::test(start_paused = true)]
async fn of_1_000_keys_abandoned_no_more_than_max_computations_run() {
    let cache = cache().await;
    assert_eq!(abandons(&cache).await, (16, 32));
    sleep(11 * SECOND).await;
    let stats = cache.stats();
    assert_eq!((stats.timeouts, stats.flights), (32, 0));
    assert_eq!(stats.background.running, 0);
    let fault = without(Some(Fault::LeavePlace)).await;
    assert_eq!(abandons(&fault).await, (32, 32));
}

#[cached(key = "hung:{id}", detach, skip(source))]
async fn hung(source: Source, id: u64) -> u64 {
    source.read().await + id
}

/// When a computation that hangs is dropped, after its caller, which waited for half a
/// second, has gone; and what ran then.
async fn hangs(cache: &Cache) -> (Duration, u64) {
    let source = Source::default();
    let call = spawn(cache, timeout(SECOND / 2, hung(source.clone(), 1)));
    assert!(call.await.expect("no panic").is_err());
    let start = Instant::now();
    // It is replaced by who finds it too old, or takes over from it when it is dropped.
    let next = spawn(cache, hung(source.clone(), 1));
    for _ in 0..200 {
        if cache.stats().background.running == 0 {
            break;
        }
        sleep(millis(100)).await;
    }
    next.abort();
    (start.elapsed(), cache.stats().timeouts)
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_it_is_dropped_lock_timeout_after_its_caller_left() {
    let (took, dropped) = hangs(&cache().await).await;
    assert_eq!((took.as_secs(), dropped), (10, 1), "{took:?}");
    let fault = without(Some(Fault::DetachForEver)).await;
    let (took, dropped) = hangs(&fault).await;
    assert_eq!((took.as_secs(), dropped), (20, 0));
}

#[cached(key = "limited:{id}", detach, timeout = "30s", skip(source))]
async fn limited(source: Source, id: u64) -> Result<u64, ComputeTimeout> {
    Ok(source.read().await + id)
}

#[tokio::test(start_paused = true)]
async fn it_has_the_time_of_its_timeout() {
    let (cache, source) = (cache().await, Source::default());
    let start = Instant::now();
    let call = spawn(&cache, timeout(SECOND, limited(source.clone(), 1)));
    assert!(call.await.expect("no panic").is_err());
    sleep(24 * SECOND).await;
    assert_eq!(cache.stats().background.running, 1);
    while cache.stats().background.running > 0 {
        sleep(millis(100)).await;
    }
    assert_eq!((start.elapsed().as_secs(), cache.stats().timeouts), (30, 1));
    assert_eq!(cache.stats().flights, 0);
}

#[cached(
    key = "old:{id}",
    ttl = 10,
    stale_if_error = 60,
    soft_timeout = "50ms",
    early = false,
    detach,
    skip(source)
)]
async fn old(source: Source, id: u64) -> Result<u64, ()> {
    Ok(source.read().await + id)
}

/// Who would be given an old value leaves before.
#[tokio::test(start_paused = true)]
async fn it_goes_on_beside_an_old_value() {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = builder.build().await.expect("a valid set-up");
    let source = Source::default();
    source.gate.open();
    assert_eq!(spawn(&cache, old(source.clone(), 1)).await.unwrap(), Ok(1));
    clock.advance(20 * SECOND);
    source.write(10);
    let call = spawn(&cache, timeout(millis(20), old(source.clone(), 1)));
    assert!(call.await.expect("no panic").is_err());
    assert_eq!(cache.stats().detached, 1);
    assert_eq!(spawn(&cache, old(source.clone(), 1)).await.unwrap(), Ok(1));
    source.gate.open();
    settle().await;
    assert_eq!(spawn(&cache, old(source.clone(), 1)).await.unwrap(), Ok(11));
    assert_eq!((source.runs(), cache.stats().background.running), (2, 0));
}

/// The ways to compute under a key that the caller names.
#[derive(Debug, Clone, Copy)]
enum Manual {
    Compute,
    Refresh,
    TryRefresh,
}

async fn manually(cache: Cache, way: Manual, policy: Policy, source: Source) -> u64 {
    let body = || async move { source.read().await };
    match way {
        Manual::Compute => cache.get_or_compute("row", &policy, body).await,
        Manual::Refresh => cache.get_or_refresh("row", &policy, body).await,
        Manual::TryRefresh => {
            let body = || async { Ok::<_, ()>(body().await) };
            let value = cache.try_get_or_refresh("row", &policy, body).await;
            value.expect("no error")
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_nothing_of_its_caller_goes_on_without_macros_too() {
    let detach = || Policy::new().detach();
    let off = detach().single_flight(SingleFlight::Off);
    let cases = [
        (Manual::Refresh, detach(), 1),
        (Manual::TryRefresh, detach(), 1),
        (Manual::Refresh, Policy::new(), 0),
        (Manual::Refresh, off, 0),
        (Manual::Compute, detach(), 0),
    ];
    for (way, policy, detached) in cases {
        let (cache, source) = (cache().await, Source::default());
        source.write(7);
        let call = manually(cache.clone(), way, policy.clone(), source.clone());
        let call = tokio::spawn(call);
        source.gate.arrived().await;
        call.abort();
        settle().await;
        assert_eq!(cache.stats().detached, detached, "{way:?} {policy:?}");
        source.gate.open_for_all();
        settle().await;
        let stored = (detached == 1).then_some(7);
        assert_eq!(cache.get::<u64>("row").await, stored);
        assert_eq!((cache.stats().flights, source.runs()), (0, 1));
    }
}

/// There is nothing to go on with: the computation is dropped, and the next call computes.
#[test]
fn outside_of_a_tokio_runtime_it_is_dropped() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let cache = runtime.expect("a runtime").block_on(cache());
    let source = Source::default();
    let call = || {
        let call = cachekit::testing::scope(cache.clone(), hung(source.clone(), 1));
        Box::pin(call)
    };
    let mut first = call();
    assert!(poll_once(first.as_mut()).is_pending());
    drop(first);
    let stats = cache.stats();
    assert_eq!((stats.detached, stats.flights, source.runs()), (0, 0, 1));
    source.gate.open_for_all();
    assert!(poll_once(call().as_mut()).is_ready());
    assert_eq!(source.runs(), 2);
}

/// Of its runtime nothing may be left when that has ended.
#[test]
fn with_its_runtime_it_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let cache = runtime.block_on(cache());
    let source = Source::default();
    let call = cachekit::testing::scope(cache.clone(), hung(source.clone(), 1));
    let mut call = Box::pin(call);
    runtime.block_on(async { assert!(poll_once(call.as_mut()).is_pending()) });
    drop(runtime);
    drop(call);
    let stats = cache.stats();
    assert_eq!((stats.flights, stats.background.running), (0, 0));
}
