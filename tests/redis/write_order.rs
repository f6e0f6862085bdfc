//! Writes with an order, from one process and from several: the newest of overlapping writes stays,
//! in Redis and in every memory. Each interleaving is shown to fail without its guard.

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached, write_through};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Gate, Source};
use tokio::task::JoinHandle;

use crate::world::{node, quiet, settings, until};

#[cached(
    key = "row:{id}",
    name = "ordered_row",
    tags = ["rows", "shard:{ret.shard}"],
    skip(source)
)]
async fn row(source: Source, id: u64) -> Row {
    Row::new(source.read().await)
}

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
struct Row {
    version: u64,
    shard: u64,
}

impl Row {
    fn new(version: u64) -> Self {
        let shard = version % 2;
        Self { version, shard }
    }
}

#[write_through(row(_, id), order_by = ret.version)]
async fn set_row(gate: Gate, id: u64, version: u64) -> Row {
    gate.pass().await;
    Row::new(version)
}

#[write_through(row(_, id))]
async fn set_row_unordered(gate: Gate, id: u64, version: u64) -> Row {
    gate.pass().await;
    Row::new(version)
}

/// What a call gets that may not compute.
async fn seen(cache: &Cache) -> Option<u64> {
    let entry = scope(cache.clone(), async { row::entry(1).get().await });
    entry.await.map(|row| row.version)
}

/// What a process that just started finds in Redis.
async fn in_redis(redis: &Redis) -> Option<u64> {
    seen(&node(&redis.url()).await).await
}

/// A write that has begun.
struct Begun {
    gate: Gate,
    write: JoinHandle<Row>,
}

impl Begun {
    async fn new(cache: &Cache, version: u64) -> Self {
        let gate = Gate::new();
        let write = tokio::spawn(scope(cache.clone(), set_row(gate.clone(), 1, version)));
        gate.arrived().await;
        Self { gate, write }
    }

    async fn end(self) {
        self.gate.open();
        self.write.await.expect("it ends well");
    }
}

async fn written(cache: &Cache, version: u64) {
    Begun::new(cache, version).await.end().await;
}

/// A node, perhaps without a guard.
async fn without(redis: &Redis, faults: &[Fault]) -> Cache {
    let settings = settings(&redis.url());
    let seeded = faults
        .iter()
        .fold(settings, |settings, fault| settings.seed(*fault));
    seeded.build().await.expect("a valid set-up")
}

/// Two writes overlap and end in this order. What stays, in Redis and in the memory of both.
async fn ended(nodes: [&Cache; 2], versions: [u64; 2], redis: &Redis) -> [Option<u64>; 3] {
    let [one, two] = nodes;
    let first = Begun::new(one, versions[0]).await;
    let second = Begun::new(two, versions[1]).await;
    first.end().await;
    second.end().await;
    [in_redis(redis).await, seen(one).await, seen(two).await]
}

#[tokio::test]
async fn the_newest_of_overlapping_writes_stays() {
    for is_same in [true, false] {
        for versions in [[1, 2], [2, 1]] {
            let redis = Redis::start();
            let one = node(&redis.url()).await;
            let two = if is_same {
                one.clone()
            } else {
                node(&redis.url()).await
            };
            let stay = ended([&one, &two], versions, &redis).await;
            assert_eq!(stay, [Some(2); 3], "{is_same} {versions:?}");
            let refused = |cache: &Cache| {
                let stats = cache.stats();
                stats.refused_stores + stats.redis.refused_stores
            };
            assert_eq!((refused(&one), refused(&two)), (0, 0));
            let superseded = one.stats().superseded.max(two.stats().superseded);
            assert_eq!(superseded, u64::from(versions[0] == 2));
        }
    }
}

#[tokio::test]
async fn without_the_comparison_the_older_one_stays() {
    let redis = Redis::start();
    let broken = without(&redis, &[Fault::IgnoreOrder]).await;
    let newer = node(&redis.url()).await;
    let stay = ended([&newer, &broken], [2, 1], &redis).await;
    assert_eq!(stay[0], Some(1));
}

/// The same for those that do not overlap, also once memory has forgotten.
#[tokio::test]
async fn an_older_write_that_begins_later_replaces_nothing() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    written(&one, 5).await;
    written(&two, 4).await;
    assert_eq!(in_redis(&redis).await, Some(5));
    assert_eq!((seen(&one).await, seen(&two).await), (Some(5), Some(5)));
    written(&two, 6).await;
    until("the message arrived", || one.stats().redis.messages > 0).await;
    assert_eq!((seen(&one).await, seen(&two).await), (Some(6), Some(6)));
    assert_eq!((one.stats().superseded, two.stats().superseded), (0, 1));
}

