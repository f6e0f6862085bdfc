//! A value from Redis weighs in memory as much as a computed one.

use cachekit::{Capacity, cached, testing};
use cachekit_tests::redis::Redis;

use crate::world::{node, settings, stored};

const COUNT: u64 = 24;

#[cached(key = "blob:{id}", name = "weights.blob")]
async fn blob(id: u64) -> Vec<u64> {
    // Short when it is encoded.
    vec![id; 12_500]
}

async fn all() {
    for id in 0..COUNT {
        assert_eq!(blob(id).await.len(), 12_500);
    }
}

#[tokio::test]
async fn a_mebibyte_has_room_for_about_ten_of_100_kilobytes() {
    let redis = Redis::start();
    let writer = node(&redis.url()).await;
    testing::scope(writer.clone(), all()).await;
    stored(&writer, COUNT).await;
    let small = settings(&redis.url()).memory_capacity(Capacity::bytes(1 << 20));
    let small = small.build().await.expect("a valid set-up");
    testing::scope(small.clone(), all()).await;
    let stats = small.stats();
    assert_eq!((stats.redis_hits, stats.computations), (COUNT, 0));
    assert!((8..=10).contains(&stats.entries), "{}", stats.entries);
}
