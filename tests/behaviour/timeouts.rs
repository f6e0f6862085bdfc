//! The deadline of a computation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock};
use cachekit::{Cache, ComputeTimeout, Policy, cached, testing};
use cachekit_tests::settle;
use tokio::time::{Instant, timeout};

use crate::{Source, cache, spawn, without};

const WAITERS: usize = 1_000;
const LIMIT: Duration = Duration::from_secs(2);

/// An error that no two callers can share.
#[derive(Debug, PartialEq)]
enum Failed {
    Late(String, Duration),
    Own,
}

impl From<ComputeTimeout> for Failed {
    fn from(timeout: ComputeTimeout) -> Self {
        Self::Late(timeout.function().to_owned(), timeout.timeout())
    }
}

fn timed_out(name: &str) -> Result<u64, Failed> {
    Err(Failed::Late(name.to_owned(), LIMIT))
}

/// Counts what was dropped, or ended.
struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[cached(
    key = "limited:{id}",
    name = "limited",
    timeout = "2s",
    skip(source, left)
)]
async fn limited(source: Source, left: Arc<AtomicUsize>, id: u64) -> Result<u64, Failed> {
    let _leaving = Leaving(left);
    Ok(source.read().await)
}

/// What 1,000 callers of a computation that hangs got, and after how long.
async fn hang(cache: &Cache, source: &Source) -> Option<(Duration, Vec<Result<u64, Failed>>)> {
    let left = Arc::new(AtomicUsize::new(0));
    let call = || spawn(cache, limited(source.clone(), Arc::clone(&left), 1));
    let start = Instant::now();
    let mut calls = vec![call()];
    source.gate.arrived().await;
    tokio::time::sleep(LIMIT / 2).await;
    calls.extend((0..WAITERS).map(|_| call()));
    let mut answers = vec![];
    let ended = timeout(LIMIT, async {
        for call in calls {
            answers.push(call.await.expect("no panic"));
        }
    });
    ended.await.ok()?;
    assert_eq!(left.load(Ordering::SeqCst), 1, "it was dropped");
    Some((start.elapsed(), answers))
}

#[tokio::test(start_paused = true)]
async fn every_caller_of_a_computation_that_hangs_is_answered() {
    let (cache, source) = (cache().await, Source::default());
    let (took, answers) = hang(&cache, &source).await.expect("answered");
    assert!(
        took >= LIMIT && took < LIMIT + Duration::from_millis(5),
        "{took:?}"
    );
    assert!(answers.iter().all(|answer| *answer == timed_out("limited")));
    let stats = cache.stats();
    assert_eq!((source.runs(), stats.timeouts, stats.flights), (1, 1, 0));
    assert_eq!((stats.errors, stats.coalesced), (0, WAITERS as u64));
    // The next one computes.
    source.gate.open();
    let left = Arc::default();
    let next = spawn(&cache, limited(source.clone(), left, 1));
    assert_eq!((next.await.expect("no panic"), source.runs()), (Ok(0), 2));
}

#[tokio::test(start_paused = true)]
async fn without_the_deadline_they_are_not() {
    let cache = without(Some(Fault::NoDeadline)).await;
    assert_eq!(hang(&cache, &Source::default()).await, None);
}

#[cached(
    key = "said:{id}",
    timeout = LIMIT,
    timeout_error = Failed::Own,
    tier = memory,
    skip(source)
)]
async fn said(source: Source, id: u64) -> Result<Option<u64>, Failed> {
    Ok(Some(source.read().await))
}

