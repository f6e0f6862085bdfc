//! A full Redis without eviction refuses stores. It still accepts invalidations.

use cachekit::{Cache, Policy, cached, testing};
use cachekit_tests::redis::{Client, Redis, Reply};

use crate::world::{quiet, stored, until};

#[cached(key = "page:{id}", name = "page", tags = ["pages"], events = ["page.moved"])]
async fn page(id: u64) -> u64 {
    id + 1
}

#[derive(Debug, Clone, Copy)]
enum By {
    Key,
    Tag,
    Event,
    Function,
    Clear,
}

impl By {
    async fn invalidate(self, cache: &Cache) {
        match self {
            Self::Key => cache.invalidate("page:1").await,
            Self::Tag => cache.invalidate_tags(["pages"]).await,
            Self::Event => cache.emit("page.moved").await,
            Self::Function => assert!(cache.invalidate_function("page").await),
            Self::Clear => cache.clear().await,
        }
    }
}

fn limit(client: &mut Client, bytes: &str) {
    let set = client.run(&["CONFIG", "SET", "maxmemory", bytes]);
    assert_eq!(set, Reply::Text("OK".to_owned()));
}

/// Whether the next call is answered from the cache's memory; it is right in any case.
async fn is_in_memory(cache: &Cache) -> bool {
    let before = cache.stats().memory_hits;
    assert_eq!(testing::scope(cache.clone(), page(1)).await, 2);
    cache.stats().memory_hits > before
}

/// What two nodes have in Redis and in memory, invalidated by one of them while Redis is full.
async fn invalidated_while_full(by: By) {
    let redis = Redis::with(&["--maxmemory-policy", "noeviction"]);
    let mut client = redis.client();
    let (one, two) = (quiet(&redis.url()).await, quiet(&redis.url()).await);
    assert!(!is_in_memory(&one).await);
    stored(&one, 1).await;
    assert!(!is_in_memory(&two).await, "from Redis");
    assert!(is_in_memory(&one).await && is_in_memory(&two).await);
    limit(&mut client, "1");
    let refused = client.run(&["SET", "anything", "1"]);
    assert!(
        matches!(&refused, Reply::Error(why) if why.starts_with("OOM")),
        "it is full: {refused:?}"
    );

    by.invalidate(&one).await;
    assert_eq!(one.stats().redis.queued_invalidations, 0, "{by:?}");
    until("the other has heard", || two.stats().redis.messages == 1).await;
    let third = quiet(&redis.url()).await;
    for cache in [&one, &two, &third] {
        let computations = cache.stats().computations;
        assert!(!is_in_memory(cache).await, "{by:?}");
        let stats = cache.stats();
        assert_eq!(stats.computations, computations + 1, "{by:?}: {stats:?}");
        until("nothing is left to be told", || {
            cache.stats().redis.queued_invalidations == 0
        })
        .await;
        assert!(is_in_memory(cache).await, "{by:?}: it goes on without");
    }

    limit(&mut client, "0");
    by.invalidate(&one).await;
    let stores = one.stats().redis.stores;
    assert!(!is_in_memory(&one).await);
    stored(&one, stores + 1).await;
    let fourth = quiet(&redis.url()).await;
    assert!(!is_in_memory(&fourth).await);
    assert_eq!(fourth.stats().redis_hits, 1, "{by:?}: all is as before");
}

#[tokio::test]
async fn every_invalidation_is_accepted_and_effective() {
    for by in [By::Key, By::Tag, By::Event, By::Function, By::Clear] {
        invalidated_while_full(by).await;
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_not_there_for_others_either() {
    let redis = Redis::with(&["--maxmemory-policy", "noeviction"]);
    let (one, two) = (quiet(&redis.url()).await, quiet(&redis.url()).await);
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(two.get::<i32>("k").await, Some(1));
    limit(&mut redis.client(), "1");
    one.put("k", 2, &Policy::new()).await;
    assert_eq!(one.stats().redis.queued_invalidations, 0);
    assert_eq!(one.get::<i32>("k").await, Some(2));
    until("the other has heard", || two.stats().redis.messages > 0).await;
    assert_eq!(two.get::<i32>("k").await, None, "the older one is gone");
}
