//! The lifetimes of entries and absences in both tiers.

use std::time::Duration;

use cachekit::{Cache, cached, invalidates, testing, write_through};
use cachekit_tests::{Source, settle};

use crate::world::{quick, sleep, two};

/// As long as its value says, and at least as long as its argument.
#[cached(
    key = "adaptive:{least}",
    name = "adaptive",
    ttl = Duration::from_secs(*ret).max(Duration::from_secs(least)),
    skip(source)
)]
async fn adaptive(source: Source, least: u64) -> Result<u64, String> {
    Ok(source.read().await)
}

async fn ask(cache: &Cache, source: &Source, least: u64) -> u64 {
    let call = adaptive(source.clone(), least);
    let answer = testing::scope(cache.clone(), call).await.expect("right");
    settle().await;
    answer
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_ttl_holds_in_both_tiers() {
    let (store, one, other) = two().await;
    let source = quick(20);
    for least in [1, 40] {
        assert_eq!(ask(&one, &source, least).await, 20);
    }
    let left = ["k:adaptive:1", "k:adaptive:40"].map(|name| store.left(name).as_secs());
    assert_eq!(left, [20, 40]);
    source.write(30);
    sleep(19_000).await;
    // From Redis, and from there into memory for what is left.
    assert_eq!(
        (ask(&other, &source, 1).await, ask(&one, &source, 1).await),
        (20, 20)
    );
    sleep(1_001).await;
    assert_eq!(
        (ask(&other, &source, 1).await, ask(&one, &source, 1).await),
        (30, 30)
    );
    assert_eq!(ask(&other, &source, 40).await, 20);
    sleep(20_000).await;
    assert_eq!(ask(&one, &source, 40).await, 30);
}

#[cached(key = "row:{id}", name = "row", ttl = 600, none_ttl = 5, tags = ["rows"], skip(source))]
async fn row(source: Source, id: u64) -> Result<Option<u64>, String> {
    match source.read().await {
        0 => Ok(None),
        13 => Err("unlucky".to_owned()),
        value => Ok(Some(value)),
    }
}

#[invalidates(row(_, id))]
async fn create(source: &Source, id: u64) -> Result<(), String> {
    source.write(7);
    Ok(())
}

#[write_through(row(_, id))]
async fn create_through(source: &Source, id: u64) -> Result<Option<u64>, String> {
    source.write(8);
    Ok(Some(8))
}

async fn find(cache: &Cache, source: &Source) -> Result<Option<u64>, String> {
    let found = testing::scope(cache.clone(), row(source.clone(), 1)).await;
    settle().await;
    found
}

#[tokio::test(start_paused = true)]
async fn an_absence_lives_for_none_ttl_in_both_tiers() {
    let (store, one, other) = two().await;
    let source = quick(0);
    for cache in [&one, &other, &one, &other] {
        assert_eq!(find(cache, &source).await, Ok(None));
    }
    assert_eq!((source.runs(), other.stats().redis_hits), (1, 1));
    assert_eq!(store.left("k:row:1").as_secs(), 5);
    sleep(4_900).await;
    assert_eq!(
        (find(&one, &source).await, find(&other, &source).await),
        (Ok(None), Ok(None))
    );
    assert_eq!(source.runs(), 1);
    sleep(101).await;
    assert_eq!((find(&other, &source).await, source.runs()), (Ok(None), 2));
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_gone_when_the_row_is_created() {
    let (_store, one, other) = two().await;
    let source = quick(0);
    let both = async || (find(&one, &source).await, find(&other, &source).await);
    assert_eq!(both().await, (Ok(None), Ok(None)));
    testing::scope(one.clone(), create(&source, 1))
        .await
        .unwrap();
    settle().await;
    assert_eq!(both().await, (Ok(Some(7)), Ok(Some(7))));
    source.write(0);
    one.invalidate_tags(["rows"]).await;
    settle().await;
    assert_eq!(both().await, (Ok(None), Ok(None)));
    testing::scope(other.clone(), create_through(&source, 1))
        .await
        .unwrap();
    settle().await;
    let runs = source.runs();
    assert_eq!(both().await, (Ok(Some(8)), Ok(Some(8))));
    assert_eq!(source.runs(), runs, "it was written through");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_kept_nowhere() {
    let (_store, one, other) = two().await;
    let source = quick(13);
    for cache in [&one, &other, &one] {
        assert_eq!(find(cache, &source).await, Err("unlucky".to_owned()));
    }
    assert_eq!((source.runs(), one.stats().stores), (3, 0));
    assert_eq!(one.stats().redis.stores + other.stats().redis.stores, 0);
}

/// What `get` finds is no call: it is counted neither as a hit nor as a miss.
#[tokio::test(start_paused = true)]
async fn a_peek_at_an_entry_is_not_counted() {
    let (_store, one, other) = two().await;
    find(&one, &quick(7)).await.unwrap();
    let looked = testing::scope(other.clone(), async {
        // From Redis, and then from memory.
        [row::entry(1).get().await, row::entry(1).get().await]
    });
    assert_eq!(looked.await, [Some(7); 2]);
    let stats = other.stats();
    assert_eq!(
        (stats.memory_hits, stats.redis_hits, stats.misses),
        (0, 0, 0)
    );
    // One of the cache itself is.
    other.put("direct", 1_u64, &cachekit::Policy::new()).await;
    assert_eq!(one.get::<u64>("direct").await, Some(1));
    let stats = one.stats();
    assert_eq!((stats.redis_hits, stats.misses), (1, 2));
    assert!(stats.hit_rate() <= 1.0);
}
