//! A test for each promise about leaders, with 1,000 waiters.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cachekit::{Cache, cached};
use cachekit_tests::settle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::concurrency_gauge::ConcurrencyGauge;
use crate::{Source, cache, spawn};

const WAITERS: usize = 1_000;

#[cached(key = "plain:{id}", skip(source))]
async fn plain(source: Source, id: u64) -> u64 {
    source.read().await;
    source.runs() as u64
}

/// Panics in its first run.
#[cached(key = "panicky:{id}", skip(source))]
async fn panicky(source: Source, id: u64) -> u64 {
    source.read().await;
    assert!(source.runs() > 1, "the first run panics");
    source.runs() as u64
}

#[derive(Debug, Clone, PartialEq)]
struct Shared(usize);

#[derive(Debug, PartialEq)]
struct Owned(usize);

#[cached(key = "shared-error:{id}", skip(source))]
async fn shared_error(source: Source, id: u64) -> Result<u64, Shared> {
    source.read().await;
    Err(Shared(source.runs()))
}

/// Fails until its run number `good`.
#[cached(key = "owned-error:{id}", skip(source, running, good))]
async fn owned_error(
    source: Source,
    running: Arc<ConcurrencyGauge>,
    good: usize,
    id: u64,
) -> Result<u64, Owned> {
    let run = source.runs() + 1;
    let _here = running.enter();
    source.read().await;
    if run >= good {
        Ok(run as u64)
    } else {
        Err(Owned(run))
    }
}

/// Starts a leader, waits until it computes, and has 1,000 callers wait for it.
async fn leader_and_waiters<T, F>(
    cache: &Cache,
    source: &Source,
    call: impl Fn(Source) -> F,
) -> (JoinHandle<T>, Vec<JoinHandle<T>>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let leader = spawn(cache, call(source.clone()));
    source.gate.arrived().await;
    let waiters = (0..WAITERS)
        .map(|_| spawn(cache, call(source.clone())))
        .collect();
    settle().await;
    assert_eq!(source.runs(), 1, "one computes");
    assert_eq!(cache.stats().flights, 1);
    (leader, waiters)
}

/// "Of the callers that miss one key, one computes."
#[tokio::test(start_paused = true)]
async fn all_waiters_get_the_leaders_value() {
    let (cache, source) = (cache().await, Source::default());
    let (leader, waiters) = leader_and_waiters(&cache, &source, |source| plain(source, 1)).await;
    source.gate.open();
    assert_eq!(leader.await.expect("no panic"), 1);
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic"), 1);
    }
    let stats = cache.stats();
    assert_eq!(
        (source.runs(), stats.computations, stats.coalesced),
        (1, 1, WAITERS as u64)
    );
    assert_eq!(stats.flights, 0);
}

/// "Leader cancelled: the next waiter takes over, at once."
#[tokio::test(start_paused = true)]
async fn a_cancelled_leader_is_followed_by_the_next_waiter_at_once() {
    let (cache, source) = (cache().await, Source::default());
    let (leader, waiters) = leader_and_waiters(&cache, &source, |source| plain(source, 1)).await;
    let before = Instant::now();
    leader.abort();
    source.gate.arrived().await;
    assert_eq!(before.elapsed(), Duration::ZERO, "no timer was needed");
    settle().await;
    assert_eq!(source.runs(), 2, "exactly one took over");
    source.gate.open();
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic"), 2);
    }
    assert_eq!((source.runs(), cache.stats().flights), (2, 0));
}

/// "Leader panics: its caller sees the panic, the waiters go on as after a cancellation."
#[tokio::test(start_paused = true)]
async fn a_panic_is_the_leaders_own() {
    let (cache, source) = (cache().await, Source::default());
    let (leader, waiters) = leader_and_waiters(&cache, &source, |source| panicky(source, 1)).await;
    source.gate.open();
    assert!(
        leader
            .await
            .expect_err("its caller sees the panic")
            .is_panic()
    );
    source.gate.arrived().await;
    source.gate.open();
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic"), 2);
    }
    assert_eq!((source.runs(), cache.stats().flights), (2, 0));
}

