//! Caches over one Redis, and values whose computation a test controls.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, CacheBuilder, RedisMisses, testing};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
pub(crate) use cachekit_tests::until;

/// Settings for a cache of the namespace `shop` that is patient with a slow machine.
pub(crate) fn settings(url: &str) -> CacheBuilder {
    cachekit_tests::builder()
        .namespace("shop")
        .redis(url)
        // Several functions here are one, as it was before a deployment and after it.
        .seed(Fault::ShareNames)
        .redis_timeout(Duration::from_secs(2))
}

/// A node: a cache of its own over the Redis at `url`.
pub(crate) async fn node(url: &str) -> Cache {
    settings(url).build().await.expect("a valid set-up")
}

/// A node that speaks to itself so rarely that only what is asked for is seen, and that goes on
/// trusting its memory for long.
pub(crate) async fn quiet(url: &str) -> Cache {
    let settings = settings(url).bus_timeout(Duration::from_secs(3600));
    settings.build().await.expect("a valid set-up")
}

/// Waits until `cache` has stored so many values in Redis.
pub(crate) async fn stored(cache: &Cache, count: u64) {
    until("the value is stored", || {
        cache.stats().redis.stores == count
    })
    .await;
}

/// Misses of which `set` sets the counts, and all others are zero.
pub(crate) fn misses(set: impl FnOnce(&mut RedisMisses)) -> RedisMisses {
    let mut misses = RedisMisses::default();
    set(&mut misses);
    misses
}

/// The misses that came to those `before`.
pub(crate) fn difference(after: &RedisMisses, before: &RedisMisses) -> RedisMisses {
    misses(|it| {
        it.absent = after.absent - before.absent;
        it.expired = after.expired - before.expired;
        it.invalidated = after.invalidated - before.invalidated;
        it.foreign = after.foreign - before.foreign;
        it.format = after.format - before.format;
        it.damaged = after.damaged - before.damaged;
        it.key = after.key - before.key;
        it.function = after.function - before.function;
        it.codec = after.codec - before.codec;
        it.schema = after.schema - before.schema;
        it.too_large = after.too_large - before.too_large;
        it.compression = after.compression - before.compression;
        it.undecodable = after.undecodable - before.undecodable;
        it.encryption = after.encryption - before.encryption;
    })
}

/// `good` with one bit flipped, in each of its bytes in turn; and which byte that is.
pub(crate) fn flipped(good: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..good.len()).map(|at| {
        let mut flipped = good.to_vec();
        flipped[at] ^= 1 << (at % 8);
        (at, flipped)
    })
}

/// What a call may make of an entry with a flipped bit in the byte `at`: whether its function `ran`,
/// and `why`.
pub(crate) fn assert_covered(at: usize, ran: bool, why: &RedisMisses) {
    // The flag of an encrypted entry is one bit too.
    let damaged = why.foreign + why.format + why.damaged + why.encryption;
    let total = damaged + why.expired + why.invalidated;
    assert_eq!(total, u64::from(ran), "byte {at}: {why:?}");
    // What scripts change in place: the waiters, the token, the lease, the grace.
    if !(5..56).contains(&at) {
        assert!(ran, "byte {at} is not covered");
    }
}

/// What the version before of a program left in Redis, and the version after found there.
pub(crate) struct Upgrade<T> {
    /// What the version after got.
    pub(crate) value: T,
    /// Whether its function ran.
    pub(crate) ran: bool,
    /// Why the older entry was of no use.
    pub(crate) misses: RedisMisses,
}

/// Calls `before` on one node and `after` on a second one. A third one must find in Redis what
/// the second one got, so that an upgrade costs one computation and no more.
pub(crate) async fn upgrade<A, B>(
    before: impl AsyncFn() -> A,
    after: impl AsyncFn() -> B,
) -> Upgrade<B>
where
    B: PartialEq + std::fmt::Debug,
{
    let redis = Redis::start();
    let (old, new) = (node(&redis.url()).await, node(&redis.url()).await);
    testing::scope(old.clone(), before()).await;
    stored(&old, 1).await;
    let value = testing::scope(new.clone(), after()).await;
    let ran = new.stats().computations == 1;
    stored(&new, u64::from(ran)).await;
    let third = node(&redis.url()).await;
    assert_eq!(testing::scope(third.clone(), after()).await, value);
    let stats = third.stats();
    assert_eq!((stats.redis_hits, stats.computations), (1, 0));
    assert_eq!(stats.redis.misses, RedisMisses::default());
    Upgrade {
        value,
        ran,
        misses: new.stats().redis.misses,
    }
}
