//! The lifetimes of entries, on a manual clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, Policy, cached};

/// Each test's function counts its own runs here.
fn bump(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst) + 1
}

async fn cache(clock: &ManualClock) -> Cache {
    cachekit_tests::builder()
        .clock(clock.clone())
        .build()
        .await
        .expect("right")
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_entry_lives_as_long_as_its_ttl_says() {
    #[cached(key = "fresh-seconds", ttl = 60, skip(runs))]
    async fn seconds(runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    #[cached(key = "fresh-text", ttl = "1m30s", skip(runs))]
    async fn text(runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    #[cached(key = "fresh-default", skip(runs))]
    async fn default(runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    let clock = ManualClock::new();
    let runs: [AtomicU64; 3] = Default::default();
    scope(cache(&clock).await, async {
        let all = async || {
            (
                seconds(&runs[0]).await,
                text(&runs[1]).await,
                default(&runs[2]).await,
            )
        };
        assert_eq!(all().await, (1, 1, 1));
        clock.advance(59 * SECOND);
        assert_eq!(all().await, (1, 1, 1));
        clock.advance(SECOND);
        assert_eq!(all().await, (2, 1, 1));
        clock.advance(30 * SECOND);
        assert_eq!(all().await, (2, 2, 1));
        clock.advance(210 * SECOND);
        assert_eq!(all().await, (3, 3, 2), "300 s by default");
        assert_eq!(seconds::entry().ttl().await, Some(60 * SECOND));
        clock.advance(20 * SECOND);
        assert_eq!(seconds::entry().ttl().await, Some(40 * SECOND));
    })
    .await;
}

/// A time to live that depends on an argument, and on the value.
#[tokio::test]
async fn an_adaptive_ttl() {
    #[cached(key = "fresh-arg:{seconds}", ttl = Duration::from_secs(seconds), skip(runs))]
    async fn by_argument(seconds: u64, runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    #[cached(key = "fresh-ret:{start}", ttl = Duration::from_secs(*ret + start), skip(runs))]
    async fn by_value(start: u64, runs: &AtomicU64) -> Result<u64, String> {
        Ok(bump(runs) * 10)
    }
    #[cached(key = "fresh-never:{keep}", ttl = keep.then_some(SECOND), skip(runs))]
    async fn perhaps(keep: bool, runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    let clock = ManualClock::new();
    let (a, b, c) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    scope(cache(&clock).await, async {
        assert_eq!(
            (by_argument(5, &a).await, by_value(1, &b).await),
            (1, Ok(10))
        );
        clock.advance(5 * SECOND);
        assert_eq!(
            (by_argument(5, &a).await, by_value(1, &b).await),
            (2, Ok(10))
        );
        clock.advance(6 * SECOND);
        assert_eq!(by_value(1, &b).await, Ok(20), "10 + 1 seconds");
        assert_eq!(
            (perhaps(false, &c).await, perhaps(false, &c).await),
            (1, 2),
            "not stored"
        );
        assert_eq!((perhaps(true, &c).await, perhaps(true, &c).await), (3, 3));
    })
    .await;
}

#[tokio::test]
async fn an_absence_is_remembered_for_none_ttl_only() {
    #[cached(key = "absent-not:{id}", ttl = 60, skip(runs))]
    async fn forgotten(id: u64, runs: &AtomicU64) -> Option<u64> {
        bump(runs);
        None.filter(|kept| *kept == id)
    }
    #[cached(key = "absent:{id}", ttl = 60, none_ttl = 5, tags = ["absent", "of:{ret}"], skip(runs))]
    async fn remembered(id: u64, runs: &AtomicU64) -> Result<Option<u64>, String> {
        bump(runs);
        Ok(None.filter(|kept| *kept == id))
    }
    let clock = ManualClock::new();
    let (a, b) = (AtomicU64::new(0), AtomicU64::new(0));
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        for _ in 0..3 {
            assert_eq!(forgotten(1, &a).await, None);
            assert_eq!(remembered(1, &b).await, Ok(None));
        }
        assert_eq!((a.load(Ordering::SeqCst), b.load(Ordering::SeqCst)), (3, 1));
        clock.advance(5 * SECOND);
        remembered(1, &b).await.expect("right");
        assert_eq!(b.load(Ordering::SeqCst), 2);
        cache.invalidate_tags(["absent"]).await;
        remembered(1, &b).await.expect("right");
        assert_eq!(
            b.load(Ordering::SeqCst),
            3,
            "an absence has the tags without `ret`"
        );
        assert_eq!(remembered::entry(1).get().await, None);
    })
    .await;
}

#[tokio::test]
async fn jitter_spreads_the_ends() {
    #[cached(key = "jitter:{id}", ttl = 100, jitter = 0.5)]
    async fn spread(id: u64) -> u64 {
        id
    }
    let clock = ManualClock::new();
    scope(cache(&clock).await, async {
        let mut lives = Vec::new();
        for id in 0..200 {
            spread(id).await;
            lives.push(spread::entry(id).ttl().await.expect("stored"));
        }
        lives.sort();
        assert!(
            lives[0] >= 50 * SECOND && lives[199] <= 100 * SECOND,
            "{lives:?}"
        );
        assert!(
            lives[199] > lives[0] + 30 * SECOND,
            "they differ: {lives:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn expire_ends_the_time_to_live() {
    #[cached(key = "expire:{id}", skip(runs))]
    async fn counted(id: u64, runs: &AtomicU64) -> u64 {
        bump(runs) + id
    }
    let clock = ManualClock::new();
    let runs = AtomicU64::new(0);
    scope(cache(&clock).await, async {
        assert_eq!(counted(10, &runs).await, 11);
        counted::entry(10).expire().await;
        assert_eq!(counted::entry(10).ttl().await, None);
        assert_eq!(counted(10, &runs).await, 12);
        assert_eq!(
            counted::refresh(10, &runs).await,
            13,
            "recomputes though it is there"
        );
        assert_eq!(counted(10, &runs).await, 13);
    })
    .await;
}

/// Whatever the `ttl` is: constant, computed, or an absence's.
#[tokio::test]
async fn memory_ttl_caps_what_memory_keeps() {
    const CAP: Duration = Duration::from_secs(30);
    #[cached(key = "fresh-capped", ttl = 600, memory_ttl = 30, skip(runs))]
    async fn constant(runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    #[cached(key = "fresh-capped:{long}", ttl = Duration::from_secs(long), memory_ttl = CAP, skip(runs))]
    async fn computed(long: u64, runs: &AtomicU64) -> u64 {
        bump(runs)
    }
    #[cached(
        key = "fresh-capped-none",
        none_ttl = "10m",
        memory_ttl = "30s",
        skip(runs)
    )]
    async fn absent(runs: &AtomicU64) -> Option<u64> {
        bump(runs);
        None
    }
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let runs: [AtomicU64; 3] = Default::default();
    scope(cache.clone(), async {
        for expected in [1, 1, 2] {
            constant(&runs[0]).await;
            computed(600, &runs[1]).await;
            absent(&runs[2]).await;
            let counts = runs.each_ref().map(|runs| runs.load(Ordering::SeqCst));
            assert_eq!(counts, [expected; 3]);
            clock.advance(29 * SECOND);
        }
        assert_eq!(computed(5, &runs[1]).await, 3);
        let short = computed::entry(5);
        assert_eq!(
            short.ttl().await,
            Some(5 * SECOND),
            "a cap does not lengthen"
        );
    })
    .await;
    let policy = Policy::new().ttl(600 * SECOND).memory_ttl(CAP);
    cache.put("capped", 1, &policy).await;
    clock.advance(CAP);
    assert_eq!(cache.get::<i32>("capped").await, None);
}

#[tokio::test]
async fn a_zero_ttl_is_not_stored() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let policy = Policy::new().ttl(Duration::ZERO);
    cache.put("zero", 1, &policy).await;
    assert_eq!(cache.get::<i32>("zero").await, None);
    let forever = Policy::new().ttl(Duration::MAX);
    cache.put("ever", 1, &forever).await;
    clock.advance(Duration::from_secs(3_000_000_000));
    assert_eq!(cache.get::<i32>("ever").await, Some(1));
}
