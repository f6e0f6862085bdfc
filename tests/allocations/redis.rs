//! A hit in Redis, with the client's work on the same thread, and the allocations that a forged
//! length can cause.

use cachekit::{Cache, cached};
use cachekit_tests::entry::seal;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;

use super::{ALLOCATIONS, LARGEST};

/// Those of one hit that asks by itself: its value is a number and has none. About half of them are
/// the client's.
const ALONE: u64 = 29;

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
    let builder = cachekit_tests::patient(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    stock(&cache, 1, 2).await;
    until("it is stored", || cache.stats().redis.stores > 0).await;
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

#[cached(key = "page:{length}", name = "page", tier = redis, cache = cache, skip(cache), compress)]
async fn page(cache: &Cache, length: usize) -> String {
    "x".repeat(length)
}

/// The largest allocation of one call that reads, and perhaps computes and stores.
async fn largest(cache: &Cache, length: usize) -> usize {
    let redis = cache.stats().redis;
    LARGEST.set(0);
    assert_eq!(page(cache, length).await.len(), length);
    let largest = LARGEST.get();
    let misses = cache.stats().redis.misses != redis.misses;
    let is_stored = || !misses || cache.stats().redis.stores > redis.stores;
    until("it is stored", is_stored).await;
    largest
}

#[tokio::test]
async fn a_forged_length_gets_no_memory() {
    const LENGTH: usize = 20_000;
    let redis = Redis::start();
    let mut client = redis.client();
    let builder = cachekit_tests::patient(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    largest(&cache, LENGTH).await;
    let name = format!("shop:k:page:{LENGTH}");
    let good = client.bulk(&["GET", &name]).expect("an entry");
    // Behind the head, the body, two versions, the function's name, the key, and a length.
    let at = 98 + 2 * 24 + 4 + "page".len() + 4 + "page:20000".len() + 4;
    assert_eq!(good[at..at + 4], 20_003_u32.to_le_bytes());
    let hits = cache.stats().redis_hits;
    assert!(
        largest(&cache, LENGTH).await >= LENGTH,
        "an honest one does"
    );
    assert_eq!(cache.stats().redis_hits, hits + 1);
    // As much as may be read, and much more.
    for length in [8 << 20, u32::MAX] {
        let mut forged = good.clone();
        forged[at..at + 4].copy_from_slice(&length.to_le_bytes());
        seal(&mut forged);
        client.run(&[b"SET", name.as_bytes(), &forged[..], b"PX", b"300000"]);
        let largest = largest(&cache, LENGTH).await;
        assert!(largest < 2 * LENGTH, "{largest} bytes for {length}");
    }
    let misses = cache.stats().redis.misses;
    assert_eq!((misses.compression, misses.too_large), (1, 1));
}
