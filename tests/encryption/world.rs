//! Caches with keys over one Redis.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, EncryptionKeys};
use cachekit_tests::redis::{Client, Redis};
pub(crate) use cachekit_tests::until;

/// The keys of most tests: one that encrypts, and one for names.
pub(crate) fn keys() -> EncryptionKeys {
    EncryptionKeys::new("one", [1; 32]).names([9; 32])
}

/// Settings for a cache of the namespace `shop` that is patient with a slow machine.
pub(crate) fn clear(redis: &Redis) -> CacheBuilder {
    cachekit_tests::builder()
        .namespace("shop")
        .redis(redis.url())
        .volatile_queues(true)
        .redis_timeout(Duration::from_secs(2))
        .bus_timeout(Duration::from_secs(5))
}

/// The same with these keys.
pub(crate) fn with(redis: &Redis, keys: EncryptionKeys) -> CacheBuilder {
    clear(redis).encryption(keys)
}

pub(crate) async fn built(builder: CacheBuilder) -> Cache {
    builder.build().await.expect("a valid set-up")
}

/// Waits until `cache` has stored so many values in Redis.
pub(crate) async fn stored(cache: &Cache, count: u64) {
    until("the value is stored", || {
        cache.stats().redis.stores == count
    })
    .await;
}

/// The bytes of `key` in Redis.
pub(crate) fn bytes(client: &mut Client, key: &str) -> Vec<u8> {
    client.bulk(&["GET", key]).expect("a value")
}

/// Puts `bytes` under `key`, for five minutes.
pub(crate) fn put(client: &mut Client, key: &str, bytes: &[u8]) {
    client.run(&[b"SET", key.as_bytes(), bytes, b"PX", b"300000"]);
}

/// Whether `what` stands in `bytes`.
pub(crate) fn shows(bytes: &[u8], what: &str) -> bool {
    let what = what.as_bytes();
    bytes.windows(what.len()).any(|part| part == what)
}
