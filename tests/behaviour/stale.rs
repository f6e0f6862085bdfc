//! Stale values in the place of new ones, on a manual clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Cache, CacheBuilder, Policy, cached};
use cachekit_tests::{Source, settle};

const SECOND: Duration = Duration::from_secs(1);

fn builder(clock: &ManualClock) -> CacheBuilder {
    cachekit_tests::builder()
        .clock(clock.clone())
        .__seed_random(1)
}

async fn cache(clock: &ManualClock) -> Cache {
    builder(clock).build().await.expect("a valid set-up")
}

#[cached(key = "stale:{id}", ttl = 10, stale = 60, tags = ["all", "id:{id}"], skip(source, name))]
async fn stale(source: &Source, id: u64, name: &str) -> u64 {
    source.read().await + id + u64::from(name.is_empty())
}

#[tokio::test]
async fn the_old_value_is_served_while_one_computes() {
    let clock = ManualClock::new();
    let source = Source::default();
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        source.gate.open();
        assert_eq!(stale(&source, 0, "a").await, 0);
        source.write(1);
        clock.advance(10 * SECOND);
        for _ in 0..5 {
            assert_eq!(stale(&source, 0, "a").await, 0);
            settle().await;
        }
        assert_eq!(source.runs(), 2, "one computes for all");
        source.gate.open_for_all();
        settle().await;
        assert_eq!(stale(&source, 0, "a").await, 1);
        let stats = stale::stats();
        assert_eq!((stats.stale_hits, stats.memory_hits), (5, 1));
        assert_eq!((stats.misses, stats.computations), (6, 2));
        assert!((stats.hit_rate() - 6.0 / 7.0).abs() < 1e-9);
    })
    .await;
}

#[tokio::test]
async fn after_its_window_it_is_a_miss() {
    let clock = ManualClock::new();
    let source = Source::default();
    source.gate.open_for_all();
    scope(cache(&clock).await, async {
        stale(&source, 7, "a").await;
        source.write(1);
        clock.advance(70 * SECOND);
        assert_eq!(stale(&source, 7, "a").await, 8);
        assert_eq!(stale::stats().stale_hits, 0);
    })
    .await;
}

/// What invalidates the entry.
type Invalidate = fn(Cache) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

const WAYS: [Invalidate; 5] = [
    |cache| Box::pin(async move { cache.invalidate("stale:3").await }),
    |cache| Box::pin(async move { cache.invalidate_tags(["all"]).await }),
    |cache| Box::pin(async move { cache.invalidate_tags(["id:3"]).await }),
    |cache| Box::pin(async move { cache.clear().await }),
    |_| Box::pin(stale::invalidate_all()),
];

/// What a call gets after an entry that is over was invalidated.
async fn after_invalidation(builder: CacheBuilder, clock: &ManualClock, way: Invalidate) -> u64 {
    let cache = builder.build().await.expect("a valid set-up");
    let source = Source::default();
    source.gate.open_for_all();
    scope(cache.clone(), async {
        stale(&source, 3, "a").await;
        source.write(100);
        clock.advance(20 * SECOND);
        way(cache).await;
        stale(&source, 3, "a").await
    })
    .await
}

#[tokio::test]
async fn g1_an_invalidation_beats_stale() {
    for way in WAYS {
        let clock = ManualClock::new();
        assert_eq!(after_invalidation(builder(&clock), &clock, way).await, 103);
    }
    let clock = ManualClock::new();
    let broken = builder(&clock).__seed(Fault::ServeInvalidated);
    assert_eq!(after_invalidation(broken, &clock, WAYS[1]).await, 3);
}

/// Whether a refresh that began before an invalidation of the key stores its value.
async fn refresh_over_invalidation(builder: CacheBuilder, clock: &ManualClock) -> u64 {
    let source = Source::default();
    scope(builder.build().await.expect("a valid set-up"), async {
        source.gate.open();
        stale(&source, 4, "a").await;
        clock.advance(10 * SECOND);
        stale(&source, 4, "a").await;
        settle().await;
        assert_eq!(source.runs(), 2, "it is on its way");
        source.write(100);
        stale::entry(4).invalidate().await;
        source.gate.open_for_all();
        settle().await;
        stale(&source, 4, "a").await
    })
    .await
}

#[tokio::test]
async fn g1_a_refresh_that_began_before_an_invalidation_is_not_stored() {
    let clock = ManualClock::new();
    assert_eq!(
        refresh_over_invalidation(builder(&clock), &clock).await,
        104
    );
    let clock = ManualClock::new();
    let broken = builder(&clock).__seed(Fault::LeaveFlight);
    assert_eq!(refresh_over_invalidation(broken, &clock).await, 4);
}

/// A function that fails when it is told to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moody {
    pub(crate) source: Source,
    fails: Arc<AtomicBool>,
}

