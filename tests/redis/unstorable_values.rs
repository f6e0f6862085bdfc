//! Values that Redis cannot hold: too large, or of a type that the codec cannot carry. They stay in
//! memory, and the log reports it once for each function.

use std::collections::BTreeMap;

use cachekit::{Cache, cached, testing};
use cachekit_tests::capture::{Capture, Line};
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};
use tracing::{Level, subscriber};

use crate::world::{misses, node, settings, until};

/// What was warned of that mentions `word`.
fn warnings(log: &Capture, word: &str) -> Vec<String> {
    let is_warning = |line: &Line| line.level <= Level::WARN && line.text.contains(word);
    let lines = log.lines().into_iter().filter(is_warning);
    lines.map(|line| line.text).collect()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Integer(u64),
    Text(String),
}

#[cached(key = "untagged:{id}", name = "untagged")]
async fn untagged(id: u64) -> Number {
    match id {
        0 => Number::Text("none".to_owned()),
        _ => Number::Integer(id),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, u64>,
}

#[cached(key = "flattened:{id}", name = "flattened")]
async fn flattened(id: u64) -> Open {
    Open {
        id,
        rest: BTreeMap::from([("a".to_owned(), id)]),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sparse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    id: u64,
}

// What is wrong with it shows only when a value leaves a field out.
#[cached(key = "sparse:{id}", name = "sparse")]
async fn sparse(id: u64) -> Sparse {
    Sparse { note: None, id }
}

#[cached(key = "text:{length}", name = "text")]
async fn text(length: usize) -> String {
    "x".repeat(length)
}

async fn unstorable(cache: &Cache, count: u64) {
    until("it is found unstorable", || {
        cache.stats().redis.unstorable == count
    })
    .await;
}

#[tokio::test]
async fn a_type_that_bincode_cannot_encode_stays_in_memory_and_is_logged_once() {
    let log = Capture::default();
    let _guard = subscriber::set_default(log.clone());
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    testing::scope(cache.clone(), async {
        for id in [0, 1, 2] {
            let expected = match id {
                0 => Number::Text("none".to_owned()),
                _ => Number::Integer(id),
            };
            assert_eq!(untagged(id).await, expected);
            assert_eq!(untagged(id).await, expected, "from memory");
            assert_eq!(flattened(id).await.rest["a"], id);
            assert_eq!(flattened(id).await.id, id);
            assert_eq!(sparse(id).await, Sparse { note: None, id });
            assert_eq!(sparse(id).await, Sparse { note: None, id });
        }
    })
    .await;
    unstorable(&cache, 9).await;
    let stats = cache.stats();
    assert_eq!((stats.computations, stats.memory_hits), (9, 9));
    assert_eq!(stats.redis.stores, 0);
    let values = redis.client().keys("shop:k:*");
    for key in &values {
        let length = redis.client().int(&["STRLEN", key]);
        assert_eq!(length, 56, "{key} holds a token and no value");
    }
    for function in ["untagged", "flattened", "sparse"] {
        let told = warnings(&log, &format!("function={function} "));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("codec = msgpack"), "{told:?}");
    }
}

#[tokio::test]
async fn a_value_that_is_too_large_stays_in_memory() {
    let log = Capture::default();
    let _guard = subscriber::set_default(log.clone());
    let redis = Redis::start();
    let small = settings(&redis.url()).max_value_bytes(100);
    let cache = small.build().await.unwrap();
    testing::scope(cache.clone(), async {
        for length in [101, 102, 101, 102] {
            assert_eq!(text(length).await.len(), length);
        }
        unstorable(&cache, 2).await;
        // Its length takes a byte.
        assert_eq!(text(99).await.len(), 99);
    })
    .await;
    crate::world::stored(&cache, 1).await;
    let stats = cache.stats();
    assert_eq!((stats.computations, stats.memory_hits), (3, 2));
    assert_eq!(stats.redis.unstorable, 2);
    let told = warnings(&log, "function=text ");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("max_value_bytes"), "{told:?}");
}