/// A write begins; another node invalidates, and writes something with a smaller order; the
/// first one ends. What is in Redis then.
async fn invalidated_in_between(by_removal: bool, faults: &[Fault]) -> Option<u64> {
    let redis = Redis::start();
    let one = without(&redis, faults).await;
    let two = node(&redis.url()).await;
    let before = Begun::new(&one, 9).await;
    if by_removal {
        redis.client().int(&["DEL", "shop:k:row:1"]);
    } else {
        two.invalidate("row:1").await;
    }
    written(&two, 3).await;
    assert_eq!(in_redis(&redis).await, Some(3));
    before.end().await;
    in_redis(&redis).await
}

#[tokio::test]
async fn no_order_holds_against_an_invalidation() {
    for by_removal in [false, true] {
        // Deaf, so that its own memory does not know.
        for faults in [&[][..], &[Fault::Deaf]] {
            assert_eq!(invalidated_in_between(by_removal, faults).await, None);
        }
        let faults = [Fault::Deaf, Fault::IgnoreGeneration];
        let unguarded = invalidated_in_between(by_removal, &faults).await;
        assert_eq!(unguarded, Some(9), "without the generation it is undone");
    }
}

/// The same by a tag, of which the entry's own token knows nothing.
#[tokio::test]
async fn no_order_holds_against_the_invalidation_of_a_tag() {
    for tag in ["rows", "shard:1"] {
        let redis = Redis::start();
        let one = without(&redis, &[Fault::Deaf]).await;
        let two = node(&redis.url()).await;
        let before = Begun::new(&one, 9).await;
        two.invalidate_tags([tag]).await;
        before.end().await;
        assert_eq!(in_redis(&redis).await, None, "{tag}");
        assert_eq!(one.stats().redis.refused_stores, 1, "{tag}");
    }
}

#[tokio::test]
async fn a_newer_value_that_was_lost_is_not_replaced_by_an_older_one() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let older = Begun::new(&one, 1).await;
    written(&two, 2).await;
    // As an eviction does.
    assert_eq!(redis.client().int(&["DEL", "shop:k:row:1"]), 1);
    older.end().await;
    assert_eq!(in_redis(&redis).await, None);
    assert_eq!(seen(&one).await, None);
}

/// A computation that begins during a write may have read what was there before it or after.
#[tokio::test]
async fn a_computation_in_between_leaves_the_entry_empty() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let write = Begun::new(&one, 2).await;
    let source = Source::default();
    source.gate.open_for_all();
    let computed = scope(two.clone(), row(source.clone(), 1)).await;
    assert_eq!(computed, Row::new(0));
    until("it is stored", || two.stats().redis.stores == 1).await;
    write.end().await;
    assert_eq!(in_redis(&redis).await, None);
}

#[tokio::test]
async fn a_write_without_an_order_cannot_be_told_from_one_with() {
    for ordered_ends_first in [true, false] {
        let redis = Redis::start();
        let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
        let ordered = Begun::new(&one, 2).await;
        let gate = Gate::new();
        let write = scope(two.clone(), set_row_unordered(gate.clone(), 1, 1));
        let write = tokio::spawn(write);
        gate.arrived().await;
        let plain = Begun { gate, write };
        if ordered_ends_first {
            ordered.end().await;
            plain.end().await;
        } else {
            plain.end().await;
            ordered.end().await;
        }
        assert_eq!(in_redis(&redis).await, None);
    }
}

/// An older write ends while its memory knows of a newer one elsewhere, and cannot ask: not for
/// a moment does it serve its own value.
#[tokio::test]
async fn memory_waits_where_a_newer_write_is_known_elsewhere() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let slow = quiet(&proxy.url()).await;
    let other = node(&redis.url()).await;
    let older = Begun::new(&slow, 1).await;
    written(&other, 2).await;
    until("the message arrived", || slow.stats().redis.messages == 1).await;
    proxy.hold("EVALSHA");
    older.gate.open();
    proxy.held().await;
    assert_eq!(slow.stats().entries, 0, "its store is under way");
    proxy.release();
    older.write.await.expect("it ends well");
    assert_eq!(slow.stats().superseded, 1);
    assert_eq!(seen(&slow).await, Some(2));
}

