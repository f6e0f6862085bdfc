//! Caches over one Redis, and values whose computation a test controls.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder};

/// Settings for a cache of the namespace `shop` that is patient with a slow machine.
pub(crate) fn settings(url: &str) -> CacheBuilder {
    Cache::builder()
        .namespace("shop")
        .redis(url)
        .redis_timeout(Duration::from_secs(2))
}

/// A node: a cache of its own over the Redis at `url`.
pub(crate) async fn node(url: &str) -> Cache {
    settings(url).build().await.expect("a valid set-up")
}

/// Waits until `condition` holds; what nobody waits for happens a little later.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain until {what}");
}
