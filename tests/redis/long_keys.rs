//! Keys of any length: their names in Redis are bounded, and no two of them share a value.

use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::Fault;
use cachekit::{Cache, RedisMisses, cached, invalidates, testing};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;

use crate::world::{misses, node, settings, stored, until};

#[cached(key = "long:{text}", name = "long", skip(answer))]
async fn answer_to(text: &str, answer: u64) -> u64 {
    answer
}

#[cached(key = "copied:{text}", name = "copied", tier = redis, replicas = 2, skip(answer))]
async fn copied(text: &str, answer: u64) -> u64 {
    answer
}

#[invalidates(answer_to(text, _))]
async fn forget(text: &str) {
    let _ = text;
}

/// A text of so many bytes that ends with `end`.
fn text(length: usize, end: &str) -> String {
    format!("{}{end}", "a".repeat(length - end.len()))
}

async fn call(cache: &Cache, text: &str, answer: u64) -> u64 {
    testing::scope(cache.clone(), answer_to(text, answer)).await
}

/// All keys in Redis of the kind.
fn names(redis: &Redis, kind: &str) -> Vec<String> {
    redis.client().keys(&format!("shop:{kind}:*"))
}

#[tokio::test]
async fn names_are_bounded_and_values_are_found_under_them() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    for (length, shown) in [(504, 511), (505, 512), (2_000_000, 512)] {
        let text = text(length, "z");
        assert_eq!(call(&cache, &text, 1).await, 1);
        until("it is stored", || !names(&redis, "k").is_empty()).await;
        let [name] = &names(&redis, "k")[..] else {
            panic!("one entry: {:?}", names(&redis, "k"));
        };
        assert_eq!(name.len() - "shop:".len(), shown);
        // Another node finds it there, and hears that it is over.
        let other = node(&redis.url()).await;
        assert_eq!(call(&other, &text, 2).await, 1);
        assert_eq!(call(&other, &text, 2).await, 1);
        // The second is a hit in Redis too if messages are late, as on a busy machine.
        let (in_redis, in_memory) = (other.stats().redis_hits, other.stats().memory_hits);
        assert!(in_redis > 0);
        assert_eq!(in_redis + in_memory, 2);
        if length % 2 == 0 {
            testing::scope(cache.clone(), forget(&text)).await;
        } else {
            cache.invalidate(&format!("long:{text}")).await;
        }
        assert!(names(&redis, "k").is_empty());
        until("the other node has heard it", || other.stats().entries == 0).await;
        assert_eq!(call(&other, &text, 3).await, 3);
        cache.invalidate(&format!("long:{text}")).await;
        until("it is gone", || names(&redis, "k").is_empty()).await;
    }
}

#[tokio::test]
async fn replicas_of_an_entry_are_bounded_too() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    let text = text(3000, "z");
    for _ in 0..20 {
        testing::scope(cache.clone(), copied(&text, 7)).await;
    }
    let entry = || testing::scope(cache.clone(), async { copied::entry(&text) });
    until("both are stored", || {
        names(&redis, "c1").len() + names(&redis, "k").len() == 2
    })
    .await;
    let all = [names(&redis, "k"), names(&redis, "c1"), names(&redis, "v")].concat();
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all.iter().all(|name| name.len() == 517), "{all:?}");
    entry().await.invalidate().await;
    assert_eq!(testing::scope(cache.clone(), copied(&text, 8)).await, 8);
}

/// What two keys of one hash get on a node with these faults, and why the second one computes.
async fn met(faults: &[Fault]) -> (Vec<u64>, RedisMisses, u64) {
    let redis = Redis::start();
    let [one, other] = ["1", "2"].map(|end| text(600, end));
    let with_faults = || {
        let settings = settings(&redis.url());
        faults
            .iter()
            .fold(settings, |settings, fault| settings.seed(*fault))
            .build()
    };
    let first = with_faults().await.expect("a valid set-up");
    call(&first, &one, 1).await;
    stored(&first, 1).await;
    let second = with_faults().await.expect("a valid set-up");
    let answers = vec![call(&second, &other, 2).await, call(&second, &one, 3).await];
    let stats = second.stats();
    (answers, stats.redis.misses, stats.redis.connections)
}

#[tokio::test]
async fn keys_of_one_hash_share_a_name_but_no_value() {
    let (answers, why, connections) = met(&[Fault::OneHash]).await;
    assert_eq!(answers[0], 2, "the value of another key");
    assert_eq!(why.key, 1 + u64::from(answers[1] == 3), "{why:?}");
    assert_eq!(connections, 1, "nobody doubts the connection");
    let (answers, why, _) = met(&[]).await;
    assert_eq!(answers, [2, 1]);
    assert_eq!(why, misses(|it| it.absent = 1));
    // The comparison of whole keys is what tells them apart.
    let (answers, ..) = met(&[Fault::OneHash, Fault::TrustName]).await;
    assert_eq!(answers[0], 1);
}

static COMPUTED: AtomicU64 = AtomicU64::new(0);

#[cached(key = "{text}", tier = memory, name = "in memory")]
async fn in_memory(text: &str) -> u64 {
    COMPUTED.fetch_add(1, Ordering::Relaxed)
}

#[tokio::test]
async fn memory_compares_whole_keys() {
    let cache = cachekit_tests::builder()
        .build()
        .await
        .expect("a valid set-up");
    let texts = ["1", "2", "3"].map(|end| text(1_000_000, end));
    testing::scope(cache.clone(), async {
        for _ in 0..2 {
            for (number, text) in (0..).zip(&texts) {
                assert_eq!(in_memory(text).await, number);
            }
        }
        cache.invalidate(&texts[1]).await;
        assert_eq!(in_memory(&texts[1]).await, 3);
        assert_eq!(in_memory(&texts[2]).await, 2);
    })
    .await;
}