#[tokio::test(start_paused = true)]
async fn the_error_is_the_one_that_is_said() {
    let (cache, source) = (cache().await, Source::default());
    let calls = [(); 3].map(|()| spawn(&cache, said(source.clone(), 1)));
    for call in calls {
        assert_eq!(call.await.expect("no panic"), Err(Failed::Own));
    }
    assert_eq!(source.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_comes_in_time_is_kept() {
    let (cache, source) = (cache().await, Source::default());
    let call = spawn(&cache, said(source.clone(), 1));
    tokio::time::sleep(LIMIT.checked_sub(Duration::from_millis(1)).expect("more")).await;
    source.gate.open();
    assert_eq!(call.await.expect("no panic"), Ok(Some(0)));
    let again = testing::scope(cache.clone(), said(source.clone(), 1)).await;
    assert_eq!((again, source.runs()), (Ok(Some(0)), 1));
    assert_eq!(cache.stats().timeouts, 0);
}

/// It takes over from one that was cancelled, with all of its time.
#[tokio::test(start_paused = true)]
async fn the_time_is_that_of_the_computation() {
    let (cache, source) = (cache().await, Source::default());
    let first = spawn(&cache, said(source.clone(), 1));
    source.gate.arrived().await;
    let second = spawn(&cache, said(source.clone(), 1));
    settle().await;
    tokio::time::sleep(LIMIT * 3 / 4).await;
    first.abort();
    source.gate.arrived().await;
    let start = Instant::now();
    assert_eq!(second.await.expect("no panic"), Err(Failed::Own));
    assert!(start.elapsed() >= LIMIT, "{:?}", start.elapsed());
}

#[cached(key = "itself:{id}", timeout = "2s", skip(depth))]
async fn itself(depth: u64, id: u64) -> Result<u64, Failed> {
    if depth == 0 {
        std::future::pending().await
    } else {
        // Its own deadline is over first: it began later, but answers for this one too.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Box::pin(itself(depth - 1, id)).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_its_own_computation_has_the_deadline_too() {
    let cache = cache().await;
    let start = Instant::now();
    let answer = spawn(&cache, itself(1, 1)).await.expect("no panic");
    assert!(matches!(answer, Err(Failed::Late(_, LIMIT))));
    assert_eq!(start.elapsed().as_secs(), 2);
    assert_eq!(cache.stats().flights, 0);
}

async fn within(cache: Cache, source: Source) -> Result<u64, ComputeTimeout> {
    let body = || async move { Ok(source.read().await) };
    cache
        .get_or_compute_within("row", &Policy::new(), LIMIT, body)
        .await
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_caller_names() {
    let (cache, source) = (cache().await, Source::default());
    let first = spawn(&cache, within(cache.clone(), source.clone()));
    source.gate.arrived().await;
    let second = spawn(&cache, within(cache.clone(), source.clone()));
    // Who has no answer for that computes by itself.
    let third = spawn(&cache, {
        let (cache, source) = (cache.clone(), source.clone());
        async move {
            let body = || async move { source.read().await };
            cache.get_or_compute("row", &Policy::new(), body).await
        }
    });
    for call in [first, second] {
        let error = call.await.expect("no panic").expect_err("too late");
        assert_eq!((error.function(), error.timeout()), ("(direct)", LIMIT));
        assert_eq!(error.to_string(), "`(direct)` did not end within 2s");
    }
    source.gate.open_for_all();
    assert_eq!((third.await.expect("no panic"), source.runs()), (0, 2));
    assert_eq!(within(cache, source.clone()).await, Ok(0));
    assert_eq!(source.runs(), 2);
}

#[cached(
    key = "kept:{id}",
    ttl = 10,
    timeout = "2s",
    stale_if_error = "1m",
    early = false,
    skip(source)
)]
async fn kept(source: Source, id: u64) -> Result<u64, Failed> {
    Ok(source.read().await)
}

/// What two callers of a computation that hangs get while an old value is there, with or
/// without an invalidation meanwhile.
async fn hangs_over_an_old_value(invalidates: bool) -> [Result<u64, Failed>; 2] {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = builder.build().await.expect("a valid set-up");
    let source = Source::default();
    source.gate.open();
    let first = spawn(&cache, kept(source.clone(), 1)).await;
    assert_eq!(first.expect("no panic"), Ok(0));
    clock.advance(Duration::from_secs(11));
    source.write(1);
    let calls = [1, 1].map(|id| spawn(&cache, kept(source.clone(), id)));
    settle().await;
    assert_eq!(source.runs(), 2, "one computes");
    if invalidates {
        testing::scope(cache.clone(), async { kept::entry(1).invalidate().await }).await;
    }
    let [one, other] = calls;
    [one.await.expect("no panic"), other.await.expect("no panic")]
}

#[tokio::test(start_paused = true)]
async fn an_old_value_is_served_in_the_place_of_a_computation_that_hangs() {
    assert_eq!(hangs_over_an_old_value(false).await, [Ok(0), Ok(0)]);
}

#[tokio::test(start_paused = true)]
async fn g1_an_invalidation_beats_the_old_value_of_a_computation_that_hangs() {
    let answers = hangs_over_an_old_value(true).await;
    for answer in &answers {
        assert!(matches!(answer, Err(Failed::Late(..))), "{answers:?}");
    }
}
