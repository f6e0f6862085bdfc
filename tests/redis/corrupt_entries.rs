//! Foreign bytes in the place of an entry. The caller gets the right value, the reason is counted,
//! and the next call finds a good entry again.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, RedisMisses, cached, testing};
use cachekit_tests::entry::seal;
use cachekit_tests::redis::{Client, Redis, Reply};
use cachekit_tests::scripts::Seed as _;
use serde::{Deserialize, Serialize};

use crate::world::{assert_covered, difference, flipped, misses, node, settings, stored};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Card {
    id: u64,
    name: String,
}

fn right(id: u64) -> Card {
    Card {
        id,
        name: format!("card {id}"),
    }
}

// Without memory, every call asks Redis.
#[cached(key = "card:{id}", name = "card", tier = redis, tags = ["cards", "name:{ret.name}"])]
async fn card(id: u64) -> Card {
    right(id)
}

const KEY: &str = "shop:k:card:1";

/// A node, and a good entry that it stored under [`KEY`].
struct World {
    redis: Redis,
    client: Client,
    cache: Cache,
    good: Vec<u8>,
}

impl World {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    async fn with(set: impl FnOnce(cachekit::CacheBuilder) -> cachekit::CacheBuilder) -> Self {
        let redis = Redis::start();
        let mut client = redis.client();
        let cache = set(settings(&redis.url()))
            .build()
            .await
            .expect("a valid set-up");
        // The first value of a function with tags made of its values is not stored.
        testing::scope(cache.clone(), card(2)).await;
        testing::scope(cache.clone(), card(1)).await;
        crate::world::until("there is a good entry", || {
            cache.stats().redis.stores + cache.stats().redis.refused_stores == 2
        })
        .await;
        let good = client.bulk(&["GET", KEY]).expect("an entry");
        assert!(good.len() > 98, "an entry with a value");
        Self {
            redis,
            client,
            cache,
            good,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let reply = self
            .client
            .run(&[b"SET", KEY.as_bytes(), bytes, b"PX", b"300000"]);
        assert_eq!(reply, Reply::Text("OK".to_owned()));
    }

    /// One call: it is right. Whether its function ran, and what was counted meanwhile.
    async fn call(&self) -> (bool, RedisMisses) {
        let before = self.cache.stats();
        assert_eq!(testing::scope(self.cache.clone(), card(1)).await, right(1));
        let after = self.cache.stats();
        let ran = after.computations - before.computations;
        assert_eq!(
            ran + after.redis_hits - before.redis_hits,
            1,
            "a hit or a run"
        );
        if ran == 1 && after.redis.failures == before.redis.failures {
            stored(&self.cache, before.redis.stores + 1).await;
        }
        (
            ran == 1,
            difference(&after.redis.misses, &before.redis.misses),
        )
    }

    /// Waits until what is under [`KEY`] is removed in the background.
    async fn removed(&self) {
        crate::world::until("it is removed", || {
            let redis = self.cache.stats().redis;
            redis.is_up && redis.queued_invalidations == 0
        })
        .await;
    }

