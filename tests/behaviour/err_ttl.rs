//! Remembered errors: for `err_ttl`, in memory, and never past an invalidation.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, Point, scope};
use cachekit::{Cache, cached};
use cachekit_tests::{poll_once, settle};

use crate::{Source, cache, spawn, stepped, without};

const SECOND: Duration = Duration::from_secs(1);

/// What a function failed with: in which of its runs.
#[derive(Debug, Clone, PartialEq)]
struct Failed(usize);

/// Fails while the source is at an even version.
#[cached(
    key = "failing:{id}",
    name = "failing",
    ttl = 300,
    err_ttl = 5,
    tags = ["failing-rows", "failing:{id}", "failing-of:{ret}"],
    events = ["failing.changed", "failing.changed {id}"],
    skip(source)
)]
async fn failing(source: Source, id: u64) -> Result<u64, Failed> {
    let version = source.read().await;
    if version.is_multiple_of(2) {
        return Err(Failed(source.runs()));
    }
    Ok(id + version)
}

fn open() -> Source {
    let source = Source::default();
    source.gate.open_for_all();
    source
}

async fn call(cache: &Cache, source: &Source) -> Result<u64, Failed> {
    scope(cache.clone(), failing(source.clone(), 1)).await
}

async fn with_clock(clock: &ManualClock) -> Cache {
    let builder = cachekit_tests::builder().clock(clock.clone());
    builder.build().await.expect("a valid set-up")
}

#[tokio::test]
async fn an_error_is_remembered_for_its_time() {
    let clock = ManualClock::new();
    let (cache, source) = (with_clock(&clock).await, open());
    for _ in 0..3 {
        assert_eq!(call(&cache, &source).await, Err(Failed(1)));
    }
    let stats = cache.stats();
    assert_eq!((stats.errors, stats.memory_hits, stats.misses), (1, 2, 1));
    assert_eq!((stats.stores, stats.entries), (1, 1));
    clock.advance(4 * SECOND);
    assert_eq!(call(&cache, &source).await, Err(Failed(1)));
    clock.advance(SECOND);
    source.write(1);
    assert_eq!(call(&cache, &source).await, Ok(2), "it is over");
    clock.advance(299 * SECOND);
    assert_eq!(call(&cache, &source).await, Ok(2), "values live by `ttl`");
}

#[tokio::test]
async fn of_every_form() {
    #[cached(key = "failing-sync:{id}", err_ttl = 5, tier = memory, skip(runs))]
    fn sync(id: u64, runs: &AtomicU64) -> Result<u64, String> {
        Err(format!("{id} in {}", runs.fetch_add(1, Ordering::SeqCst)))
    }
    #[cached(key = "failing-option:{id}", err_ttl = "5s", none_ttl = 5, skip(runs))]
    async fn optional(id: u64, runs: &AtomicU64) -> Result<Option<u64>, String> {
        Err(format!("{id} in {}", runs.fetch_add(1, Ordering::SeqCst)))
    }
    #[cached(key = "failing-apart:{id}", err_ttl = Duration::from_secs(5), detach, skip(runs))]
    async fn apart(id: u64, runs: std::sync::Arc<AtomicU64>) -> Result<u64, String> {
        Err(format!("{id} in {}", runs.fetch_add(1, Ordering::SeqCst)))
    }
    #[cached(key = "failing-generic:{id}", err_ttl = 5, skip(runs, error))]
    async fn generic<E>(id: u64, runs: &AtomicU64, error: fn(String) -> E) -> Result<u64, E>
    where
        E: Clone + Send + Sync + 'static,
    {
        Err(error(format!(
            "{id} in {}",
            runs.fetch_add(1, Ordering::SeqCst)
        )))
    }
    let runs = [const { AtomicU64::new(0) }; 3];
    let shared = std::sync::Arc::new(AtomicU64::new(0));
    scope(cache().await, async {
        for _ in 0..3 {
            assert_eq!(sync(7, &runs[0]), Err("7 in 0".to_owned()));
            assert_eq!(optional(7, &runs[1]).await, Err("7 in 0".to_owned()));
            assert_eq!(apart(7, shared.clone()).await, Err("7 in 0".to_owned()));
            let error = generic(7, &runs[2], |text| text).await;
            assert_eq!(error, Err("7 in 0".to_owned()));
        }
        assert_eq!(sync(8, &runs[0]), Err("8 in 1".to_owned()), "another key");
    })
    .await;
}

type Step = fn(Cache) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! steps {
    ($($cache:pat => $body:expr),* $(,)?) => {
        [$(|$cache: Cache| Box::pin(async move { $body; }) as Pin<Box<dyn Future<Output = ()> + Send>>),*]
    };
}

