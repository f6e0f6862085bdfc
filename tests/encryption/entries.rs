//! Encrypted entries that somebody changed, moved or exchanged: each is a counted miss, and is
//! replaced.

use cachekit::testing::Fault;
use cachekit::{Cache, CacheBuilder, EncryptionKeys, Policy, RedisMisses, Tier, cached, testing};
use cachekit_tests::redis::{Client, Redis};
use cachekit_tests::scripts::Seed as _;

use crate::world::{built, bytes, clear, keys, put, shows, stored, until, with};

const KEY: &str = "shop:k:secret:1";
const OTHER: &str = "shop:k:secret:2";

/// The offsets of the head's fields for scripts, and of the versions.
const OF_SCRIPTS: std::ops::Range<usize> = 5..56;
const VERSIONS: usize = 98;

// Without memory, every call asks Redis.
#[cached(key = "secret:{id}", name = "secret", tier = redis, tags = ["secrets", "owner:{ret}"])]
async fn secret(id: u64) -> String {
    format!("the secret {id}")
}

#[cached(key = "open:{id}", name = "open", tier = redis, encrypt = false)]
async fn open(id: u64) -> String {
    format!("open to all {id}")
}

#[cached(key = "shown:{id}", name = "shown", tier = redis, encrypt = false, tags = ["of:{ret}"])]
async fn shown(id: u64) -> String {
    format!("shown to all {id}")
}

async fn call(cache: &Cache, id: u64) {
    let value = testing::scope(cache.clone(), secret(id)).await;
    assert_eq!(value, format!("the secret {id}"));
}

/// A cache, and entries that it stored under [`KEY`] and [`OTHER`].
struct World {
    _redis: Redis,
    client: Client,
    cache: Cache,
    good: Vec<u8>,
}

impl World {
    async fn new(set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let redis = Redis::start();
        let mut client = redis.client();
        let cache = built(set(with(&redis, keys()))).await;
        // The first value of a function with tags made of its values is not stored.
        for id in [3, 1, 2] {
            call(&cache, id).await;
        }
        until("there are entries", || {
            let redis = cache.stats().redis;
            redis.stores + redis.refused_stores == 3 && redis.stores >= 2
        })
        .await;
        // With hashes it has another name.
        let good = client.bulk(&["GET", KEY]).unwrap_or_default();
        Self {
            _redis: redis,
            client,
            cache,
            good,
        }
    }

    /// One call: whether its function ran, and the misses that it counted. A value that was computed
    /// is stored again.
    async fn call(&self) -> (bool, RedisMisses) {
        let before = self.cache.stats();
        call(&self.cache, 1).await;
        let after = self.cache.stats();
        let ran = after.computations - before.computations == 1;
        if ran {
            stored(&self.cache, before.redis.stores + 1).await;
        }
        let (is, was) = (after.redis.misses, before.redis.misses);
        let mut counted = RedisMisses::default();
        counted.encryption = is.encryption - was.encryption;
        counted.invalidated = is.invalidated - was.invalidated;
        counted.foreign = is.foreign - was.foreign;
        counted.format = is.format - was.format;
        counted.damaged = is.damaged - was.damaged;
        counted.absent = is.absent - was.absent;
        counted.expired = is.expired - was.expired;
        (ran, counted)
    }

    /// Puts `bytes` there: one miss that is counted under encryption, and then a good entry again.
    async fn is_one_miss(&mut self, bytes: &[u8]) {
        put(&mut self.client, KEY, bytes);
        let (ran, counted) = self.call().await;
        assert_eq!((ran, counted.encryption), (true, 1), "{counted:?}");
        let (ran, counted) = self.call().await;
        assert_eq!((ran, counted), (false, RedisMisses::default()), "replaced");
    }
}

#[tokio::test]
async fn an_entry_in_redis_shows_neither_value_nor_tags_nor_function() {
    let world = World::new(|it| it).await;
    for part in ["the secret", "secret", "secrets", "owner", "secret:1"] {
        assert!(!shows(&world.good, part), "{part}");
    }
    assert!(shows(&world.good, "one"), "the id of the key");
    assert_eq!(world.call().await, (false, RedisMisses::default()));
}

#[tokio::test]
async fn a_flipped_bit_in_any_byte_is_a_counted_miss() {
    let mut world = World::new(|it| it).await;
    for at in 0..world.good.len() {
        let mut flipped = world.good.clone();
        flipped[at] ^= 1 << (at % 8);
        put(&mut world.client, KEY, &flipped);
        let (ran, why) = world.call().await;
        let counted = why.encryption + why.invalidated + why.foreign + why.format + why.damaged;
        assert_eq!(counted + why.expired, u64::from(ran), "byte {at}: {why:?}");
        // Scripts change these fields in place. The value is right there too.
        if !OF_SCRIPTS.contains(&at) {
            assert!(ran, "byte {at} is not covered");
        }
        let versions = VERSIONS..VERSIONS + 4 * 24;
        if at >= versions.end || (56..96).contains(&at) {
            assert_eq!(why.encryption, 1, "byte {at}: {why:?}");
        }
    }
}

