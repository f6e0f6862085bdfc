//! Among any number of callers with a stale value, a single one computes, whatever the result.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, Point, scope};
use cachekit::{Cache, CacheBuilder, Policy, cached};
use cachekit_tests::{Source, poll_once, settle};

use crate::stale::Moody;

const SECOND: Duration = Duration::from_secs(1);

const CALLERS: usize = 100;

/// Who runs the function.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Runs {
    Caller,
    Thread,
    Background,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    Well,
    InError,
    InPanic,
}

/// Callers of one key, each of whom has seen what memory has, and not yet asked for the flight.
#[derive(Debug, Clone)]
struct Crowd {
    cache: Cache,
    clock: ManualClock,
    ends: Ends,
    /// How often the function began.
    begun: Arc<AtomicUsize>,
}

#[cached(key = "sync-crowd", cache = cache, tier = memory, ttl = 60, skip(cache, crowd))]
fn blocking(cache: &Cache, crowd: &Crowd) -> Result<usize, String> {
    assert!(cache.stats().flights > 0);
    crowd.compute()
}

impl Crowd {
    /// One with an entry that is about to end: every draw succeeds.
    async fn new(builder: CacheBuilder, ends: Ends) -> Self {
        let clock = ManualClock::new();
        let builder = builder.clock(clock.clone()).__seed_random(1);
        let crowd = Self {
            cache: builder.build().await.expect("a valid set-up"),
            clock: clock.clone(),
            ends,
            begun: Arc::default(),
        };
        for runs in [Runs::Caller, Runs::Thread] {
            crowd.begun.store(0, Ordering::SeqCst);
            assert_eq!(crowd.call(runs).await, Ok(0));
        }
        clock.advance(Duration::from_micros(59_999_999));
        crowd
    }

    fn compute(&self) -> Result<usize, String> {
        let before = self.begun.fetch_add(1, Ordering::SeqCst);
        if before == 0 {
            // It takes long, and so is computed again long before its end.
            self.clock.advance(4 * SECOND);
            return Ok(0);
        }
        match self.ends {
            Ends::Well => Ok(before),
            Ends::InError => Err("broken".to_owned()),
            Ends::InPanic => panic!("broken"),
        }
    }

    async fn call(&self, runs: Runs) -> Result<usize, String> {
        let policy = Policy::new().ttl(64 * SECOND).stale(SECOND);
        let crowd = self.clone();
        let compute = || async move { crowd.compute() };
        match runs {
            Runs::Caller => {
                self.cache
                    .try_get_or_compute("crowd", &policy, compute)
                    .await
            }
            Runs::Thread => blocking(&self.cache, self),
            Runs::Background => {
                self.cache
                    .try_get_or_refresh("crowd", &policy, compute)
                    .await
            }
        }
    }

    /// One call, which waits for nobody; `None` if it panics.
    fn now(&self, runs: Runs) -> Option<Result<usize, String>> {
        let call = || match poll_once(pin!(self.call(runs))) {
            Poll::Ready(ret) => ret,
            Poll::Pending => panic!("it waits"),
        };
        catch_unwind(AssertUnwindSafe(call)).ok()
    }
}

thread_local! {
    /// Who comes next, as whom, and how many come after that one.
    static NEXT: Cell<Option<(Crowd, Runs, usize)>> = const { Cell::new(None) };
}

/// The next caller comes, and gets as far, before this one asks for the flight.
fn next(point: Point) {
    if point == Point::BeforeEnter
        && let Some((crowd, runs, more)) = NEXT.take()
    {
        if more > 0 {
            NEXT.set(Some((crowd.clone(), runs, more - 1)));
        }
        let _ = crowd.now(runs);
    }
}

fn builder(fault: Option<Fault>) -> CacheBuilder {
    let builder = cachekit_tests::builder().__step_in(next);
    match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    }
}

