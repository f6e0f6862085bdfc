//! Marks of open writes and the file of the outbox, encrypted.

use std::fs;

use cachekit::{Cache, CacheBuilder, EncryptionKeys, Policy, cached, invalidates, testing};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::{Gate, poll_once};

use crate::world::{built, clear, keys, shows, until, with};

#[cached(key = "marked:{id}", name = "marked", ttl = "1h")]
async fn row(id: u64) -> u64 {
    id
}

#[invalidates(row(id))]
async fn write(gate: &Gate, id: u64) {
    gate.pass().await;
}

/// A write that began and whose process died, as far as others can tell: it neither renews its mark
/// nor listens.
async fn died(redis: &Redis, settings: CacheBuilder) {
    let proxy = Proxy::to(redis.addr());
    let cache = built(settings.redis(proxy.url())).await;
    let gate = Gate::new();
    let mut writing = Box::pin(testing::scope(cache.clone(), write(&gate, 1)));
    assert!(poll_once(writing.as_mut()).is_pending());
    until("it is marked", || {
        redis.client().int(&["ZCARD", "shop:intents"]) == 1
    })
    .await;
    let marks = redis.client().run(&["ZRANGE", "shop:intents", "0", "-1"]);
    let Reply::List(marks) = marks else {
        panic!("a list of marks: {marks:?}");
    };
    let [Reply::Bulk(mark)] = &marks[..] else {
        panic!("one mark: {marks:?}");
    };
    assert!(shows(mark, "CKE") && !shows(mark, "marked"), "{mark:?}");
    proxy.stop_listening();
    proxy.close_clients();
    // The future is not dropped: a dropped write ends, and queues its invalidation.
    std::mem::forget(writing);
    std::mem::forget(gate);
    std::mem::forget(proxy);
}

async fn entry(cache: &Cache, stored: u64) {
    testing::scope(cache.clone(), row(1)).await;
    crate::world::stored(cache, stored).await;
}

#[tokio::test]
async fn the_mark_of_a_dead_process_is_carried_out() {
    let redis = Redis::start();
    let survivor = built(with(&redis, keys()).hash_keys(true)).await;
    entry(&survivor, 1).await;
    survivor.put("other", 1_u64, &Policy::new()).await;
    died(&redis, with(&redis, keys()).hash_keys(true)).await;
    until("it is swept", || survivor.stats().redis.swept == 1).await;
    entry(&survivor, 3).await;
    assert_eq!(
        survivor.get::<u64>("other").await,
        Some(1),
        "only its names"
    );
}

/// What the mark names cannot be known, so everything is invalidated.
#[tokio::test]
async fn a_mark_without_its_key_stands_for_everything() {
    let redis = Redis::start();
    let survivor = EncryptionKeys::new("two", [2; 32]);
    let survivor = built(with(&redis, survivor)).await;
    survivor.put("other", 1_u64, &Policy::new()).await;
    died(&redis, with(&redis, keys())).await;
    until("it is swept", || survivor.stats().redis.swept == 1).await;
    assert_eq!(survivor.get::<u64>("other").await, None);
}

#[tokio::test]
async fn the_file_of_the_outbox_is_encrypted() {
    for (keys, is_everything) in [(keys(), false), (EncryptionKeys::new("two", [2; 32]), true)] {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.addr());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("outbox");
        let reader = built(clear(&redis)).await;
        for key in ["lovelace", "other"] {
            reader.put(key, 1_u64, &Policy::new()).await;
        }
        {
            let settings = with(&redis, crate::world::keys()).redis(proxy.url());
            let cache = built(settings.outbox_file(&path)).await;
            proxy.stop_listening();
            proxy.close_clients();
            until("Redis is away", || !cache.stats().redis.is_up).await;
            cache.invalidate("lovelace").await;
            let file = fs::read(&path).expect("a file");
            assert!(shows(&file, "CKE") && !shows(&file, "lovelace"));
        }
        // The file as the next process finds it.
        let left = folder.path().join("left");
        fs::copy(&path, &left).expect("it is copied");
        let next = built(with(&redis, keys).outbox_file(&left)).await;
        let gone = |key: &str| redis.client().int(&["EXISTS", &format!("shop:k:{key}")]) == 0;
        if is_everything {
            // Every version is gone, and the entry with it.
            until("all is invalidated", || {
                next.stats().redis.queued_invalidations == 0
            })
            .await;
            assert_eq!(next.get::<u64>("other").await, None);
        } else {
            until("it is sent", || gone("lovelace")).await;
            assert!(!gone("other"));
        }
    }
}