/// "Leader gets `Err`: every waiter gets that error where `E: Clone`."
#[tokio::test(start_paused = true)]
async fn an_error_that_can_be_cloned_is_everybodys() {
    let (cache, source) = (cache().await, Source::default());
    let call = |source| shared_error(source, 1);
    let (leader, waiters) = leader_and_waiters(&cache, &source, call).await;
    source.gate.open();
    assert_eq!(leader.await.expect("no panic"), Err(Shared(1)));
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic"), Err(Shared(1)));
    }
    assert_eq!((source.runs(), cache.stats().flights), (1, 0));
    source.gate.open();
    let next = spawn(&cache, shared_error(source.clone(), 1))
        .await
        .expect("no panic");
    assert_eq!(next, Err(Shared(2)), "an error is never stored");
}

/// "Otherwise a bounded number of them try": the first that succeeds serves the rest.
#[tokio::test(start_paused = true)]
async fn after_an_error_of_ones_own_a_bounded_number_tries() {
    let (cache, source) = (cache().await, Source::default());
    let peak = Arc::new(ConcurrencyGauge::default());
    let running = Arc::clone(&peak);
    let call = move |source| owned_error(source, Arc::clone(&running), 200, 1);
    let (leader, waiters) = leader_and_waiters(&cache, &source, call).await;
    source.gate.open_for_all();
    assert_eq!(leader.await.expect("no panic"), Err(Owned(1)));
    let mut errors = 1;
    for waiter in waiters {
        match waiter.await.expect("no panic") {
            Ok(run) => assert!(run >= 200),
            Err(Owned(_)) => errors += 1,
        }
    }
    assert_eq!(errors, 199, "each failed run has one caller who sees it");
    assert!(source.runs() < 200 + 64, "{} runs", source.runs());
    assert!(
        peak.max.load(Ordering::SeqCst) <= 64,
        "at most 64 at once: {peak:?}"
    );
    assert_eq!(cache.stats().flights, 0);
}

/// "And none waits longer than `lock_timeout`."
#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_lock_timeout() {
    let limit = Duration::from_secs(3);
    let cache = cachekit_tests::builder()
        .lock_timeout(limit)
        .build()
        .await
        .expect("right");
    let source = Source::default();
    let running = Arc::<ConcurrencyGauge>::default();
    let call = move |source| owned_error(source, Arc::clone(&running), usize::MAX, 1);
    let start = Instant::now();
    let (leader, waiters) = leader_and_waiters(&cache, &source, call).await;
    // Nothing is let through, so whoever has not begun by then was kept waiting.
    tokio::time::sleep(limit).await;
    settle().await;
    assert_eq!(source.runs(), 1 + WAITERS, "everybody computes");
    assert_eq!(start.elapsed(), limit);
    source.gate.open_for_all();
    for caller in waiters.into_iter().chain([leader]) {
        assert!(caller.await.expect("no panic").is_err());
    }
    assert_eq!(cache.stats().flights, 0);
}

/// A function's own `lock_timeout`, where the cache's is ten seconds.
#[tokio::test(start_paused = true)]
async fn a_function_may_say_how_long_it_waits() {
    #[cached(key = "impatient", lock_timeout = "500ms", skip(source))]
    async fn impatient(source: Source) -> u64 {
        source.read().await
    }
    let cache = cache().await;
    let source = Source::default();
    let leader = spawn(&cache, impatient(source.clone()));
    source.gate.arrived().await;
    let waiter = spawn(&cache, impatient(source.clone()));
    tokio::time::sleep(Duration::from_millis(499)).await;
    settle().await;
    assert_eq!(source.runs(), 1, "it waits");
    tokio::time::sleep(Duration::from_millis(2)).await;
    settle().await;
    assert_eq!(source.runs(), 2, "no longer");
    source.gate.open_for_all();
    for caller in [leader, waiter] {
        assert_eq!(caller.await.expect("no panic"), 0);
    }
}

