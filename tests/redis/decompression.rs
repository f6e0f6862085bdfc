//! Invalid compressed values in Redis: the function runs, and the reason is counted.

use cachekit::{Cache, Policy, RedisMisses, Tier};
use cachekit_tests::entry::{PACKED, packed, repeated, seal};
use cachekit_tests::redis::{Client, Redis, Reply};

use crate::world::{assert_covered, difference, flipped, misses, settings, stored};

/// A node that asks Redis for every call, and a good compressed entry that it stored.
struct World {
    client: Client,
    cache: Cache,
    good: Vec<u8>,
    _redis: Redis,
}

const LENGTH: usize = 2_000;
const KEY: &str = "shop:k:page";

/// bincode writes its length in three bytes.
fn page() -> String {
    "x".repeat(LENGTH - 3)
}

impl World {
    async fn new() -> Self {
        let redis = Redis::start();
        let settings = settings(&redis.url()).compress_above(1_000);
        let cache = settings.max_value_bytes(1 << 20).build().await;
        let cache = cache.expect("a valid set-up");
        let mut world = Self {
            client: redis.client(),
            cache,
            good: Vec::new(),
            _redis: redis,
        };
        world.call().await;
        world.good = world.client.bulk(&["GET", KEY]).expect("an entry");
        assert!(world.good[4] & PACKED != 0, "it is compressed");
        world
    }

    /// One call, which gives the value: whether the function ran, and what was counted.
    async fn call(&self) -> (bool, RedisMisses) {
        let before = self.cache.stats();
        let policy = Policy::new().tier(Tier::Redis);
        let body = async || page();
        let value = self.cache.get_or_compute("page", &policy, body).await;
        assert_eq!(value, page());
        let after = self.cache.stats();
        let ran = after.computations > before.computations;
        if ran {
            stored(&self.cache, before.redis.stores + 1).await;
        }
        let why = difference(&after.redis.misses, &before.redis.misses);
        (ran, why)
    }

    fn put(&mut self, bytes: &[u8]) {
        let reply = self
            .client
            .run(&[b"SET", KEY.as_bytes(), bytes, b"PX", b"300000"]);
        assert_eq!(reply, Reply::Text("OK".to_owned()));
    }

    /// The good entry with another payload, and a checksum that is right.
    fn put_payload(&mut self, payload: &[u8]) {
        // Behind the head, the body and two versions: the function's name, and the key.
        let names = 98 + 2 * 24 + 4 + "(direct)".len() + 4 + "page".len();
        let mut forged = self.good[..names].to_vec();
        let length = u32::try_from(payload.len()).expect("a short one");
        forged.extend(length.to_le_bytes());
        forged.extend(payload);
        seal(&mut forged);
        self.put(&forged);
    }

    /// Puts `payload` there; it is one miss, and gone with it.
    async fn is_one_miss(&mut self, payload: &[u8], expected: &RedisMisses, what: &str) {
        self.put_payload(payload);
        assert_eq!(self.call().await, (true, expected.clone()), "{what}");
        assert_eq!(
            self.call().await,
            (false, misses(|_| {})),
            "{what}: replaced"
        );
    }
}

/// The value of [`World`] as bincode writes it, in a block made by hand.
fn manually_packed() -> Vec<u8> {
    repeated(b"\xfb\xcd\x07", b'x', LENGTH - 3)
}

#[tokio::test]
async fn a_block_of_another_writer_is_read() {
    let mut world = World::new().await;
    world.put_payload(&packed(LENGTH, &manually_packed()));
    assert_eq!(world.call().await, (false, misses(|_| {})));
}

#[tokio::test]
async fn what_cannot_be_decompressed_is_one_miss() {
    let mut world = World::new().await;
    let good = manually_packed();
    let expected = misses(|it| it.compression = 1);
    for length in [0, 1, LENGTH - 1, LENGTH + 1, 5_000, 1 << 20] {
        let what = format!("it says {length}");
        let payload = packed(length, &good);
        world.is_one_miss(&payload, &expected, &what).await;
    }
    let mut before_the_start = good.clone();
    before_the_start[5] = 200;
    let blocks: [(&str, &[u8]); 4] = [
        ("nothing", b""),
        ("cut short", &good[..good.len() - 1]),
        ("longer", &[&good[..], &[0x10, b'x']].concat()),
        ("a match from before the start", &before_the_start),
    ];
    for (what, block) in blocks {
        let payload = packed(LENGTH, block);
        world.is_one_miss(&payload, &expected, what).await;
    }
    let expected = misses(|it| it.damaged = 1);
    world.is_one_miss(b"\x01\0\0", &expected, "no length").await;
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_one_miss() {
    let mut world = World::new().await;
    let expected = misses(|it| it.too_large = 1);
    for length in [(1 << 20) + 1, u32::MAX as usize] {
        let payload = packed(length, &repeated(&[], b'x', length.min(2 << 20)));
        let what = format!("it says {length}");
        world.is_one_miss(&payload, &expected, &what).await;
    }
}

#[tokio::test]
async fn what_is_no_value_when_it_is_open_is_one_miss() {
    let mut world = World::new().await;
    let expected = misses(|it| it.undecodable = 1);
    let block = repeated(&[], 0xff, LENGTH);
    let payload = packed(LENGTH, &block);
    world.is_one_miss(&payload, &expected, "no text").await;
}

#[tokio::test]
async fn a_flipped_bit_in_any_byte_gives_no_other_value() {
    let mut world = World::new().await;
    let good = world.good.clone();
    for (at, bytes) in flipped(&good) {
        world.put(&bytes);
        let (ran, why) = world.call().await;
        assert_covered(at, ran, &why);
        world.put(&good);
    }
}

/// Without its mark a block is no value, and a mark beside no codec makes none.
#[tokio::test]
async fn the_mark_is_part_of_what_is_compared() {
    let mut world = World::new().await;
    let mut unmarked = world.good.clone();
    unmarked[4] -= PACKED;
    seal(&mut unmarked);
    world.put(&unmarked);
    assert_eq!(world.call().await, (true, misses(|it| it.undecodable = 1)));
    let mut marked = world.good.clone();
    marked[4] = PACKED + 9;
    seal(&mut marked);
    world.put(&marked);
    assert_eq!(world.call().await, (true, misses(|it| it.codec = 1)));
}
