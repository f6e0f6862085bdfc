//! Information of Redis about itself.

use std::time::Duration;

use cachekit::{Cache, Policy, QueryError};
use cachekit_tests::redis::{Redis, product};

#[tokio::test]
async fn the_server_tells_about_itself() {
    let redis = Redis::with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lfu"]);
    let cache = Cache::builder().redis(redis.url()).build().await;
    let cache = cache.expect("a valid set-up");
    cache.put("one", 1, &Policy::new()).await;
    let info = cache.server_info().await.expect("it answers");
    assert_eq!((&*info.product, &*info.role), (&*product(), "master"));
    assert_eq!(info.max_memory, Some(64 << 20));
    assert_eq!(info.eviction_policy, "allkeys-lfu");
    assert!(info.used_memory > 0 && info.clients >= 2, "{info:?}");
    let keys = redis.client().keys("*").len();
    assert_eq!(info.keys, u64::try_from(keys).expect("few"));
    assert!(info.uptime < Duration::from_secs(600), "{info:?}");
}

#[tokio::test]
async fn who_cannot_be_asked_is_an_error_in_words() {
    let alone = Cache::builder().build().await.expect("a valid set-up");
    let error = alone.server_info().await.expect_err("no Redis");
    assert_eq!(error, QueryError::NoServer);
    assert!(error.to_string().contains("REDIS_URL"), "{error}");

    let redis = Redis::start();
    let cache = Cache::builder().redis(redis.url()).build().await;
    let cache = cache.expect("a valid set-up");
    redis.client().run(&["ACL", "SETUSER", "default", "-info"]);
    let error = cache.server_info().await.expect_err("no right");
    assert_eq!(error, QueryError::Refused("NOPERM".to_owned()));
    assert!(error.to_string().contains("+info"), "{error}");

    redis.kill();
    let error = cache.server_info().await.expect_err("gone");
    assert_eq!(error, QueryError::Unreachable);
}