/// By the key: no epoch moves.
const BY_KEY: [Step; 4] = steps![
    cache => cache.invalidate("failing:1").await,
    _ => failing::entry(1).invalidate().await,
    cache => cache.soft().invalidate("failing:1").await,
    _ => failing::entry(1).expire().await,
];

/// By all else that the arguments tell.
const BY_EPOCH: [Step; 10] = steps![
    cache => cache.invalidate_tags(["failing-rows"]).await,
    cache => cache.invalidate_tags(["failing:1"]).await,
    cache => cache.emit("failing.changed").await,
    cache => cache.emit_about("failing.changed", [("id", 1)]).await,
    _ => failing::invalidate_all().await,
    cache => cache.invalidate_function("failing").await,
    cache => cache.soft().invalidate_tags(["failing:1"]).await,
    cache => cache.soft().emit("failing.changed").await,
    _ => failing::expire_all().await,
    cache => cache.soft().clear().await,
];

const CLEAR: Step = |cache| Box::pin(async move { cache.clear().await });

fn all() -> impl Iterator<Item = Step> {
    BY_KEY.into_iter().chain(BY_EPOCH).chain([CLEAR])
}

/// An error is remembered; invalidation; a call: whether it gets the error from before.
async fn remembered_after(step: Step, fault: Option<Fault>) -> bool {
    let (cache, source) = (without(fault).await, open());
    assert_eq!(call(&cache, &source).await, Err(Failed(1)));
    source.write(1);
    scope(cache.clone(), step(cache.clone())).await;
    call(&cache, &source).await.is_err()
}

