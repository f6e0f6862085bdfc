//! Compression of large values in Redis: which values, which settings, and which readers.

use cachekit::{Cache, Codec, Policy, RedisMisses, cached, testing};
use cachekit_tests::entry::PACKED;
use cachekit_tests::redis::{Client, Redis};
use serde::{Deserialize, Serialize};

use crate::world::{node, settings, stored, until};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Product {
    id: u64,
    name: String,
    tags: Vec<String>,
}

fn catalogue() -> Vec<Product> {
    let product = |id| Product {
        id,
        name: format!("product {id}"),
        tags: vec!["in stock".to_owned(), format!("shelf {}", id % 7)],
    };
    (0..200).map(product).collect()
}

/// A node that compresses values of at least so many bytes.
async fn compressing(redis: &Redis, above: usize) -> Cache {
    let settings = settings(&redis.url()).compress_above(above);
    settings.build().await.expect("a valid set-up")
}

fn entry(client: &mut Client, key: &str) -> Vec<u8> {
    let entry = client.bulk(&["GET", &format!("shop:k:{key}")]);
    entry.expect("an entry")
}

fn is_packed(entry: &[u8]) -> bool {
    entry[4] & PACKED != 0
}

#[tokio::test]
async fn a_value_survives_by_every_codec() {
    let all = [Codec::Bincode, Codec::MsgPack, Codec::Json];
    for codec in all.into_iter().filter(|codec| codec.is_available()) {
        let redis = Redis::start();
        let (writer, reader) = (compressing(&redis, 1_000).await, node(&redis.url()).await);
        let policy = Policy::new().codec(codec);
        let get = async |cache: &Cache, key, policy: &Policy| {
            cache.get_or_compute(key, policy, catalogue_now).await
        };
        get(&writer, "a", &policy).await;
        get(&writer, "b", &policy.clone().compress(false)).await;
        stored(&writer, 2).await;
        let mut client = redis.client();
        let (small, large) = (entry(&mut client, "a"), entry(&mut client, "b"));
        assert!(is_packed(&small) && !is_packed(&large), "{codec}");
        let saved = large.len() - small.len();
        assert!(small.len() * 2 < large.len(), "{codec}: {}", small.len());
        let stats = writer.stats().redis;
        assert_eq!((stats.compressed, stats.saved_bytes), (1, saved as u64));
        // It need not compress to read what is compressed.
        for key in ["a", "b"] {
            assert_eq!(get(&reader, key, &policy).await, catalogue(), "{codec}");
        }
        let stats = reader.stats();
        assert_eq!((stats.redis_hits, stats.computations), (2, 0), "{codec}");
        assert_eq!(stats.redis.misses, RedisMisses::default());
        assert_eq!((stats.redis.compressed, stats.redis.saved_bytes), (0, 0));
    }
}

async fn catalogue_now() -> Vec<Product> {
    catalogue()
}

/// As many bytes as `length`, encoded by bincode: a byte, or three, say how many there are.
fn blank(length: usize) -> String {
    "x".repeat(length - if length > 251 { 3 } else { 1 })
}

#[tokio::test]
async fn the_threshold_is_kept_to_the_byte() {
    let redis = Redis::start();
    let cache = compressing(&redis, 500).await;
    let mut client = redis.client();
    for (length, expected) in [(499, false), (500, true)] {
        cache.put("blank", blank(length), &Policy::new()).await;
        assert_eq!(
            is_packed(&entry(&mut client, "blank")),
            expected,
            "{length}"
        );
    }
    let stats = cache.stats().redis;
    assert_eq!((stats.stores, stats.compressed), (2, 1));
}

#[tokio::test]
async fn what_does_not_get_smaller_is_stored_as_it_is() {
    let redis = Redis::start();
    let (cache, other) = (compressing(&redis, 0).await, node(&redis.url()).await);
    let mut random = fastrand::Rng::with_seed(3);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
        .take(7_000)
        .collect();
    cache.put("noise", noise.clone(), &Policy::new()).await;
    cache.put("one", 1_u64, &Policy::new()).await;
    let mut client = redis.client();
    let stored = entry(&mut client, "noise");
    assert!(!is_packed(&stored) && !is_packed(&entry(&mut client, "one")));
    assert!(stored.ends_with(&noise));
    assert_eq!(cache.stats().redis.compressed, 0);
    assert_eq!(other.get("noise").await, Some(noise));
}

#[cached(key = "usual:{length}", name = "usual")]
async fn usual(length: usize) -> String {
    blank(length)
}

#[cached(key = "always:{length}", name = "always", compress)]
async fn always(length: usize) -> String {
    blank(length)
}

#[cached(key = "never:{length}", name = "never", compress = false)]
async fn never(length: usize) -> String {
    blank(length)
}

#[tokio::test]
async fn a_function_says_otherwise() {
    // What the cache says, and which of its functions' entries are compressed then.
    let cases = [
        (None, [false, false, false], 1_023),
        (None, [false, true, false], 1_024),
        (Some(500), [false, false, false], 499),
        (Some(500), [true, true, false], 500),
    ];
    for (threshold, expected, length) in cases {
        let redis = Redis::start();
        let cache = match threshold {
            Some(threshold) => compressing(&redis, threshold).await,
            None => node(&redis.url()).await,
        };
        testing::scope(cache.clone(), async {
            usual(length).await;
            always(length).await;
            never(length).await;
        })
        .await;
        stored(&cache, 3).await;
        let mut client = redis.client();
        let found = ["usual", "always", "never"]
            .map(|name| is_packed(&entry(&mut client, &format!("{name}:{length}"))));
        assert_eq!(found, expected, "{threshold:?}, {length}");
    }
}

/// Compressed, it would be far below the limit.
#[tokio::test]
async fn the_limit_is_one_of_the_value_not_of_what_is_stored() {
    let redis = Redis::start();
    let large = compressing(&redis, 100).await;
    let small = settings(&redis.url()).compress_above(100);
    let small = small.max_value_bytes(1_000).build().await.unwrap();
    testing::scope(small.clone(), async {
        assert_eq!(usual(1_001).await, blank(1_001));
        until("it is found unstorable", || {
            small.stats().redis.unstorable == 1
        })
        .await;
        assert_eq!(usual(1_001).await, blank(1_001), "from memory");
        assert_eq!(usual(1_000).await, blank(1_000));
    })
    .await;
    stored(&small, 1).await;
    let stats = small.stats();
    assert_eq!((stats.computations, stats.memory_hits), (2, 1));
    assert_eq!((stats.redis.stores, stats.redis.compressed), (1, 1));

    // What another node stored is not read either, and left alone.
    testing::scope(large.clone(), usual(2_000)).await;
    stored(&large, 1).await;
    testing::scope(small.clone(), usual(2_000)).await;
    assert_eq!(small.stats().redis.misses.too_large, 1);
    let third = node(&redis.url()).await;
    assert_eq!(
        testing::scope(third.clone(), usual(2_000)).await,
        blank(2_000)
    );
    assert_eq!(third.stats().redis_hits, 1, "it is still there");
}
