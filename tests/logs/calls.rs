//! The way of a call, at trace level.

use std::sync::Arc;
use std::time::Duration;

use cachekit::testing::FakeRedis;
use cachekit::{Cache, cached};
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;
use tracing::Level;

use crate::said;

#[cached(name = "price", key = "price:{id}", cache = cache, skip(cache))]
async fn price(cache: &Cache, id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[cached(name = "slow", key = "slow:{id}", cache = cache, skip(cache))]
async fn slow(cache: &Cache, id: u64) -> u64 {
    tokio::task::yield_now().await;
    id
}

/// The steps that were logged since the last look, each checked for its function and key.
fn steps(log: &Capture, function: &str, key: &str) -> Vec<String> {
    let lines = said(log, Level::TRACE);
    log.take();
    let names = format!("function={function} key=\"{key}\"");
    let step = |line: String| {
        let said = line.split_once("message=").expect("a message").1;
        let parts = said.split_once(&names);
        let (words, fields) = parts.unwrap_or_else(|| panic!("{line}"));
        format!("{} {}", words.trim(), fields.trim())
            .trim()
            .to_owned()
    };
    lines.into_iter().map(step).collect()
}

#[tokio::test]
async fn in_memory() {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let cache = cachekit_tests::builder()
        .trace_calls(true)
        .build()
        .await
        .expect("valid");
    log.take();
    price(&cache, 7).await;
    let computed = [
        "missed in memory cause=absent",
        "runs the function",
        "stored",
        "answered source=computed",
    ];
    assert_eq!(steps(&log, "price", "price:7"), computed);
    // The second hit would be one of the thread's table.
    for _ in 0..3 {
        price(&cache, 7).await;
        assert_eq!(steps(&log, "price", "price:7"), ["answered source=memory"]);
    }
    cache.invalidate("price:7").await;
    price(&cache, 7).await;
    let again = steps(&log, "price", "price:7");
    assert_eq!(again[0], "missed in memory cause=key");
}

#[tokio::test]
async fn of_a_waiter() {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let cache = cachekit_tests::builder()
        .trace_calls(true)
        .build()
        .await
        .expect("valid");
    log.take();
    tokio::join!(slow(&cache, 1), slow(&cache, 1));
    let steps = steps(&log, "slow", "slow:1");
    let of = |words: &str| steps.iter().filter(|step| *step == words).count();
    assert_eq!(of("waits for another call's computation"), 1, "{steps:?}");
    assert_eq!(
        (of("runs the function"), of("answered source=waited")),
        (1, 1),
        "{steps:?}"
    );
}

#[tokio::test]
async fn in_redis() {
    let redis = Redis::start();
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = || {
        cachekit_tests::builder()
            .redis(redis.url())
            .trace_calls(true)
    };
    let one = builder().build().await.expect("valid");
    log.take();
    slow(&one, 2).await;
    until("it is stored", || one.stats().redis.stores == 1).await;
    let expected = [
        "missed in memory cause=absent",
        "missed in Redis, and got the lease",
        "runs the function",
        "stored",
        "answered source=computed",
        "stored in Redis",
    ];
    assert_eq!(steps(&log, "slow", "slow:2"), expected);
    let other = builder().build().await.expect("valid");
    log.take();
    slow(&other, 2).await;
    let expected = [
        "missed in memory cause=absent",
        "found in Redis",
        "answered source=redis",
    ];
    assert_eq!(steps(&log, "slow", "slow:2"), expected);
}

#[tokio::test]
async fn of_a_redis_that_does_not_reply() {
    let redis = FakeRedis::new();
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = cachekit_tests::builder().fake_redis(&redis);
    let builder = builder.redis_timeout(Duration::from_millis(50));
    let cache = builder.trace_calls(true).build().await.expect("valid");
    redis.slow_down(Duration::from_secs(60));
    log.take();
    slow(&cache, 3).await;
    let expected = [
        "missed in memory cause=absent",
        "the look-up in Redis failed, computes without a lease",
        "runs the function",
        "stored",
        "answered source=computed",
    ];
    assert_eq!(steps(&log, "slow", "slow:3"), expected);
}

#[tokio::test]
async fn nothing_is_said_of_a_call_unless_the_cache_is_asked_to() {
    // The subscriber takes every level, as one that forwards spans does.
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let cache = cachekit_tests::builder().build().await.expect("valid");
    log.take();
    for _ in 0..10 {
        price(&cache, 7).await;
    }
    assert_eq!(log.take(), []);
}
