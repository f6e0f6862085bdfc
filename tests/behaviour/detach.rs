//! Computations that continue when their caller is dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached};
use cachekit_tests::{poll_once, settle};
use tokio::time::{sleep, timeout};

use crate::{Source, cache, spawn, without};

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Counts computations that take 100 ms.
#[derive(Debug, Clone, Default)]
struct Slow {
    begun: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Slow {
    async fn compute(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst);
        sleep(millis(100)).await;
        self.ended.fetch_add(1, Ordering::SeqCst);
        7
    }

    /// How many began, and how many ended.
    fn counts(&self) -> (usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (read(&self.begun), read(&self.ended))
    }
}

#[cached(key = "dropped:{id}", skip(slow))]
async fn dropped(slow: Slow, id: u64) -> u64 {
    slow.compute().await + id
}

#[cached(key = "kept:{id}", detach, skip(slow))]
async fn kept(slow: &Slow, id: u64) -> u64 {
    slow.compute().await + id
}

/// How many of 50 callers that come 20 ms apart and wait for 60 ms each are answered.
async fn impatient<F>(cache: &Cache, call: impl Fn() -> F) -> usize
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut callers = vec![];
    for _ in 0..50 {
        callers.push(spawn(cache, timeout(millis(60), call())));
        sleep(millis(20)).await;
    }
    let mut answered = 0;
    for caller in callers {
        answered += usize::from(caller.await.expect("no panic").is_ok());
    }
    sleep(millis(200)).await;
    answered
}

#[tokio::test(start_paused = true)]
async fn impatient_callers_are_answered_in_the_end() {
    let (cache, slow) = (cache().await, Slow::default());
    let answered = impatient(&cache, || dropped(slow.clone(), 0)).await;
    assert_eq!((slow.counts(), answered), ((50, 0), 0), "without it");
    assert_eq!((cache.stats().stores, cache.stats().detached), (0, 0));

    let slow = Slow::default();
    let call = || {
        let slow = slow.clone();
        async move { kept(&slow, 0).await }
    };
    let answered = impatient(&cache, call).await;
    assert_eq!(slow.counts(), (1, 1));
    assert!(answered >= 45, "{answered}");
    let (stats, own) = (cache.stats(), scope(cache, async { kept::stats() }).await);
    assert_eq!((stats.stores, stats.detached, own.detached), (1, 1, 1));
    assert_eq!((stats.flights, stats.background.running), (0, 0));
}