/// A call fails; while it ran, something was invalidated; another call: whether it gets that error.
async fn remembered_although_it_ran(step: Step, fault: Option<Fault>) -> bool {
    let (cache, source) = (without(fault).await, Source::default());
    let first = spawn(&cache, failing(source.clone(), 1));
    source.gate.arrived().await;
    source.write(1);
    scope(cache.clone(), step(cache.clone())).await;
    source.gate.open_for_all();
    assert!(first.await.expect("no panic").is_err(), "it began before");
    call(&cache, &source).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn every_invalidation_ends_it() {
    for (n, step) in all().enumerate() {
        assert!(!remembered_after(step, None).await, "{n}");
        assert!(!remembered_although_it_ran(step, None).await, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_epochs_it_survives_tags_and_events() {
    for (n, step) in BY_EPOCH.into_iter().enumerate() {
        for fault in [Fault::FreeErrors, Fault::IgnoreEpochs] {
            assert!(remembered_after(step, Some(fault)).await, "{n} {fault:?}");
        }
        let late = Some(Fault::EpochsAfterCompute);
        assert!(remembered_although_it_ran(step, late).await, "{n}");
    }
    // `clear` empties memory too; its epoch is for what is not there yet.
    assert!(remembered_although_it_ran(CLEAR, Some(Fault::FreeErrors)).await);
    for (n, step) in BY_KEY.into_iter().enumerate() {
        let left = Some(Fault::LeaveFlight);
        assert!(remembered_although_it_ran(step, left).await, "{n}");
    }
}

thread_local! {
    /// For steps between two steps of the cache: which cache, and the source.
    static STAGE: RefCell<Option<(Cache, Source)>> = const { RefCell::new(None) };
}

fn on_stage(point: Point, wanted: Point, act: impl AsyncFnOnce(&Cache, &Source)) {
    if point == wanted
        && let Some((cache, source)) = STAGE.take()
    {
        match poll_once(pin!(act(&cache, &source))) {
            Poll::Ready(()) => {}
            Poll::Pending => panic!("it waits"),
        }
    }
}

async fn staged(step: fn(Point), fault: Option<Fault>) -> (Cache, Source) {
    let (cache, source) = (stepped(fault, step).await, open());
    STAGE.set(Some((cache.clone(), source.clone())));
    assert!(call(&cache, &source).await.is_err());
    assert!(STAGE.take().is_none(), "the step in between was taken");
    (cache, source)
}

#[tokio::test]
async fn one_that_is_invalidated_on_its_way_in_is_not_remembered() {
    let step = |point| {
        on_stage(point, Point::BeforeInsert, async |cache, source| {
            source.write(1);
            cache.invalidate("failing:1").await;
        });
    };
    let (cache, source) = staged(step, None).await;
    assert_eq!(call(&cache, &source).await, Ok(2));
    for fault in [Fault::SpareOutcome, Fault::IgnoreDead] {
        let (cache, source) = staged(step, Some(fault)).await;
        assert!(call(&cache, &source).await.is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_leader_looks_for_an_error_again_before_it_computes() {
    let step = |point| {
        on_stage(point, Point::BeforeEnter, async |cache, source| {
            assert!(call(cache, source).await.is_err());
        });
    };
    let (_, source) = staged(step, None).await;
    assert_eq!(source.runs(), 1);
    let (_, source) = staged(step, Some(Fault::NoSecondLook)).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_shares_it() {
    let (cache, source) = (cache().await, Source::default());
    let calls: Vec<_> = (0..100)
        .map(|_| spawn(&cache, failing(source.clone(), 1)))
        .collect();
    settle().await;
    source.gate.open_for_all();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), Err(Failed(1)));
    }
    assert_eq!(call(&cache, &source).await, Err(Failed(1)));
    assert_eq!((source.runs(), cache.stats().coalesced), (1, 99));
}

/// It is nobody's value, and whatever has one takes its place.
#[tokio::test]
async fn a_value_takes_its_place() {
    let (cache, source) = (cache().await, open());
    scope(cache.clone(), async {
        let entry = failing::entry(1);
        let call = || failing(source.clone(), 1);
        assert_eq!(call().await, Err(Failed(1)));
        assert_eq!((entry.get().await, entry.ttl().await), (None, None));
        assert_eq!(cache.get::<u64>("failing:1").await, None);
        entry.put(9).await;
        assert_eq!(call().await, Ok(9));
        entry.invalidate().await;
        assert_eq!(call().await, Err(Failed(2)));
        source.write(1);
        assert_eq!(call().await, Err(Failed(2)));
        assert_eq!(failing::refresh(source.clone(), 1).await, Ok(2));
        assert_eq!(call().await, Ok(2));
        // One that fails takes nobody's place, for it is not the first to be asked.
        source.write(2);
        assert_eq!(failing::refresh(source.clone(), 1).await, Err(Failed(4)));
        assert_eq!(call().await, Ok(2));
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_to_values_by_arguments_is_to_errors() {
    #[cached(key = "failing-kept:{keep}", err_ttl = 5, store_if = keep, skip(runs))]
    async fn perhaps(keep: bool, runs: &AtomicU64) -> Result<u64, u64> {
        Err(runs.fetch_add(1, Ordering::SeqCst))
    }
    let runs = AtomicU64::new(0);
    scope(cache().await, async {
        assert_eq!(perhaps(false, &runs).await, Err(0));
        assert_eq!(perhaps(false, &runs).await, Err(1));
        assert_eq!(perhaps(true, &runs).await, Err(2));
        assert_eq!(perhaps(true, &runs).await, Err(2));
    })
    .await;
}

/// An old value is better than an error, and is not pushed out by one.
#[tokio::test]
async fn an_old_value_is_served_and_no_error_is_remembered_in_its_place() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(key = "failing-old", ttl = 10, err_ttl = 60, stale_if_error = 20)]
    async fn moody() -> Result<u64, u64> {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        if FAILS.load(Ordering::SeqCst) {
            Err(run)
        } else {
            Ok(run)
        }
    }
    let clock = ManualClock::new();
    scope(with_clock(&clock).await, async {
        assert_eq!(moody().await, Ok(0));
        FAILS.store(true, Ordering::SeqCst);
        clock.advance(10 * SECOND);
        assert_eq!((moody().await, moody().await), (Ok(0), Ok(0)));
        assert_eq!(RUNS.load(Ordering::SeqCst), 3, "each tries");
        clock.advance(20 * SECOND);
        assert_eq!((moody().await, moody().await), (Err(3), Err(3)));
        // It has no windows of its own.
        clock.advance(60 * SECOND);
        assert_eq!(moody().await, Err(4));
        FAILS.store(false, Ordering::SeqCst);
        clock.advance(60 * SECOND);
        assert_eq!(moody().await, Ok(5));
    })
    .await;
}

/// A refresh in the background that fails leaves the value.
#[tokio::test(start_paused = true)]
async fn a_background_refresh_leaves_no_error() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    #[cached(
        key = "failing-stale",
        ttl = 10,
        err_ttl = 60,
        stale = 20,
        early = false
    )]
    async fn stale() -> Result<u64, String> {
        if FAILS.load(Ordering::SeqCst) {
            return Err("down".to_owned());
        }
        Ok(7)
    }
    let clock = ManualClock::new();
    scope(with_clock(&clock).await, async {
        assert_eq!(stale().await, Ok(7));
        FAILS.store(true, Ordering::SeqCst);
        clock.advance(10 * SECOND);
        for _ in 0..3 {
            assert_eq!(stale().await, Ok(7));
            settle().await;
        }
        clock.advance(20 * SECOND);
        assert_eq!(stale().await, Err("down".to_owned()));
        FAILS.store(false, Ordering::SeqCst);
        assert_eq!(stale().await, Err("down".to_owned()), "from here on");
    })
    .await;
}