impl Moody {
    pub(crate) async fn read(&self) -> Result<u64, String> {
        let value = self.source.read().await;
        if self.fails.load(Ordering::SeqCst) {
            return Err("moody".to_owned());
        }
        Ok(value)
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

#[cached(key = "both", ttl = 10, stale = 300, skip(moody))]
async fn refreshed(moody: &Moody) -> Result<u64, String> {
    moody.read().await
}

#[tokio::test]
async fn a_refresh_that_fails_keeps_the_old_value_and_backs_off() {
    let clock = ManualClock::new();
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    scope(cache(&clock).await, async {
        refreshed(&moody).await.unwrap();
        moody.fail(true);
        clock.advance(10 * SECOND);
        for _ in 0..2_000 {
            assert_eq!(refreshed(&moody).await, Ok(0));
            settle().await;
            clock.advance(SECOND / 10);
        }
        // 1, 2, 4, 8, 16 seconds, and then 30, each shortened by up to a quarter.
        let stats = refreshed::stats();
        assert!((10..=16).contains(&stats.refresh_failures), "{stats:?}");
        moody.fail(false);
        moody.source.write(1);
        clock.advance(30 * SECOND);
        refreshed(&moody).await.unwrap();
        settle().await;
        assert_eq!(refreshed(&moody).await, Ok(1));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_that_panics_keeps_the_old_value() {
    #[cached(key = "panics", ttl = 10, stale = 60, skip(moody))]
    async fn panics(moody: &Moody) -> u64 {
        moody.read().await.unwrap()
    }
    let clock = ManualClock::new();
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    scope(cache(&clock).await, async {
        panics(&moody).await;
        moody.fail(true);
        clock.advance(10 * SECOND);
        for _ in 0..10 {
            assert_eq!(panics(&moody).await, 0);
            settle().await;
        }
        assert_eq!(moody.source.runs(), 2, "not at each call");
        assert_eq!(panics::stats().refresh_failures, 1);
    })
    .await;
}

#[cached(key = "on-error:{id}", ttl = 10, stale_if_error = "1h", tags = ["e"], skip(moody))]
async fn on_error(moody: &Moody, id: u64) -> Result<u64, String> {
    moody.read().await.map(|value| value + id)
}

#[tokio::test]
async fn an_error_is_answered_with_the_old_value() {
    let clock = ManualClock::new();
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    scope(cache(&clock).await, async {
        on_error(&moody, 0).await.unwrap();
        moody.source.write(1);
        moody.fail(true);
        clock.advance(3_609 * SECOND);
        assert_eq!(on_error(&moody, 0).await, Ok(0));
        assert_eq!(
            on_error(&moody, 1).await,
            Err("moody".to_owned()),
            "there is none"
        );
        assert_eq!(on_error::refresh(&moody, 0).await, Err("moody".to_owned()));
        moody.fail(false);
        assert_eq!(
            on_error(&moody, 0).await,
            Ok(1),
            "and it is tried each time"
        );
        moody.fail(true);
        clock.advance(3_610 * SECOND);
        assert_eq!(on_error(&moody, 0).await, Err("moody".to_owned()));
        let stats = on_error::stats();
        assert_eq!((stats.stale_hits, stats.errors), (1, 4));
    })
    .await;
}

/// What a call gets whose computation fails, when `way` took place before or while it ran.
async fn failing(
    builder: CacheBuilder,
    clock: &ManualClock,
    tag: bool,
    before: bool,
) -> Result<u64, String> {
    let cache = builder.build().await.expect("a valid set-up");
    let moody = Moody::default();
    scope(cache.clone(), async {
        moody.source.gate.open();
        on_error(&moody, 5).await?;
        moody.fail(true);
        clock.advance(10 * SECOND);
        let invalidate = async {
            if tag {
                cache.invalidate_tags(["e"]).await;
            } else {
                on_error::entry(5).invalidate().await;
            }
        };
        if before {
            invalidate.await;
            moody.source.gate.open_for_all();
            return on_error(&moody, 5).await;
        }
        let (ret, ()) = tokio::join!(on_error(&moody, 5), async {
            settle().await;
            invalidate.await;
            moody.source.gate.open_for_all();
        });
        ret
    })
    .await
}

#[tokio::test]
async fn g1_an_invalidation_beats_stale_if_error() {
    for (tag, before) in [(false, true), (false, false), (true, true), (true, false)] {
        let clock = ManualClock::new();
        let got = failing(builder(&clock), &clock, tag, before).await;
        assert_eq!(got, Err("moody".to_owned()), "{tag} {before}");
    }
    for before in [true, false] {
        let clock = ManualClock::new();
        let broken = builder(&clock).__seed(Fault::ServeInvalidated);
        assert_eq!(failing(broken, &clock, true, before).await, Ok(5));
    }
}

#[cached(
    key = "soft",
    ttl = 10,
    stale_if_error = 60,
    soft_timeout = "50ms",
    skip(moody)
)]
async fn soft(moody: &Moody) -> Result<u64, String> {
    moody.read().await
}

#[tokio::test(start_paused = true)]
async fn after_a_soft_timeout_the_old_value_is_served() {
    let clock = ManualClock::new();
    let moody = Moody::default();
    scope(cache(&clock).await, async {
        moody.source.gate.open();
        // Nothing is there yet: this one waits, however long.
        let (first, ()) = tokio::join!(soft(&moody), settle());
        first.unwrap();
        moody.source.write(1);
        clock.advance(10 * SECOND);
        let start = tokio::time::Instant::now();
        assert_eq!(soft(&moody).await, Ok(0));
        let took = start.elapsed();
        assert!(took >= SECOND / 20 && took < SECOND / 10, "{took:?}");
        assert_eq!(moody.source.runs(), 2);
        moody.source.gate.open_for_all();
        settle().await;
        assert_eq!(soft(&moody).await, Ok(1), "it went on and was stored");
        assert_eq!((moody.source.runs(), soft::stats().stale_hits), (2, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn g1_an_invalidation_beats_soft_timeout() {
    let clock = ManualClock::new();
    let moody = Moody::default();
    scope(cache(&clock).await, async {
        moody.source.gate.open();
        soft(&moody).await.unwrap();
        moody.source.write(1);
        clock.advance(10 * SECOND);
        soft::entry().invalidate().await;
        let opens = async {
            tokio::time::sleep(SECOND).await;
            moody.source.gate.open_for_all();
        };
        let (got, ()) = tokio::join!(soft(&moody), opens);
        assert_eq!(got, Ok(1));
    })
    .await;
}

#[derive(Clone)]
struct Repo {
    source: Source,
}

impl Repo {
    #[cached(key = "repo:{id}:{names}", ttl = 10, stale = 60, skip(self), tags = ["{id}:{ret}"])]
    pub async fn sum(&self, id: u64, names: &[String]) -> u64 {
        let counted = || self.source.version.load(Ordering::SeqCst);
        let _ = self.source.read().await;
        id + counted() + names.len() as u64
    }

    #[cached(key = "shared:{id}", ttl = 10, stale = 60, skip(self))]
    pub async fn shared(self: Arc<Self>, id: u64) -> u64 {
        id + self.source.read().await
    }
}

#[async_trait::async_trait]
trait Load: Send + Sync {
    async fn load(&self, id: u64, name: &str) -> Result<u64, String>;
}

#[async_trait::async_trait]
impl Load for Repo {
    #[cached(key = "load:{id}", ttl = 10, stale = 60, skip(self, name))]
    async fn load(&self, id: u64, name: &str) -> Result<u64, String> {
        Ok(self.source.read().await + id + name.len() as u64)
    }
}

#[cached(key = "generic:{id}", ttl = 10, stale = 60, skip(load))]
async fn generic<L: Load + Clone + 'static>(load: &L, id: u64) -> Result<u64, String> {
    let loaded = load.load(id, "").await?;
    Ok(loaded * 10)
}

#[tokio::test]
async fn methods_traits_and_generic_functions_own_what_they_need() {
    let clock = ManualClock::new();
    let repo = Repo {
        source: Source::default(),
    };
    repo.source.gate.open_for_all();
    scope(cache(&clock).await, async {
        let all = async || {
            let shared = Arc::new(repo.clone()).shared(1).await;
            let sum = repo.sum(1, &["a".to_owned()]).await;
            (
                shared,
                sum,
                repo.load(1, "abc").await.unwrap(),
                generic(&repo, 2).await.unwrap(),
            )
        };
        assert_eq!(all().await, (1, 2, 4, 20));
        repo.source.write(1);
        clock.advance(10 * SECOND);
        assert_eq!(all().await, (1, 2, 4, 20));
        settle().await;
        clock.advance(SECOND);
        assert_eq!(all().await.0, 2);
        settle().await;
        assert_eq!(all().await.1, 3);
    })
    .await;
}

#[tokio::test]
async fn explicit_calls_serve_old_values_too() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let policy = Policy::new()
        .ttl(10 * SECOND)
        .stale(60 * SECOND)
        .stale_if_error(90 * SECOND);
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    let get = async || {
        let moody = moody.clone();
        cache
            .try_get_or_refresh("k", &policy, || async move { moody.read().await })
            .await
    };
    assert_eq!(get().await, Ok(0));
    moody.source.write(1);
    clock.advance(10 * SECOND);
    assert_eq!(get().await, Ok(0));
    settle().await;
    assert_eq!(get().await, Ok(1));
    moody.fail(true);
    clock.advance(80 * SECOND);
    assert_eq!(get().await, Ok(1), "the function failed");
    let borrowed = || async { moody.read().await };
    assert_eq!(
        cache.try_get_or_compute("k", &policy, borrowed).await,
        Ok(1)
    );
    moody.fail(false);
    moody.source.write(2);
    let borrowed = || async { moody.read().await };
    assert_eq!(
        cache.try_get_or_compute("k", &policy, borrowed).await,
        Ok(2)
    );
}