    /// Puts `bytes` there; they are one miss, and gone with it.
    async fn is_one_miss(&mut self, bytes: &[u8], expected: &RedisMisses, what: &str) {
        self.put(bytes);
        assert_eq!(self.call().await, (true, expected.clone()), "{what}");
        assert_eq!(
            self.call().await,
            (false, misses(|_| {})),
            "{what}: replaced"
        );
    }
}

#[tokio::test]
async fn an_entry_cut_short_anywhere_is_one_miss() {
    let mut world = World::new().await;
    let good = world.good.clone();
    for length in 0..good.len() {
        let expected = misses(|it| match length {
            0..3 => it.foreign = 1,
            _ => it.damaged = 1,
        });
        let what = format!("{length} of {} bytes", good.len());
        world.is_one_miss(&good[..length], &expected, &what).await;
    }
    let longer = [&good[..], &[0]].concat();
    let expected = misses(|it| it.damaged = 1);
    world.is_one_miss(&longer, &expected, "a byte more").await;
}

#[tokio::test]
async fn one_flipped_bit_in_every_byte_gives_no_other_value() {
    let mut world = World::new().await;
    let good = world.good.clone();
    for (at, bytes) in flipped(&good) {
        world.put(&bytes);
        let (ran, why) = world.call().await;
        assert_covered(at, ran, &why);
        assert_eq!(
            world.call().await,
            (false, misses(|_| {})),
            "byte {at}: replaced"
        );
    }
}

#[tokio::test]
async fn bytes_of_others_are_one_miss() {
    let mut world = World::new().await;
    let mut random = fastrand::Rng::with_seed(1);
    for length in [1, 3, 56, 98, 300, 5_000] {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
            .take(length)
            .collect();
        let foreign = misses(|it| it.foreign = 1);
        let what = format!("{length} random bytes");
        world.is_one_miss(&bytes, &foreign, &what).await;
        let ours = [b"CK\x01\x01", &bytes[..]].concat();
        let damaged = misses(|it| it.damaged = 1);
        world
            .is_one_miss(&ours, &damaged, "the same behind a good beginning")
            .await;
    }
}

/// Behind a checksum that is right, a payload that no `Card` is.
#[tokio::test]
async fn a_payload_that_cannot_be_read_is_one_miss() {
    let mut world = World::new().await;
    let written = b"\x01\x06card 1";
    let names = world.good.len() - written.len() - 4;
    assert_eq!(&world.good[names + 4..], written);
    let payloads: [&[u8]; 7] = [
        b"",
        b"\x01\x06card",
        b"\x01\x06card 1 and more",
        b"\x01\x02\xff\xfe",
        b"\x01\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x01\xfc\xff\xff\xff\x03",
        b"\xff\x06card 1",
    ];
    for payload in payloads {
        let mut entry = world.good[..names].to_vec();
        entry.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        entry.extend(payload);
        seal(&mut entry);
        let expected = misses(|it| it.undecodable = 1);
        let what = payload.escape_ascii().to_string();
        world.is_one_miss(&entry, &expected, &what).await;
    }
}

#[tokio::test]
async fn an_entry_of_a_future_format_is_one_miss() {
    let mut world = World::new().await;
    let mut future = world.good.clone();
    future[2] = 2;
    let expected = misses(|it| it.format = 1);
    world
        .is_one_miss(&future, &expected, "another format")
        .await;
    let mut future = world.good.clone();
    future[3] += 16;
    seal(&mut future);
    world.is_one_miss(&future, &expected, "a new flag").await;
    // Without keys no encrypted entry can be read.
    let mut encrypted = world.good.clone();
    encrypted[3] += 8;
    seal(&mut encrypted);
    let expected = misses(|it| it.encryption = 1);
    world.is_one_miss(&encrypted, &expected, "encrypted").await;
}

#[tokio::test]
async fn another_keys_entry_is_one_miss() {
    let mut world = World::new().await;
    let stores = world.cache.stats().redis.stores;
    testing::scope(world.cache.clone(), card(3)).await;
    stored(&world.cache, stores + 1).await;
    let copied = world.client.int(&["COPY", "shop:k:card:3", KEY, "REPLACE"]);
    assert_eq!(copied, 1);
    // To this node it may as well be the answer of another question.
    let connections = world.cache.stats().redis.connections;
    assert_eq!(world.call().await, (true, misses(|it| it.key = 1)));
    world.removed().await;
    assert_eq!(world.cache.stats().redis.connections, connections + 1);
    assert_eq!(world.call().await, (true, misses(|it| it.absent = 1)));
    assert_eq!(world.call().await, (false, misses(|_| {})));
    // Put there by hand again and again, it does not cost a connection each time.
    let other = world.client.bulk(&["GET", "shop:k:card:3"]).unwrap();
    let expected = misses(|it| it.key = 1);
    world
        .is_one_miss(&other, &expected, "the same by hand")
        .await;
    assert_eq!(world.cache.stats().redis.connections, connections + 1);
}

#[tokio::test]
async fn another_keys_entry_costs_no_connection_without_the_guard() {
    let mut world = World::with(|settings| settings.seed(Fault::KeepSuspect)).await;
    let stores = world.cache.stats().redis.stores;
    testing::scope(world.cache.clone(), card(3)).await;
    stored(&world.cache, stores + 1).await;
    let copied = world.client.int(&["COPY", "shop:k:card:3", KEY, "REPLACE"]);
    assert_eq!(copied, 1);
    let connections = world.cache.stats().redis.connections;
    assert_eq!(world.call().await, (true, misses(|it| it.key = 1)));
    assert_eq!(world.cache.stats().redis.connections, connections);
}

/// It cannot be replaced by a script that expects a string, so it is removed.
#[tokio::test]
async fn a_list_under_the_key_is_one_failure() {
    let mut world = World::new().await;
    world.client.run(&["DEL", KEY]);
    assert_eq!(world.client.int(&["RPUSH", KEY, "a"]), 1);
    let before = world.cache.stats().redis.failures;
    assert!(world.call().await.0);
    assert_eq!(world.cache.stats().redis.failures, before + 1);
    world.removed().await;
    assert!(world.cache.stats().redis.is_up);
    assert!(world.call().await.0);
    assert!(!world.call().await.0);
}

#[tokio::test]
async fn something_else_under_the_name_of_a_version_is_replaced() {
    let mut world = World::new().await;
    for name in ["shop:all", "shop:f:card", "shop:t:cards"] {
        for make in [
            &["RPUSH", name, "a"][..],
            &["SET", name, "short"],
            &["SET", name, "of the right length: 24."],
        ] {
            world.client.run(&["DEL", name]);
            world.client.run(make);
            let expected = misses(|it| it.invalidated = 1);
            assert_eq!(world.call().await, (true, expected), "{make:?}");
            assert_eq!(world.call().await, (false, misses(|_| {})), "{make:?}");
        }
    }
}

/// Somebody wrote a lease that never ends. It is waited for as long as for any other.
#[tokio::test]
async fn an_endless_lease_of_nobody_is_waited_for_once() {
    let patience = Duration::from_millis(200);
    let mut world = World::with(|settings| settings.lock_timeout(patience)).await;
    let mut leased = world.good[..56].to_vec();
    leased[3] = 0;
    leased[24..40].fill(0xaa);
    let start = std::time::Instant::now();
    world.put(&leased);
    assert!(world.call().await.0);
    assert!(start.elapsed() >= patience);
    assert_eq!(world.call().await, (false, misses(|_| {})));
}

/// `PERSIST`, or a `SET` without a life: nobody knows how much longer it is fresh.
#[tokio::test]
async fn an_entry_without_an_end_is_expired() {
    let mut world = World::new().await;
    assert_eq!(world.client.int(&["PERSIST", KEY]), 1);
    assert_eq!(world.call().await, (true, misses(|it| it.expired = 1)));
    assert_eq!(world.call().await, (false, misses(|_| {})));
    assert!(world.client.int(&["PTTL", KEY]) > 0);
}

/// A second node reads what was put there by hand as the first one does.
#[tokio::test]
async fn a_good_entry_is_good_for_all() {
    let world = World::new().await;
    let other = node(&world.redis.url()).await;
    assert_eq!(testing::scope(other.clone(), card(1)).await, right(1));
    assert_eq!(
        (other.stats().redis_hits, other.stats().computations),
        (1, 0)
    );
}
