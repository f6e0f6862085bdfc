//! A hit in Redis, with all that the client does for it on the same thread.

use cachekit::{Cache, cached};
use cachekit_tests::redis::Redis;

use super::ALLOCATIONS;

/// Those of one hit that asks by itself: its value is a number and has none. About half of them are
/// the client's.
const ALONE: u64 = 45;

#[cached(
    key = "stock:{shop}:{id}",
    tags = ["stock", "shop:{shop}"],
    tier = redis,
    cache = cache,
    skip(cache)
)]
async fn stock(cache: &Cache, shop: u64, id: u64) -> u64 {
    shop + id
}

#[tokio::test]
async fn a_hit_in_redis_allocates_so_often() {
    let redis = Redis::start();
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    stock(&cache, 1, 2).await;
    while cache.stats().redis.stores == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let mut least = u64::MAX;
    for _ in 0..200 {
        let before = ALLOCATIONS.get();
        assert_eq!(stock(&cache, 1, 2).await, 3);
        // The client's buffers grow now and then, and the cache speaks to itself.
        least = least.min(ALLOCATIONS.get() - before);
    }
    assert_eq!(cache.stats().redis_hits, 200);
    assert_eq!(least, ALONE);
}
