//! What another process invalidates costs entries that do not hang on it nothing.

use cachekit::{Cache, cached, testing};
use cachekit_tests::redis::Redis;

use crate::world::quiet;

/// How many keys, and how many tags, the other process invalidates.
const EACH: u64 = 1_000;

#[cached(key = "calm:{id}", name = "calm", tags = ["calm"], events = ["calm.sold"])]
async fn calm(id: u64) -> u64 {
    id
}

async fn invalidate_others(cache: Cache) {
    for n in 0..EACH {
        cache.invalidate(&format!("other:{n}")).await;
        cache.invalidate_tags([format!("other:{n}")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_go_on_while_others_invalidate() {
    let redis = Redis::start();
    let (one, two) = (quiet(&redis.url()).await, quiet(&redis.url()).await);
    testing::scope(two.clone(), calm(1)).await;
    let before = two.stats();
    let other = tokio::spawn(invalidate_others(one));
    let mut reads: u64 = 0;
    while two.stats().redis.messages < 2 * EACH {
        for _ in 0..10 {
            testing::scope(two.clone(), calm(1)).await;
            reads += 1;
        }
        // The messages arrive on the same runtime.
        tokio::task::yield_now().await;
    }
    other.await.expect("it is done");
    let hits = two.stats().memory_hits - before.memory_hits;
    assert!(reads >= EACH, "they were read meanwhile: {reads}");
    assert!(hits * 1_000 >= reads * 999, "{hits} hits of {reads} reads");
    assert_eq!(
        two.stats().redis.interruptions,
        before.redis.interruptions,
        "no message is missing"
    );
}