#[tokio::test]
async fn an_entry_that_was_moved_to_another_key_is_a_miss() {
    let mut world = World::new(|it| it).await;
    let other = bytes(&mut world.client, OTHER);
    world.is_one_miss(&other).await;
    let mut misled = World::new(|it| it.seed(Fault::OpenAnywhere)).await;
    let other = bytes(&mut misled.client, OTHER);
    put(&mut misled.client, KEY, &other);
    call(&misled.cache, 1).await;
    let misses = misled.cache.stats().redis.misses;
    assert_eq!((misses.encryption, misses.key), (0, 1), "it opened");
}

#[tokio::test]
async fn an_entry_in_clear_is_a_miss_for_an_encrypted_function() {
    let forged = {
        let redis = Redis::start();
        let cache = built(clear(&redis)).await;
        for id in [3, 1] {
            call(&cache, id).await;
        }
        let mut client = redis.client();
        // More than a token.
        until("it is there", || client.int(&["STRLEN", KEY]) > 98).await;
        bytes(&mut client, KEY)
    };
    assert!(shows(&forged, "the secret"));
    let mut world = World::new(|it| it).await;
    world.is_one_miss(&forged).await;
    let mut trusting = World::new(|it| it.seed(Fault::TrustClear)).await;
    put(&mut trusting.client, KEY, &forged);
    let (_, counted) = trusting.call().await;
    assert_eq!(counted.encryption, 0, "the guard is removed");
}

#[tokio::test]
async fn a_function_can_stay_in_clear() {
    let redis = Redis::start();
    let cache = built(with(&redis, keys())).await;
    testing::scope(cache.clone(), open(1)).await;
    stored(&cache, 1).await;
    assert!(shows(
        &bytes(&mut redis.client(), "shop:k:open:1"),
        "open to all 1"
    ));
    // A cache without keys shares it.
    let other = built(clear(&redis)).await;
    testing::scope(other.clone(), open(1)).await;
    let stats = other.stats();
    assert_eq!((stats.redis_hits, stats.computations), (1, 0));
}

#[tokio::test]
async fn processes_with_different_keys_do_not_serve_each_others_values() {
    let redis = Redis::start();
    let one = built(with(&redis, keys())).await;
    let same_id = EncryptionKeys::new("one", [2; 32]);
    let other_id = EncryptionKeys::new("two", [1; 32]);
    let policy = Policy::new().tier(Tier::Redis);
    let get = async |cache: &Cache| {
        let value = async || "a value".to_owned();
        assert_eq!(cache.get_or_compute("a", &policy, value).await, "a value");
    };
    get(&one).await;
    stored(&one, 1).await;
    for keys in [Some(same_id), Some(other_id), None] {
        let settings = match keys {
            Some(keys) => with(&redis, keys),
            None => clear(&redis),
        };
        let other = built(settings).await;
        get(&other).await;
        stored(&other, 1).await;
        let stats = other.stats();
        assert_eq!((stats.redis_hits, stats.computations), (0, 1));
        assert_eq!(stats.redis.misses.encryption, 1);
        // What the other one stored is of no use to the first one.
        let before = one.stats();
        get(&one).await;
        stored(&one, before.redis.stores + 1).await;
        let after = one.stats();
        assert_eq!(after.computations - before.computations, 1);
        let counted = after.redis.misses.encryption - before.redis.misses.encryption;
        assert_eq!(counted, 1);
    }
}

/// The names of value tags are hidden too. Only with hashes the script finds them, in one round trip.
#[tokio::test]
async fn an_invalidation_of_a_value_tag_reaches_an_encrypted_entry() {
    for hashes in [false, true] {
        let world = World::new(|it| it.hash_keys(hashes)).await;
        assert_eq!(world.call().await, (false, RedisMisses::default()));
        world.cache.invalidate_tags(["owner:the secret 1"]).await;
        let (ran, counted) = world.call().await;
        assert_eq!((ran, counted.invalidated), (true, 1), "hashes: {hashes}");
    }
}

/// An entry in clear has names of value tags that the store does not have with hashes.
#[tokio::test]
async fn an_entry_in_clear_with_value_tags_is_a_hit() {
    for hashes in [false, true] {
        let redis = Redis::start();
        let cache = built(with(&redis, keys()).hash_keys(hashes)).await;
        let call = async |id| {
            let before = cache.stats().redis_hits;
            testing::scope(cache.clone(), shown(id)).await;
            cache.stats().redis_hits - before
        };
        // The first value of a function with tags made of its values is not stored.
        call(3).await;
        call(1).await;
        until("it is stored", || cache.stats().redis.stores >= 1).await;
        assert_eq!(call(1).await, 1, "hashes: {hashes}");
        cache.invalidate_tags(["of:shown to all 1"]).await;
        assert_eq!(call(1).await, 0, "hashes: {hashes}");
    }
}
