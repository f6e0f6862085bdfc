//! A stand-in for Redis: shared by the caches of a test, and away or slow on demand.

use std::time::Duration;

use cachekit::testing::{FakeRedis, Recorder, scope};
use cachekit::{Cache, QueueError, cached, invalidates, write_behind};

#[cached(name = "fake_redis::price", key = "fake-redis-price:{id}")]
async fn price(id: u64) -> u64 {
    id * 100
}

#[invalidates(price(id))]
async fn change(id: u64) {
    let _ = id;
}

async fn process(redis: &FakeRedis) -> Cache {
    let built = Cache::builder().fake_redis(redis).build().await;
    built.expect("a valid set-up")
}

/// Waits until `is_so`, for 10 seconds at most.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} never happened");
}

async fn is_stored(cache: &Cache) {
    until("the store", || cache.stats().redis.stores > 0).await;
}

#[tokio::test]
async fn a_value_of_one_process_is_a_hit_in_another() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    let seen = Recorder::new(&other);
    scope(one.clone(), price(7)).await;
    assert_eq!(scope(other.clone(), price(7)).await, 700);
    seen.assert_computed("fake_redis::price", 0);
    assert_eq!(seen.function("fake_redis::price").redis_hits, 1);
}

#[tokio::test]
async fn an_invalidation_reaches_the_other_process() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    scope(one.clone(), price(7)).await;
    scope(other.clone(), price(7)).await;
    let seen = Recorder::new(&other);
    scope(one.clone(), change(7)).await;
    assert_eq!(scope(other.clone(), price(7)).await, 700);
    seen.assert_computed("fake_redis::price", 1);
    assert!(seen.invalidated().is_empty(), "it was the other cache");
}

#[tokio::test]
async fn calls_go_on_while_it_fails_and_use_it_again_afterwards() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    redis.fail();
    let seen = Recorder::new(&one);
    assert_eq!(scope(one.clone(), price(7)).await, 700);
    seen.assert_computed("fake_redis::price", 1);
    assert!(!one.stats().redis.is_up);
    scope(one.clone(), change(7)).await;
    assert_eq!(one.stats().redis.queued_invalidations, 1);

    redis.recover();
    until("the recovery", || {
        let stats = one.stats().redis;
        stats.is_up && stats.is_bus_live && stats.queued_invalidations == 0
    })
    .await;
    scope(one.clone(), price(8)).await;
    is_stored(&one).await;
    let seen = Recorder::new(&other);
    scope(other.clone(), price(8)).await;
    assert_eq!(seen.function("fake_redis::price").redis_hits, 1);
}

#[tokio::test]
async fn a_reply_that_is_too_slow_is_a_miss_and_costs_the_timeout_of_redis() {
    let redis = FakeRedis::new();
    let timeout = Duration::from_millis(200);
    let builder = Cache::builder().fake_redis(&redis).redis_timeout(timeout);
    let cache = builder.build().await.expect("a valid set-up");
    redis.slow_down(Duration::from_secs(60));
    let began = std::time::Instant::now();
    assert_eq!(scope(cache.clone(), price(7)).await, 700);
    let took = began.elapsed();
    assert!(took >= timeout, "{took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(cache.stats().redis.failures > 0);
}

#[tokio::test]
async fn a_reply_that_is_slow_but_in_time_is_a_hit() {
    let redis = FakeRedis::new();
    let one = process(&redis).await;
    scope(one.clone(), price(7)).await;
    is_stored(&one).await;
    let builder = Cache::builder().fake_redis(&redis);
    let builder = builder.redis_timeout(Duration::from_secs(10));
    let other = builder.build().await.expect("a valid set-up");
    let seen = Recorder::new(&other);
    let delay = Duration::from_millis(150);
    redis.slow_down(delay);
    let began = std::time::Instant::now();
    scope(other.clone(), price(7)).await;
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    assert_eq!(seen.function("fake_redis::price").redis_hits, 1);

    redis.recover();
    let began = std::time::Instant::now();
    scope(one.clone(), price(8)).await;
    assert!(began.elapsed() < delay, "{:?}", began.elapsed());
}

/// Invalidations may have been missed in an outage, so memory is not used before Redis was asked.
#[tokio::test]
async fn an_outage_interrupts_the_messages_of_all_processes() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    let interruptions = || [&one, &other].map(|cache| cache.stats().redis.bus_interruptions);
    assert_eq!(interruptions(), [1, 1], "the start");
    redis.fail();
    let late = process(&redis).await;
    redis.recover();
    until("the recovery", || {
        [&one, &other, &late].iter().all(|cache| {
            let stats = cache.stats().redis;
            stats.is_up && stats.is_bus_live
        })
    })
    .await;
    assert_eq!(interruptions(), [2, 2]);
    scope(late.clone(), price(7)).await;
    scope(one.clone(), change(7)).await;
    until("the message", || late.stats().redis.messages == 1).await;
}

#[tokio::test]
async fn a_slow_reply_does_not_delay_messages() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    scope(other.clone(), price(7)).await;
    redis.slow_down(Duration::from_secs(60));
    let seen = Recorder::new(&other);
    scope(one.clone(), change(7)).await;
    assert_eq!(other.stats().redis.messages, 1);
    scope(other.clone(), price(7)).await;
    seen.assert_computed("fake_redis::price", 1);
    assert_eq!(one.stats().redis.queued_invalidations, 1, "no reply came");
}

/// A test that builds its cache as the service does must not touch the Redis of the set-up.
#[tokio::test]
async fn it_takes_the_place_of_the_redis_that_the_set_up_names() {
    let redis = FakeRedis::new();
    let builder = Cache::builder().redis("redis://256.256.256.256/no-database");
    let built = builder.fake_redis(&redis).build().await;
    let cache = built.expect("the other Redis is not asked");
    assert!(cache.stats().redis.is_up);
}

/// The body of a write-behind function never runs here: no workers are started.
#[write_behind(price(id), value = cents, name = "fake_redis::save_price")]
async fn save_price(id: u64, cents: u64) -> Result<(), QueueError> {
    let _ = (id, cents);
    Ok(())
}

#[tokio::test]
async fn queued_writes_are_accepted_and_read_by_the_other_process() {
    let redis = FakeRedis::new();
    let (one, other) = (process(&redis).await, process(&redis).await);
    let saved = scope(one.clone(), save_price(7, 1)).await;
    assert_eq!(saved, Ok(()));
    assert_eq!(scope(other.clone(), price(7)).await, 1);

    redis.fail();
    let refused = scope(one.clone(), save_price(7, 2)).await;
    assert_eq!(refused, Err(QueueError::Unavailable));
    redis.recover();
    let saved = scope(one.clone(), save_price(7, 3)).await;
    assert_eq!(saved, Ok(()));
}