/// The message of a newer write arrives when the older one is on its way to Redis: memory has
/// neither before that, nor then.
#[tokio::test]
async fn memory_waits_for_what_redis_says_of_a_write() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let slow = quiet(&proxy.url()).await;
    let other = node(&redis.url()).await;
    let older = Begun::new(&slow, 1).await;
    proxy.hold("EVALSHA");
    older.gate.open();
    proxy.held().await;
    assert_eq!(slow.stats().entries, 0);
    written(&other, 2).await;
    until("the message arrived", || slow.stats().redis.messages == 1).await;
    assert_eq!(slow.stats().entries, 0);
    proxy.release();
    older.write.await.expect("it ends well");
    assert_eq!(slow.stats().entries, 0);
    assert_eq!(seen(&slow).await, Some(2));
    assert_eq!(in_redis(&redis).await, Some(2));
}

/// During a write its node reads from Redis what an older write elsewhere stored.
#[tokio::test]
async fn what_was_read_during_a_write_does_not_stay_after_it() {
    let redis = Redis::start();
    let (one, two) = (quiet(&redis.url()).await, node(&redis.url()).await);
    let newer = Begun::new(&one, 2).await;
    written(&two, 1).await;
    until("the message arrived", || one.stats().redis.messages == 1).await;
    assert_eq!(seen(&one).await, Some(1));
    assert_eq!(one.stats().entries, 1);
    newer.end().await;
    assert_eq!(seen(&one).await, Some(2));
    assert_eq!(in_redis(&redis).await, Some(2));
}

/// The same where the write does not learn what came of its store, or is not waited for.
#[tokio::test]
async fn nothing_older_stays_where_the_outcome_is_unknown() {
    for is_dropped in [true, false] {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.addr());
        let (one, two) = (quiet(&proxy.url()).await, node(&redis.url()).await);
        let newer = Begun::new(&one, 2).await;
        written(&two, 1).await;
        until("the message arrived", || one.stats().redis.messages == 1).await;
        assert_eq!(seen(&one).await, Some(1));
        proxy.hold("EVALSHA");
        newer.gate.open();
        proxy.held().await;
        if is_dropped {
            newer.write.abort();
            assert!(newer.write.await.is_err());
        } else {
            proxy.close_clients();
            newer.write.await.expect("it ends well");
        }
        assert_eq!(one.stats().entries, 0, "{is_dropped}");
    }
}

/// The store of an older write is given up on, and runs after a newer one.
#[tokio::test]
async fn a_store_that_was_given_up_on_replaces_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    // It is gone with all it had to tell, as with its process.
    let slow = settings(&proxy.url()).seed(Fault::LeaveUntold);
    // Nobody finishes its write either, which would remove what the test looks at.
    let slow = slow.intents(false).build().await.expect("a valid set-up");
    let other = node(&redis.url()).await;
    let older = Begun::new(&slow, 1).await;
    proxy.hold("EVALSHA");
    older.gate.open();
    proxy.held().await;
    proxy.close_clients_keep_server();
    older.write.await.expect("it ends well");
    drop(slow);
    written(&other, 2).await;
    // Each store looks at what is there, and nothing else does now.
    let looks = || {
        let looks = redis.client().info("commandstats", "cmdstat_getrange");
        let looks = looks.as_deref().and_then(|it| it.split(',').next());
        looks.expect("writes look").to_owned()
    };
    let before = looks();
    proxy.release();
    until("the late store ran", || looks() != before).await;
    assert_eq!(in_redis(&redis).await, Some(2));
}

#[tokio::test]
async fn a_write_that_is_dropped_leaves_the_entry_empty() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let newer = Begun::new(&two, 2).await;
    let dropped = Begun::new(&one, 1).await;
    dropped.write.abort();
    assert!(dropped.write.await.is_err());
    until("Redis was told", || {
        one.stats().redis.queued_invalidations == 0
    })
    .await;
    newer.end().await;
    assert_eq!(in_redis(&redis).await, None);
}

/// Before the body a token, after it the store: an order costs no more.
#[tokio::test]
async fn an_order_costs_no_round_trip() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let hours = std::time::Duration::from_secs(3600);
    let cache = settings(&proxy.url()).bus_timeout(hours).intents(false);
    let cache = cache.build().await.expect("a valid set-up");
    written(&cache, 1).await;
    written(&cache, 2).await;
    proxy.clear();
    written(&cache, 3).await;
    assert_eq!(proxy.commands(), ["EVALSHA", "EVALSHA"]);
    // One that is known to be older does not ask.
    written(&cache, 2).await;
    assert_eq!((proxy.round_trips(), cache.stats().superseded), (3, 1));
}
