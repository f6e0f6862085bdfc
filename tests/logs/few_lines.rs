//! Many calls write few lines.

use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, ComputeTimeout, cached};
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;
use tokio::task::JoinSet;
use tracing::Level;

use crate::{count, said};

/// Number of calls. The claim is about a million; a build without optimisation makes a tenth of them.
const CALLS: u64 = if cfg!(debug_assertions) {
    100_000
} else {
    1_000_000
};

#[cached(name = "item", key = "item:{id}", cache = cache, skip(cache), ttl = 1, tags = ["items"])]
async fn item(cache: &Cache, id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[cached(
    name = "hanging",
    key = "hanging:{id}",
    cache = cache,
    skip(cache),
    timeout = "50ms",
    lock_timeout = "20ms",
    max_computations = 10
)]
async fn hanging(cache: &Cache, id: u64) -> Result<u64, ComputeTimeout> {
    std::future::pending().await
}

/// A call that waits for another one, one that hangs, and one beyond the limit: each has its warning.
#[tokio::test]
async fn a_source_that_hangs_writes_a_line_of_each_kind() {
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let cache = cachekit_tests::builder().build().await;
    let cache = cache.expect("a valid set-up");
    log.take();
    let mut calls = JoinSet::new();
    for number in 0..2_000_u64 {
        let cache = cache.clone();
        calls.spawn(async move { hanging(&cache, number / 2).await });
    }
    for answer in calls.join_all().await {
        answer.expect_err("it hangs");
    }
    let stats = cache.stats();
    assert!(
        stats.timeouts >= 1_000 && stats.lock_timeouts >= 900 && stats.over_limit >= 900,
        "{stats:?}"
    );
    let warned = said(&log, Level::WARN);
    assert_eq!(warned.len(), 3, "{warned:#?}");
    for words in [
        "waited too long for a computation",
        "a computation took too long",
        "computing beyond `max_computations`",
    ] {
        assert_eq!(count(&warned, words), 1, "{warned:#?}");
        assert!(
            warned
                .iter()
                .all(|line| line.contains("function=hanging") && line.contains("left_out=0")),
            "{warned:#?}"
        );
    }
}

/// Makes `calls` calls: mostly hits, some misses, and an invalidation every thousand calls.
async fn call(cache: &Cache, calls: u64) {
    for number in 0..calls {
        // Nine of ten calls hit a few keys, the others run through many.
        let id = if number % 10 == 0 {
            100 + number / 10 % 3_000
        } else {
            number % 50
        };
        assert_eq!(*item(cache, id).await, id);
        if number % 1_000 == 999 {
            cache.invalidate(&format!("item:{id}")).await;
        }
    }
}

#[tokio::test]
async fn a_million_calls_and_an_outage_write_at_most_ten() {
    let redis = Redis::start();
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = cachekit_tests::builder().redis(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    call(&cache, CALLS / 3).await;
    redis.kill();
    call(&cache, CALLS / 3).await;
    until("the outage is seen", || !cache.stats().redis.is_up).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    redis.restart();
    until("it is back", || cache.stats().redis.is_bus_live).await;
    call(&cache, CALLS / 3).await;
    let lines: Vec<_> = [Level::ERROR, Level::WARN, Level::INFO]
        .into_iter()
        .flat_map(|level| said(&log, level))
        .collect();
    assert!(
        (5..=10).contains(&lines.len()),
        "{} lines: {lines:#?}",
        lines.len()
    );
    println!("{} lines: {lines:#?}", lines.len());
    let stats = cache.stats();
    assert!(
        stats.misses > 1_000 && stats.memory_hits > CALLS / 2,
        "{stats:?}"
    );
}