/// To the byte, and far beyond. The larger entry of a node with another limit is left alone.
#[tokio::test]
async fn a_value_that_is_too_large_is_not_read_either() {
    for length in [100, 200_000] {
        let redis = Redis::start();
        let large = node(&redis.url()).await;
        testing::scope(large.clone(), text(length)).await;
        crate::world::stored(&large, 1).await;
        let small = settings(&redis.url()).max_value_bytes(100);
        let small = small.build().await.unwrap();
        let read = testing::scope(small.clone(), text(length)).await;
        assert_eq!(read.len(), length);
        unstorable(&small, 1).await;
        let stats = small.stats();
        assert_eq!((stats.redis_hits, stats.computations), (0, 1));
        assert_eq!(stats.redis.misses, misses(|it| it.too_large = 1));
        let third = node(&redis.url()).await;
        testing::scope(third.clone(), text(length)).await;
        assert_eq!(third.stats().redis_hits, 1, "it is still there");
    }
}

/// A password's hash is not for those who read what is written; what is read back would lack it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Account {
    id: u64,
    #[serde(skip_serializing, default)]
    password_hash: String,
}

#[cached(key = "account:{id}", name = "account")]
async fn account(id: u64) -> Account {
    computed(id)
}

#[cached(key = "named:{id}", name = "named.account", codec = msgpack)]
async fn named_account(id: u64) -> Account {
    computed(id)
}

fn computed(id: u64) -> Account {
    let password_hash = "$argon2$".to_owned();
    Account { id, password_hash }
}

#[cached(key = "nested:{id}", name = "nested.option", codec = msgpack)]
async fn nested(id: u64) -> Vec<Option<Option<u64>>> {
    vec![Some(None), Some(Some(id)), None]
}

/// No process gets another value than the one that computed it, with any codec.
#[tokio::test]
async fn what_would_come_back_as_another_value_is_not_stored() {
    let log = Capture::default();
    let _guard = subscriber::set_default(log.clone());
    let redis = Redis::start();
    for _ in 0..2 {
        let cache = node(&redis.url()).await;
        testing::scope(cache.clone(), async {
            for _ in 0..2 {
                assert_eq!(account(1).await, computed(1));
                assert_eq!(named_account(1).await, computed(1));
                assert_eq!(nested(1).await, [Some(None), Some(Some(1)), None]);
            }
        })
        .await;
        unstorable(&cache, 3).await;
        let stats = cache.stats();
        assert_eq!((stats.computations, stats.redis_hits), (3, 0));
        assert_eq!((stats.memory_hits, stats.redis.stores), (3, 0));
    }
    for function in ["account", "named.account"] {
        let told = warnings(&log, &format!("function={function} "));
        assert_eq!(told.len(), 2, "once for each cache: {told:?}");
        assert!(told[0].contains("tier = memory"), "{told:?}");
        assert!(!told[0].contains("codec = msgpack"), "{told:?}");
    }
}

/// A list so long that nobody could read it, and a thread's stack would not do to write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Link(Option<Box<Link>>);

impl Link {
    fn chain(length: usize) -> Self {
        (0..length).fold(Self(None), |next, _| Self(Some(Box::new(next))))
    }
}

#[cached(key = "chain:{length}", name = "chain")]
async fn chain(length: usize) -> Link {
    Link::chain(length)
}

#[tokio::test]
async fn a_value_that_is_too_deep_stays_in_memory() {
    let redis = Redis::start();
    let writer = node(&redis.url()).await;
    testing::scope(writer.clone(), async {
        for length in [60, 200, 2_000, 60, 200, 2_000] {
            assert_eq!(chain(length).await, Link::chain(length));
        }
    })
    .await;
    unstorable(&writer, 2).await;
    crate::world::stored(&writer, 1).await;
    assert_eq!(writer.stats().computations, 3);
    let reader = node(&redis.url()).await;
    testing::scope(reader.clone(), async {
        assert_eq!(chain(60).await, Link::chain(60));
        assert_eq!(chain(200).await, Link::chain(200));
    })
    .await;
    let stats = reader.stats();
    assert_eq!((stats.redis_hits, stats.computations), (1, 1));
    assert_eq!(stats.redis.misses.undecodable, 0);
}