/// Runs `test` where there is room for the whole crowd's calls, each inside of another.
fn on_a_large_stack<T: Send>(test: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(test())
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20);
    std::thread::scope(|threads| {
        let thread = thread.spawn_scoped(threads, run).expect("a thread");
        thread.join().expect("no panic")
    })
}

/// How often the function ran for a crowd, and how often it was begun in the background.
fn begun(runs: Runs, ends: Ends, fault: Option<Fault>) -> (usize, usize) {
    on_a_large_stack(async move || {
        let crowd = Crowd::new(builder(fault), ends).await;
        NEXT.set(Some((crowd.clone(), runs, CALLERS - 2)));
        let got = crowd.now(runs);
        assert!(NEXT.take().is_none(), "all of them came");
        let background = crowd.cache.stats().background.running;
        settle().await;
        if fault.is_none() {
            assert!(matches!(got, Some(Ok(_))), "{runs:?} {ends:?}: {got:?}");
        }
        (crowd.begun.load(Ordering::SeqCst) - 1, background)
    })
}

#[test]
fn one_of_a_hundred_who_found_it_old_computes() {
    for ends in [Ends::Well, Ends::InError, Ends::InPanic] {
        for runs in [Runs::Caller, Runs::Thread] {
            assert_eq!(begun(runs, ends, None), (1, 0), "{runs:?} {ends:?}");
        }
        assert_eq!(begun(Runs::Background, ends, None), (1, 1), "{ends:?}");
    }
}

#[test]
fn without_the_leader_s_second_look_all_of_them_fail() {
    for ends in [Ends::InError, Ends::InPanic] {
        for runs in [Runs::Caller, Runs::Thread] {
            let fault = Some(Fault::IgnorePause);
            assert_eq!(begun(runs, ends, fault), (CALLERS, 0), "{runs:?} {ends:?}");
        }
    }
}

/// How often the function runs where a refresh fails before one in the background leads.
fn begun_after_a_failure(fault: Option<Fault>) -> usize {
    on_a_large_stack(async move || {
        let crowd = Crowd::new(builder(fault), Ends::InError).await;
        NEXT.set(Some((crowd.clone(), Runs::Caller, 0)));
        assert_eq!(crowd.now(Runs::Background), Some(Ok(0)));
        settle().await;
        crowd.begun.load(Ordering::SeqCst) - 1
    })
}

#[test]
fn what_has_just_failed_is_not_begun_in_the_background() {
    assert_eq!(begun_after_a_failure(None), 1);
    assert_eq!(begun_after_a_failure(Some(Fault::IgnorePause)), 2);
}

#[cached(key = "one-text", ttl = 10, stale = 60, skip(moody))]
async fn failing(moody: &Moody) -> Result<u64, String> {
    moody.read().await
}

#[cached(key = "one-text", ttl = "500ms", stale = 60, skip(source))]
async fn well(source: &Source) -> u64 {
    source.read().await
}

/// The pause is at least three quarters of a second long.
#[tokio::test]
async fn a_failure_is_no_pause_for_another_function_whose_key_reads_the_same() {
    let clock = ManualClock::new();
    let cache = cachekit_tests::builder().clock(clock.clone());
    let cache = cache.build().await.expect("a valid set-up");
    let (moody, source) = (Moody::default(), Source::default());
    moody.source.gate.open_for_all();
    source.gate.open_for_all();
    scope(cache, async {
        assert_eq!(failing(&moody).await, Ok(0));
        moody.fail(true);
        clock.advance(10 * SECOND);
        for _ in 0..2 {
            assert_eq!(failing(&moody).await, Ok(0));
            settle().await;
        }
        assert_eq!(moody.source.runs(), 2, "it failed, and pauses");
        assert_eq!(well(&source).await, 0);
        source.write(1);
        clock.advance(SECOND / 2);
        assert_eq!(well(&source).await, 0);
        settle().await;
        assert_eq!(well(&source).await, 1);
    })
    .await;
}
