//! Memory, then Redis, then the function.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::{Cache, Policy, Tier, cached, testing};
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};

use crate::world::{node, until};

static COMPUTED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    org: u64,
    name: String,
}

#[cached(key = "user:{id}", name = "get_user", tags = ["users", "org:{ret.org}"])]
async fn get_user(id: u64) -> Result<Arc<User>, String> {
    COMPUTED.fetch_add(1, Ordering::SeqCst);
    if id == 0 {
        return Err("no such user".to_owned());
    }
    Ok(Arc::new(User {
        id,
        org: id % 10,
        name: format!("user {id}"),
    }))
}

#[cached(key = "find:{id}", name = "find", none_ttl = 60)]
async fn find(id: u64) -> Option<String> {
    (id != 0).then(|| id.to_string())
}

async fn stored(cache: &Cache, count: u64) {
    until("the value is stored", || {
        cache.stats().redis.stores == count
    })
    .await;
}

#[tokio::test]
async fn a_second_process_reads_what_the_first_computed() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.socket_url()).await);
    let user = testing::scope(one.clone(), get_user(7)).await.unwrap();
    stored(&one, 1).await;
    let read = testing::scope(two.clone(), get_user(7)).await.unwrap();
    assert_eq!(user, read);
    let stats = two.stats();
    assert_eq!((stats.redis_hits, stats.computations), (1, 0));
    // Back-filled: the next call does not leave the process.
    testing::scope(two.clone(), get_user(7)).await.unwrap();
    assert_eq!(two.stats().memory_hits, 1);
}

#[tokio::test]
async fn an_absence_is_remembered_for_all() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    assert_eq!(testing::scope(one.clone(), find(0)).await, None);
    stored(&one, 1).await;
    assert_eq!(testing::scope(two.clone(), find(0)).await, None);
    assert_eq!((two.stats().redis_hits, two.stats().computations), (1, 0));
}

#[tokio::test]
async fn an_error_is_not_stored_and_keeps_nobody_waiting() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let start = std::time::Instant::now();
    assert!(testing::scope(one.clone(), get_user(0)).await.is_err());
    assert!(testing::scope(two.clone(), get_user(0)).await.is_err());
    assert_eq!((one.stats().computations, two.stats().computations), (1, 1));
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "the lease was given back"
    );
}

#[tokio::test]
async fn the_ttl_left_in_redis_is_the_ttl_in_memory() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let policy = Policy::new().ttl(Duration::from_secs(60));
    one.put("a", 1, &policy).await;
    let mut client = redis.client();
    assert_eq!(client.int(&["PEXPIRE", "shop:k:a", "900"]), 1);
    assert_eq!(two.get::<i32>("a").await, Some(1));
    tokio::time::sleep(Duration::from_millis(950)).await;
    assert_eq!(
        two.get::<i32>("a").await,
        None,
        "memory did not outlive Redis"
    );
    assert_eq!(
        one.get::<i32>("a").await,
        Some(1),
        "by its own clock it lives"
    );
}

#[tokio::test]
async fn caps_per_tier() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    let policy = Policy::new()
        .ttl(Duration::from_secs(600))
        .memory_ttl(Duration::from_millis(50))
        .redis_ttl(Duration::from_secs(60));
    cache.put("a", 1, &policy).await;
    let left = redis.client().int(&["PTTL", "shop:k:a"]);
    assert!((50_000..=60_000).contains(&left), "{left}");
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(cache.get::<i32>("a").await, Some(1));
    assert_eq!(
        cache.stats().redis_hits,
        1,
        "memory's share of its life was over"
    );
}

#[tokio::test]
async fn each_tier_can_be_left_out() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    cache
        .put("memory", 1, &Policy::new().tier(Tier::Memory))
        .await;
    cache
        .put("redis", 2, &Policy::new().tier(Tier::Redis))
        .await;
    cache.put("both", 3, &Policy::new()).await;
    let mut keys = redis.client().keys("shop:k:*");
    keys.sort();
    assert_eq!(keys, ["shop:k:both", "shop:k:redis"]);
    assert_eq!(cache.get::<i32>("redis").await, Some(2));
    assert_eq!(
        (cache.stats().redis_hits, cache.stats().memory_hits),
        (1, 0)
    );
    let other = node(&redis.url()).await;
    assert_eq!(other.get::<i32>("memory").await, None);
    assert_eq!(other.get::<i32>("both").await, Some(3));
}

#[tokio::test]
async fn entries_tell_their_ttl_and_can_be_expired() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    testing::scope(one.clone(), get_user(3)).await.unwrap();
    stored(&one, 1).await;
    testing::scope(two.clone(), async {
        let entry = get_user::entry(3);
        let left = entry.ttl().await.expect("it is in Redis");
        assert!(
            left > Duration::from_secs(290) && left <= Duration::from_secs(300),
            "{left:?}"
        );
        entry.expire().await;
        assert_eq!(entry.ttl().await, None);
        assert_eq!(entry.get().await, None);
    })
    .await;
    assert_eq!(two.stats().redis.misses.absent, 1, "it may not be old");
}

#[tokio::test]
async fn without_a_redis_the_cache_is_built_and_uses_it_when_it_comes() {
    let redis = Redis::start();
    redis.kill();
    let cache = node(&redis.url()).await;
    assert!(!cache.stats().redis.is_up);
    cache.put("a", 1, &Policy::new()).await;
    assert_eq!(cache.get::<i32>("a").await, Some(1), "memory works");
    redis.restart();
    until("the cache is connected", || cache.stats().redis.is_up).await;
    until("it has told what it must", || {
        cache.stats().redis.queued_invalidations == 0
    })
    .await;
    cache.put("b", 2, &Policy::new()).await;
    assert_eq!(redis.client().int(&["EXISTS", "shop:k:b"]), 1);
}

#[tokio::test]
async fn a_connection_that_hangs_is_left() {
    let redis = Redis::start();
    let cache = crate::world::settings(&redis.url())
        .redis_timeout(Duration::from_millis(50))
        .build()
        .await
        .unwrap();
    redis.freeze();
    for n in 0..3 {
        assert_eq!(cache.get::<i32>(&format!("k{n}")).await, None);
    }
    assert!(
        !cache.stats().redis.is_up,
        "after a few timeouts it is left"
    );
    redis.thaw();
    until("the cache is connected again", || cache.stats().redis.is_up).await;
}
