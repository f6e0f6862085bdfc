//! What nested calls cost in round trips: nothing.

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;

use crate::levels::user;
use crate::world::{quick, quiet, trusting};

#[cached(
    name = "round_trips_three",
    key = "round-trips:three:{page}",
    skip(source)
)]
async fn three(source: &Source, page: u64) -> u64 {
    let _ = page;
    user(source, 1).await + user(source, 2).await + user(source, 3).await
}

/// The round trips of a miss whose inner calls are hits in memory, and of a hit in Redis of the
/// entry that it left.
async fn trips() -> (usize, usize) {
    let redis = Redis::start();
    let network = Proxy::to(redis.addr());
    let cache = trusting(&network.url(), None).await;
    let source = quick();
    scope(cache.clone(), async {
        // The first nested call of a process may cost more: it is what shows that there are any.
        three(&source, 1).await;
        for id in 1..=3 {
            user(&source, id).await;
        }
        quiet(&cache).await;
        // An entry with value tags has exact versions once Redis has stored it. The first computation
        // that takes it after that reads them.
        three(&source, 3).await;
        quiet(&cache).await;
        network.clear();
        three(&source, 2).await;
        quiet(&cache).await;
    })
    .await;
    let miss = network.round_trips();
    let other = trusting(&network.url(), None).await;
    scope(other.clone(), async {
        // The first entry of the function that a process reads costs one more: the process learns
        // that such entries list names that only they know.
        three(&source, 1).await;
        network.clear();
        three(&source, 2).await;
    })
    .await;
    assert_eq!(other.stats().redis_hits, 2);
    (miss, network.round_trips())
}

#[tokio::test]
async fn a_miss_with_three_hits_inside_is_as_dear_as_without() {
    assert_eq!(trips().await, (3, 1));
}