/// "A hung computation wedges no key for longer than that."
#[tokio::test(start_paused = true)]
async fn a_hung_computation_wedges_no_key() {
    let limit = Duration::from_secs(3);
    let cache = cachekit_tests::builder()
        .lock_timeout(limit)
        .build()
        .await
        .expect("right");
    let source = Source::default();
    let hung = spawn(&cache, plain(source.clone(), 1));
    source.gate.arrived().await;
    tokio::time::sleep(Duration::from_millis(2_999)).await;
    // They come late: what they wait is bounded by the computation's age, not by theirs.
    let waiters: Vec<_> = (0..WAITERS)
        .map(|_| spawn(&cache, plain(source.clone(), 1)))
        .collect();
    settle().await;
    assert_eq!(source.runs(), 1);
    tokio::time::sleep(Duration::from_millis(2)).await;
    settle().await;
    assert_eq!(
        source.runs(),
        2,
        "one of them computes, the others wait for that one"
    );
    source.gate.arrived().await;
    hung.abort();
    source.gate.open();
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic"), 2);
    }
    let stats = cache.stats();
    assert_eq!((stats.flights, stats.lock_timeouts), (0, WAITERS as u64));
}

/// What a computation brings that was given up on is its caller's, and not stored.
#[tokio::test(start_paused = true)]
async fn a_late_result_of_a_hung_computation_is_not_stored() {
    let limit = Duration::from_secs(3);
    let cache = cachekit_tests::builder()
        .lock_timeout(limit)
        .build()
        .await
        .expect("right");
    let (slow, quick) = (Source::default(), Source::default());
    slow.write(1);
    quick.write(2);
    let hung = spawn(&cache, versioned(slow.clone(), 1));
    slow.gate.arrived().await;
    let waiter = spawn(&cache, versioned(quick.clone(), 1));
    quick.gate.arrived().await;
    quick.gate.open();
    assert_eq!(waiter.await.expect("no panic"), 2);
    slow.gate.open();
    assert_eq!(
        hung.await.expect("no panic"),
        1,
        "the value goes to its caller"
    );
    assert_eq!(
        spawn(&cache, versioned(slow, 1)).await.expect("no panic"),
        2
    );
}

#[cached(key = "versioned:{id}", skip(source))]
async fn versioned(source: Source, id: u64) -> u64 {
    source.read().await
}

/// Calls itself, directly and through another, with the same key.
#[cached(key = "recursive:{id}", skip(depth))]
async fn recursive(id: u64, depth: u64) -> u64 {
    match depth {
        0 => 1,
        1 => Box::pin(recursive(id, 0)).await + 1,
        _ => Box::pin(roundabout(id, depth - 1)).await + 1,
    }
}

#[cached(key = "roundabout:{id}", skip(depth))]
async fn roundabout(id: u64, depth: u64) -> u64 {
    Box::pin(recursive(id, depth - 1)).await + 1
}

/// "A cached function that calls itself with the same key does not wait for itself."
#[tokio::test(start_paused = true)]
async fn a_function_that_calls_itself_does_not_wait_for_itself() {
    let cache = cache().await;
    let before = Instant::now();
    let callers: Vec<_> = (0..WAITERS)
        .map(|_| spawn(&cache, recursive(1, 4)))
        .collect();
    for caller in callers {
        assert_eq!(caller.await.expect("no panic"), 5);
    }
    assert_eq!(before.elapsed(), Duration::ZERO, "no timer was needed");
    assert_eq!(cache.stats().flights, 0);
}

/// Waiting never holds up hits: another key, and the same key once it is stored.
#[tokio::test(start_paused = true)]
async fn hits_do_not_wait_for_flights() {
    let (cache, source) = (cache().await, Source::default());
    source.gate.open();
    spawn(&cache, plain(source.clone(), 2))
        .await
        .expect("no panic");
    source.gate.arrived().await;
    let leader = spawn(&cache, plain(source.clone(), 1));
    source.gate.arrived().await;
    assert_eq!(
        spawn(&cache, plain(source.clone(), 2))
            .await
            .expect("no panic"),
        1
    );
    leader.abort();
    settle().await;
    assert_eq!(
        cache.stats().flights,
        0,
        "a flight that nobody wants is gone"
    );
}
