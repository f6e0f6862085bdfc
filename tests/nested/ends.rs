//! The ends of entries in Redis.

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;

use crate::world::{node, quick, quiet};

#[cached(name = "ends_config", key = "ends:config", ttl = 5, skip(source))]
async fn config(source: &Source) -> u64 {
    source.read().await
}

#[cached(
    name = "ends_document",
    key = "ends:document",
    ttl = 3600,
    skip(source)
)]
async fn document(source: &Source) -> u64 {
    config(source).await
}

/// Fails while the source holds nothing.
#[cached(name = "ends_rate", key = "ends:rate", skip(source))]
async fn rate(source: &Source) -> Result<u64, String> {
    match source.read().await {
        0 => Err("away".to_owned()),
        rate => Ok(rate),
    }
}

#[cached(name = "ends_price", key = "ends:price", ttl = 3600, skip(source))]
async fn price(source: &Source) -> Result<u64, String> {
    Ok(rate(source).await.unwrap_or_default())
}

#[tokio::test]
async fn c6_an_entry_in_redis_lives_no_longer_than_what_it_was_made_of() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let source = quick();
    scope(cache.clone(), async {
        document(&source).await;
        price(&source).await.expect("a fallback");
    })
    .await;
    quiet(&cache).await;
    let left = |name: &str| redis.client().int(&["PTTL", name]);
    // Inner values first: time goes by between two questions.
    let inner = left("shop:k:ends:config");
    let outer = left("shop:k:ends:document");
    assert!(outer > 0 && outer <= inner, "{outer} of {inner} ms");
    let fallback = left("shop:k:ends:price");
    assert!(fallback <= 1_000, "E1: {fallback} ms");
}
