//! A new process fetches the most used entries from Redis before they are requested.

use cachekit::{Cache, cached, testing};
use cachekit_tests::on_new_thread;
use cachekit_tests::redis::Redis;

use crate::world::{node, stored};

#[cached(key = "user:{id}", name = "hot_user", tags = ["users", "group:{id}"])]
async fn user(id: u64) -> String {
    format!("user {id}")
}

#[cached(key = "session:{id}", name = "hot_session", tier = redis)]
async fn session(id: u64) -> u64 {
    id
}

/// Fetches the values of `keys` into memory: those that are in Redis.
async fn prefetch(keys: &[String]) -> usize {
    let ids = keys.iter().filter_map(|key| key.strip_prefix("user:"));
    let mut fetched = 0;
    for id in ids.filter_map(|id| id.parse().ok()) {
        fetched += usize::from(user::entry(id).get().await.is_some());
    }
    fetched
}

#[test]
fn a_new_process_begins_with_the_hottest() {
    on_new_thread(async || {
        let redis = Redis::start();
        let old = node(&redis.url()).await;
        testing::scope(old.clone(), async {
            for call in 0..4_000 {
                user(if call % 2 == 0 { call % 8 } else { call % 400 }).await;
            }
        })
        .await;
        let misses = old.stats().misses;
        stored(&old, misses).await;
        let hot = old.hot_keys(4).into_iter();
        let keys: Vec<_> = hot.map(|it| it.key).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(sorted, ["user:0", "user:2", "user:4", "user:6"]);

        let new: Cache = node(&redis.url()).await;
        testing::scope(new.clone(), async {
            assert_eq!(prefetch(&keys).await, 4);
            assert_eq!(new.hot_keys(10), [], "that is no use");
            for id in [0, 2, 4, 6] {
                assert_eq!(user(id).await, format!("user {id}"));
            }
        })
        .await;
        let stats = new.stats();
        assert_eq!((stats.memory_hits, stats.misses), (4, 0), "{stats:?}");
        assert_eq!(stats.computations, 0);
    });
}

#[test]
fn uses_count_that_only_redis_can_answer() {
    on_new_thread(async || {
        let redis = Redis::start();
        let cache = node(&redis.url()).await;
        testing::scope(cache.clone(), async {
            for _ in 0..10 {
                session(1).await;
            }
        })
        .await;
        let hot = cache.hot_keys(1);
        let counted = (&*hot[0].function, &*hot[0].key, hot[0].uses);
        assert_eq!(counted, ("hot_session", "session:1", 10));
    });
}
