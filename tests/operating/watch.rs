//! The stream of invalidations ends with its cache, and does not keep the cache alive.

use std::time::Duration;

use cachekit::{Cache, SeenKind};
use cachekit_tests::redis::Redis;

async fn node(redis: &Redis) -> Cache {
    let builder = cachekit_tests::patient(redis.url());
    builder.build().await.expect("a valid set-up")
}

#[tokio::test]
async fn a_watch_gives_what_others_invalidate_and_ends_with_the_shutdown() {
    let redis = Redis::start();
    let (watching, other) = (node(&redis).await, node(&redis).await);
    let mut watch = watching.watch();
    watching.invalidate("own").await;
    other.invalidation().soft().tags(["org:7"]).await;
    let seen = watch.next().await.expect("of the other");
    assert_eq!((seen.kind, watch.missed()), (SeenKind::SoftInvalidated, 0));
    assert_eq!(seen.targets[0].to_string(), "tag org:7");
    watching.shutdown().await;
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_does_not_keep_a_dropped_cache_among_the_living() {
    let redis = Redis::start();
    let (dropped, other) = (node(&redis).await, node(&redis).await);
    let mut watch = dropped.watch();
    drop(dropped);
    let ended = tokio::time::timeout(Duration::from_secs(5), watch.next()).await;
    assert_eq!(ended, Ok(None));
    cachekit_tests::until("the goodbye is heard", || {
        redis.client().int(&["PUBLISH", "shop:bus", ""]) == 1
    })
    .await;
    assert!(other.invalidation().acknowledged().keys(["a"]).await);
}

#[tokio::test]
async fn without_redis_a_watch_is_empty() {
    let alone = Cache::builder().build().await.expect("a valid set-up");
    assert_eq!(alone.watch().next().await, None);
}
