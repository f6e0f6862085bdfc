//! Invalidations by another process cost nothing for entries that do not depend on them.

use cachekit::{Cache, cached, testing};
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;

use crate::world::{node, quiet, stored};

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
        two.stats().redis.bus_interruptions,
        before.redis.bus_interruptions,
        "no message is missing"
    );
}

#[cached(key = "plain:{id}", name = "plain", tags = ["plain"], skip(source))]
async fn plain(source: Source, id: u64) -> u64 {
    source.read().await + id
}

#[cached(key = "late:{id}", name = "late", tags = ["late:{ret}"], skip(source))]
async fn slow(source: Source, id: u64) -> u64 {
    source.read().await + id
}

/// Whether what `call` computes is stored although somebody invalidates other tags meanwhile; the
/// first value, by which it is known what tags its values have, was stored before.
async fn is_stored<F>(call: impl Fn(Source, u64) -> F) -> bool
where
    F: Future<Output = u64> + Send + 'static,
{
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let source = Source::default();
    source.gate.open();
    testing::scope(one.clone(), call(source.clone(), 1)).await;
    stored(&one, 1).await;
    source.gate.arrived().await;

    let running = tokio::spawn(testing::scope(one.clone(), call(source.clone(), 2)));
    source.gate.arrived().await;
    two.invalidate_tags(["other", "other:1"]).await;
    two.emit("other").await;
    source.gate.open();
    running.await.expect("a value");
    crate::world::until("the store has answered", || {
        let redis = one.stats().redis;
        redis.stores + redis.refused_stores == 2
    })
    .await;
    one.stats().redis.stores == 2
}

#[tokio::test]
async fn computations_are_stored_while_others_invalidate() {
    assert!(is_stored(plain).await);
    assert!(is_stored(slow).await);
}