#[cached(key = "held:{id}", detach, tags = ["held", "value:{ret}"], skip(source))]
async fn held(source: Source, id: u64) -> u64 {
    source.read().await + id
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_what_goes_on() {
    let (cache, source) = (cache().await, Source::default());
    let leader = spawn(&cache, held(source.clone(), 1));
    source.gate.arrived().await;
    let waiter = spawn(&cache, held(source.clone(), 1));
    settle().await;
    leader.abort();
    settle().await;
    let later = spawn(&cache, held(source.clone(), 1));
    settle().await;
    source.gate.open();
    assert_eq!((waiter.await.unwrap(), later.await.unwrap()), (1, 1));
    let stats = cache.stats();
    assert_eq!((source.runs(), stats.coalesced, stats.stores), (1, 2, 1));
}

/// Of a caller that waits for another's computation nothing goes on when it is dropped; says
/// what did, and how much ran in the background.
async fn drops_a_waiter(cache: &Cache) -> (u64, usize) {
    let source = Source::default();
    let leader = spawn(cache, held(source.clone(), 1));
    source.gate.arrived().await;
    let waiter = spawn(cache, held(source.clone(), 1));
    settle().await;
    waiter.abort();
    settle().await;
    let stats = cache.stats();
    source.gate.open_for_all();
    assert_eq!((leader.await.expect("no panic"), source.runs()), (1, 1));
    (stats.detached, stats.background.running)
}

#[tokio::test(start_paused = true)]
async fn who_only_waited_is_dropped() {
    let cache = cache().await;
    assert_eq!(drops_a_waiter(&cache).await, (0, 0));
    assert_eq!(cache.stats().flights, 0);
    let fault = without(Some(Fault::DetachUnbegun)).await;
    assert_eq!(drops_a_waiter(&fault).await, (1, 1));
}

/// It is spawned when its caller leaves, and not before.
#[tokio::test(start_paused = true)]
async fn on_the_usual_path_it_runs_in_its_caller_s_task() {
    tokio::task_local!(static WHO: u64);
    #[cached(key = "{id}", detach)]
    async fn who(id: u64) -> u64 {
        tokio::task::yield_now().await;
        id + WHO.try_with(|who| *who).unwrap_or_default()
    }
    let cache = cache().await;
    let tasks = || {
        let runtime = tokio::runtime::Handle::current();
        runtime.metrics().num_alive_tasks()
    };
    let mut call = Box::pin(WHO.scope(40, scope(cache.clone(), who(2))));
    assert!(poll_once(call.as_mut()).is_pending());
    assert_eq!(tasks(), 0);
    assert_eq!(call.await, 42);
    assert_eq!((tasks(), cache.stats().detached), (0, 0));
}

type Call = Pin<Box<dyn Future<Output = u64> + Send>>;

#[cached(key = "steps:{id}", detach)]
async fn steps(id: u64) -> u64 {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    id * 10
}

/// The leader is dropped after 1, 2, 3, .. polls: one computation, wherever that is.
#[tokio::test]
async fn a_leader_dropped_at_any_await_point() {
    for polls in 1.. {
        let cache = cache().await;
        let call = || -> Call { Box::pin(scope(cache.clone(), steps(1))) };
        let mut leader = call();
        let done = (0..polls).any(|_| poll_once(leader.as_mut()).is_ready());
        let mut waiter = call();
        assert_eq!(poll_once(waiter.as_mut()).is_ready(), done);
        drop(leader);
        if done {
            assert_eq!((polls, cache.stats().detached), (6, 0));
            return;
        }
        assert_eq!(waiter.await, 10);
        settle().await;
        let stats = cache.stats();
        assert_eq!((stats.computations, stats.detached), (1, 1), "{polls}");
        assert_eq!((stats.flights, stats.background.running), (0, 0));
    }
}

#[cached(key = "panics:{id}", detach, skip(source))]
async fn panics(source: Source, id: u64) -> u64 {
    let value = source.read().await;
    assert!(value > 0, "on purpose");
    value + id
}

#[tokio::test(start_paused = true)]
async fn a_panic_after_the_caller_left_is_counted_once() {
    let (cache, source) = (cache().await, Source::default());
    let call = || spawn(&cache, panics(source.clone(), 1));
    let leader = call();
    source.gate.arrived().await;
    let waiter = call();
    settle().await;
    leader.abort();
    settle().await;
    source.gate.open();
    settle().await;
    let stats = cache.stats();
    assert_eq!((stats.detached, stats.background.panicked), (1, 1));
    // The waiter goes on, as after a cancellation.
    source.gate.arrived().await;
    assert_eq!(source.runs(), 2);
    source.write(7);
    source.gate.open_for_all();
    assert!(waiter.await.expect_err("its own").is_panic());
    assert_eq!(call().await.expect("no panic"), 8);
    let stats = cache.stats();
    assert_eq!((stats.detached, stats.background.panicked), (1, 1));
    assert_eq!((stats.errors, stats.timeouts, stats.flights), (0, 0, 0));
}

async fn fails() {
    tokio::task::yield_now().await;
    panic!("on purpose");
}

/// How many computations went on, and panicked once more, after one that panicked in its
/// caller's task, and one whose caller's task panicked beside it.
async fn unwinds(cache: &Cache) -> (u64, u64) {
    let source = Source::default();
    source.gate.open_for_all();
    let own = spawn(cache, panics(source.clone(), 1));
    assert!(own.await.expect_err("on purpose").is_panic());
    let beside = async { tokio::join!(panics(Source::default(), 2), fails()) };
    let beside = spawn(cache, beside);
    assert!(beside.await.expect_err("on purpose").is_panic());
    settle().await;
    (cache.stats().detached, cache.stats().background.panicked)
}

#[tokio::test]
async fn what_unwinds_does_not_go_on() {
    let cache = cache().await;
    assert_eq!(unwinds(&cache).await, (0, 0));
    assert_eq!(cache.stats().flights, 0);
    let fault = without(Some(Fault::DetachUnwinding)).await;
    assert_eq!(unwinds(&fault).await, (2, 1));
}

/// What a call gets after something was invalidated, before or after the caller left.
async fn invalidated(cache: &Cache, way: usize, leaves_first: bool) -> (u64, u64) {
    let source = Source::default();
    let call = spawn(cache, held(source.clone(), 1));
    source.gate.arrived().await;
    if leaves_first {
        call.abort();
        settle().await;
    }
    source.write(100);
    match way {
        0 => cache.invalidate("held:1").await,
        1 => cache.invalidate_tags(["held"]).await,
        // Of the value that is being computed.
        2 => cache.invalidate_tags(["value:1"]).await,
        _ => scope(cache.clone(), held::invalidate_all()).await,
    }
    call.abort();
    settle().await;
    assert_eq!(cache.stats().detached, 1);
    source.gate.open_for_all();
    settle().await;
    let refused = cache.stats().refused_stores;
    (
        refused,
        spawn(cache, held(source, 1)).await.expect("no panic"),
    )
}

#[tokio::test(start_paused = true)]
async fn g1_what_was_invalidated_meanwhile_is_not_stored() {
    for (way, leaves_first) in (0..4).flat_map(|way| [(way, true), (way, false)]) {
        let found = invalidated(&cache().await, way, leaves_first).await;
        assert_eq!(found, (1, 101), "{way} {leaves_first}");
    }
    for (fault, way) in [(Fault::LeaveFlight, 0), (Fault::EpochsAfterCompute, 1)] {
        let fault = without(Some(fault)).await;
        assert_eq!(invalidated(&fault, way, true).await, (0, 1));
    }
}
