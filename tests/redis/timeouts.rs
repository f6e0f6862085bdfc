//! Timeouts of computations, a shutdown, and a process that was suspended, over a real Redis.

use std::time::{Duration, Instant};

use cachekit::testing::Fault;
use cachekit::{Cache, ComputeTimeout, cached, testing};
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::settle;
use tokio::task::JoinHandle;

use crate::world::{node, until};

const LIMIT: Duration = Duration::from_millis(300);

#[cached(key = "late:{id}", name = "late", timeout = LIMIT, skip(source))]
async fn hanging(source: Source, id: u64) -> Result<u64, ComputeTimeout> {
    Ok(source.read().await)
}

fn call(cache: &Cache, source: &Source) -> JoinHandle<Result<u64, ComputeTimeout>> {
    tokio::spawn(testing::scope(cache.clone(), hanging(source.clone(), 1)))
}

#[tokio::test]
async fn a_function_that_hangs_answers_everybody_and_leaves_no_lease() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let source = Source::default();
    let start = Instant::now();
    let mut calls = vec![call(&one, &source)];
    source.gate.arrived().await;
    calls.extend((0..50).flat_map(|_| [call(&one, &source), call(&two, &source)]));
    for call in calls {
        assert!(call.await.unwrap().is_err());
    }
    let took = start.elapsed();
    // One after the other, each once; far from the three seconds of a lease.
    assert!(
        took >= 2 * LIMIT && took < Duration::from_secs(2),
        "{took:?}"
    );
    assert_eq!(source.runs(), 2);
    source.gate.open_for_all();
    let start = Instant::now();
    assert_eq!(call(&one, &source).await.unwrap(), Ok(0));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    until("it is stored", || one.stats().redis.stores == 1).await;
    assert_eq!(call(&two, &source).await.unwrap(), Ok(0));
    assert_eq!((source.runs(), two.stats().redis_hits), (3, 1));
}

#[cached(key = "many:{id}", name = "many", tags = ["many"], max_computations = 4)]
async fn many(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    id
}

#[tokio::test]
async fn what_was_computed_is_stored_before_the_process_ends() {
    let redis = Redis::start();
    let one = node(&redis.url()).await;
    let calls: Vec<_> = (0..200)
        .map(|id| tokio::spawn(testing::scope(one.clone(), many(id))))
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    one.invalidate("late:7").await;
    let left = one.shutdown().await;
    assert!(left.is_complete(), "{left:?}");
    let stats = one.stats();
    assert_eq!((stats.redis.stores, stats.background.running), (200, 0));
    drop(one);
    let two = node(&redis.url()).await;
    for id in 0..200 {
        assert_eq!(testing::scope(two.clone(), many(id)).await, id);
    }
    assert_eq!((two.stats().redis_hits, two.stats().computations), (200, 0));
}

const KEYS: u64 = 10;

#[cached(key = "paused:{id}", name = "paused", tier = redis)]
async fn paused(id: u64) -> u64 {
    id
}

/// How many questions failed of a process that stood still for longer than it waits, once Redis
/// had answered.
async fn failures_of_a_pause(fault: Option<Fault>) -> u64 {
    let redis = Redis::start();
    let limit = Duration::from_millis(100);
    let builder = Cache::builder()
        .namespace("shop")
        .redis(redis.url())
        .seed(Fault::ShareNames);
    let builder = builder.redis_timeout(limit).bus_timeout(60 * limit);
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    let cache = builder.build().await.expect("a valid set-up");
    for id in 0..KEYS {
        testing::scope(cache.clone(), paused(id)).await;
    }
    until("it is stored", || cache.stats().redis.stores == KEYS).await;
    // After misses only, a call would ask for a lease too, and share no question.
    for id in 0..KEYS {
        testing::scope(cache.clone(), paused(id)).await;
    }
    // Some ask by themselves, and some share a question.
    let one = |id| tokio::spawn(testing::scope(cache.clone(), paused(id)));
    redis.freeze();
    let calls: Vec<_> = (0..KEYS).map(one).collect();
    settle().await;
    redis.thaw();
    std::thread::sleep(3 * limit);
    for (id, call) in (0..).zip(calls) {
        assert_eq!(call.await.expect("an answer"), id);
    }
    cache.stats().redis.failures
}

#[tokio::test]
async fn a_process_that_stood_still_does_not_blame_redis() {
    assert_eq!(failures_of_a_pause(None).await, 0);
    assert!(failures_of_a_pause(Some(Fault::NoLastLook)).await > 0);
}
