//! Functions of one cache that call functions of another.

use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, cached};
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;

use crate::world::{node, quick, quiet};

#[cached(name = "caches_inner", key = "caches:inner:{id}", ttl = 300, cache = inner, skip(inner, source))]
async fn inner_of(inner: &Cache, source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "caches_outer",
    key = "caches:outer:{id}",
    ttl = 300,
    skip(inner, source)
)]
async fn outer(inner: &Cache, source: &Source, id: u64) -> u64 {
    inner_of(inner, source, id).await
}

/// Each cache has numbers of invalidations from before, and not as many as the other.
#[tokio::test]
async fn an_invalidation_in_one_cache_reaches_the_entry_of_another() {
    for busy in [0, 1] {
        let caches = [quiet_cache().await, quiet_cache().await];
        for number in 0..1_000 {
            caches[busy].invalidate(&number.to_string()).await;
        }
        let [above, below] = &caches;
        let source = quick();
        scope(above.clone(), async {
            assert_eq!(outer(below, &source, 1).await, 0);
            source.write(1);
            assert_eq!(outer(below, &source, 1).await, 0, "nothing was invalidated");
            below.invalidate("caches:inner:1").await;
            assert_eq!(outer(below, &source, 1).await, 1, "busy: {busy}");
        })
        .await;
    }
}

async fn quiet_cache() -> Cache {
    Cache::builder().build().await.expect("a valid set-up")
}

/// The clocks of the two caches began at different times.
#[tokio::test]
async fn ages_count_by_the_clock_of_each_cache() {
    let (above_clock, below_clock) = (ManualClock::new(), ManualClock::new());
    above_clock.advance(Duration::from_secs(100_000));
    let with = async |clock: &ManualClock| {
        let builder = Cache::builder().clock(clock.clone());
        builder.build().await.expect("a valid set-up")
    };
    let (above, below) = (with(&above_clock).await, with(&below_clock).await);
    let source = quick();
    scope(above, async {
        inner_of(&below, &source, 1).await;
        below_clock.advance(Duration::from_secs(200));
        above_clock.advance(Duration::from_secs(200));
        assert_eq!(outer(&below, &source, 1).await, 0);
        source.write(1);
        above_clock.advance(Duration::from_secs(99));
        below_clock.advance(Duration::from_secs(99));
        assert_eq!(outer(&below, &source, 1).await, 0);
        above_clock.advance(Duration::from_secs(2));
        below_clock.advance(Duration::from_secs(2));
        assert_eq!(outer(&below, &source, 1).await, 1);
    })
    .await;
}

/// The names of the one store mean nothing in the other.
#[tokio::test]
async fn an_entry_made_of_another_store_stays_in_memory() {
    let (one, other) = (Redis::start(), Redis::start());
    let (above, below) = (node(&one).await, node(&other).await);
    let source = quick();
    scope(above.clone(), async {
        outer(&below, &source, 1).await;
        below.invalidate("caches:inner:1").await;
        outer(&below, &source, 1).await;
    })
    .await;
    quiet(&above).await;
    assert_eq!(above.stats().redis.stores, 0);
    assert!(above.stats().memory_only > 0);
}
