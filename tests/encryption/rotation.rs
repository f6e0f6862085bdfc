//! Keys that are exchanged while entries live, without a flush.

use cachekit::{Cache, EncryptionKeys, Policy, Tier};
use cachekit_tests::redis::Redis;

use crate::world::{built, bytes, shows, stored, with};

fn old() -> EncryptionKeys {
    EncryptionKeys::new("2026-05", [5; 32])
}

fn both() -> EncryptionKeys {
    EncryptionKeys::new("2026-11", [11; 32]).and_old("2026-05", [5; 32])
}

fn new() -> EncryptionKeys {
    EncryptionKeys::new("2026-11", [11; 32])
}

async fn get(cache: &Cache, key: &str) {
    let policy = Policy::new().tier(Tier::Redis);
    let value = async || format!("value of {key}");
    let got = cache.get_or_compute(key, &policy, value).await;
    assert_eq!(got, format!("value of {key}"));
}

#[tokio::test]
async fn a_key_is_exchanged_without_a_flush() {
    let redis = Redis::start();
    let before = built(with(&redis, old())).await;
    get(&before, "a").await;
    stored(&before, 1).await;

    // First every process gets the new key behind the old one, so that it can read.
    let prepared = old().and_old("2026-11", [11; 32]);
    let prepared = built(with(&redis, prepared)).await;
    // Then the new one in front.
    let during = built(with(&redis, both())).await;
    get(&during, "a").await;
    assert_eq!(during.stats().redis_hits, 1, "the old key opens");
    get(&during, "b").await;
    stored(&during, 1).await;
    get(&prepared, "b").await;
    assert_eq!(prepared.stats().redis_hits, 1, "a prepared process reads");
    let id = |key: &str| bytes(&mut redis.client(), &format!("shop:k:{key}"));
    assert!(shows(&id("a"), "2026-05") && shows(&id("b"), "2026-11"));

    // At last the old one is removed: what it encrypted is a miss, and everything else is not.
    let after = built(with(&redis, new())).await;
    get(&after, "b").await;
    assert_eq!(after.stats().redis_hits, 1);
    get(&after, "a").await;
    stored(&after, 1).await;
    let stats = after.stats();
    assert_eq!((stats.computations, stats.redis.misses.encryption), (1, 1));
    get(&during, "a").await;
    assert_eq!(during.stats().computations, 1, "it shares what replaced it");
}

#[tokio::test]
async fn invalidations_reach_processes_of_both_keys() {
    let redis = Redis::start();
    let prepared = old().and_old("2026-11", [11; 32]);
    let (one, other) = (
        built(with(&redis, prepared)).await,
        built(with(&redis, both())).await,
    );
    for cache in [&one, &other] {
        cache.put("a", 1_u64, &Policy::new()).await;
        assert_eq!(one.get::<u64>("a").await, Some(1));
        assert_eq!(other.get::<u64>("a").await, Some(1));
        cache.invalidation().keys(["a"]).acknowledged().await;
        assert_eq!(one.get::<u64>("a").await, None);
        assert_eq!(other.get::<u64>("a").await, None);
    }
    let gaps = |cache: &Cache| cache.stats().redis.bus_interruptions;
    assert_eq!((gaps(&one), gaps(&other)), (1, 1), "all messages were read");
}

/// A process without the keys cannot read a message, so it trusts nothing in its memory.
#[tokio::test]
async fn a_process_without_the_key_of_a_message_serves_nothing_old() {
    let redis = Redis::start();
    let (one, other) = (
        built(with(&redis, old())).await,
        built(with(&redis, new())).await,
    );
    let policy = Policy::new().encrypt(false);
    one.put("a", 1_u64, &policy).await;
    let get = async |value: u64| other.get_or_compute("a", &policy, async || value).await;
    assert_eq!(get(2).await, 1);
    // The message of the first write may arrive now. It is unreadable, too.
    while other.stats().memory_hits == 0 {
        assert_eq!(get(2).await, 1);
    }
    one.invalidation().keys(["a"]).acknowledged().await;
    assert_eq!(get(2).await, 2);
    assert!(other.stats().redis.bus_interruptions > 1);
}
