//! What statistics count with a shared tier: why neither tier had a value, how old the store's values
//! are, and how long the way over the bus is.

use std::collections::BTreeMap;
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble, scope};
use cachekit::{Cache, MissStats, Policy, Tier, cached, invalidates};
use cachekit_tests::capture::Capture;
use cachekit_tests::settle;
use tokio::time::advance;

use crate::world::{node, two};

const SECOND: Duration = Duration::from_secs(1);

#[cached(
    key = "stock:{id}",
    name = "stats_stock",
    ttl = 60,
    early = false,
    tier = redis,
    tags = ["stock", "shop:{ret}"],
    events = ["sold"]
)]
async fn stock(id: u64) -> u64 {
    id
}

#[invalidates(stock(id), ack)]
async fn sell(id: u64) -> Result<(), String> {
    Ok(())
}

#[cached(key = "offer:{id}", name = "stats_offer", tier = redis, early = false)]
async fn offer(id: u64) -> u64 {
    stock(id).await
}

async fn ask(cache: &Cache, id: u64) {
    scope(cache.clone(), stock(id)).await;
    settle().await;
}

fn causes(cache: &Cache, name: &str) -> MissStats {
    let stats = cache.stats();
    let function = stats.functions.iter().find(|it| it.name == name);
    function.expect("it was called").calls.by_cause.clone()
}

/// The causes of the reader's misses after one in which the entry was absent, and a step of another
/// node. The reader's memory has no entries.
async fn causes_after(step: impl AsyncFn(&FakeStore, &Cache)) -> MissStats {
    let (store, reader, writer) = two().await;
    ask(&reader, 7).await;
    ask(&reader, 7).await;
    assert_eq!(reader.stats().redis_hits, 1);
    let mut first = MissStats::default();
    first.absent = 1;
    assert_eq!(causes(&reader, "stats_stock"), first);
    step(&store, &writer).await;
    settle().await;
    ask(&reader, 7).await;
    let mut causes = causes(&reader, "stats_stock");
    assert_eq!(causes.total(), 2, "{causes:?}");
    causes.absent -= 1;
    causes
}

fn only(set: impl Fn(&mut MissStats) -> &mut u64) -> MissStats {
    let mut causes = MissStats::default();
    *set(&mut causes) = 1;
    causes
}

#[tokio::test(start_paused = true)]
async fn the_store_s_entry_says_what_was_invalidated() {
    for (tag, family) in [("stock", "stock"), ("shop:7", "shop:")] {
        let causes = causes_after(async |_, writer| writer.invalidate_tags([tag]).await).await;
        let tags = BTreeMap::from([(family.to_owned(), 1)]);
        assert_eq!((causes.total(), causes.tags), (1, tags));
    }
    let causes = causes_after(async |_, writer| writer.emit("sold").await).await;
    assert_eq!(causes, only(|it| &mut it.event));
    let causes = causes_after(async |_, writer| {
        writer.invalidate_function("stats_stock").await;
    });
    assert_eq!(causes.await, only(|it| &mut it.function));
    let causes = causes_after(async |_, writer| writer.clear().await).await;
    assert_eq!(causes, only(|it| &mut it.cleared));
}

/// The store has nothing left of the entry, but this node heard of the invalidation.
#[tokio::test(start_paused = true)]
async fn an_invalidation_of_a_key_is_remembered() {
    let causes = causes_after(async |_, writer| writer.invalidate("stock:7").await).await;
    assert_eq!(causes, only(|it| &mut it.key));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_store_lost_is_absent() {
    let causes = causes_after(async |store, _| store.evict("k:stock:7")).await;
    assert_eq!(causes, only(|it| &mut it.absent));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_asked_is_unreachable() {
    let causes = causes_after(async |store, _| store.away(true)).await;
    assert_eq!(causes, only(|it| &mut it.unreachable));
    let causes = causes_after(async |store, _| store.once(Op::Read, Trouble::Lost)).await;
    assert_eq!(causes, only(|it| &mut it.unreachable));
}

/// Memory still has the entry whose life is over, and the store does not.
#[tokio::test(start_paused = true)]
async fn memory_knows_that_an_entry_has_expired() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let policy = Policy::new().ttl(SECOND);
    for _ in 0..2 {
        cache
            .get_or_compute("row", &policy, || async { 1_u64 })
            .await;
        settle().await;
        advance(2 * SECOND).await;
        settle().await;
    }
    let causes = causes(&cache, "(direct)");
    assert_eq!((causes.absent, causes.expired, causes.total()), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_value_of_another_type_has_changed() {
    let (_store, one, two) = two().await;
    one.put("row", 1_u64, &Policy::new()).await;
    settle().await;
    assert_eq!(two.get::<String>("row").await, None);
    assert_eq!(causes(&two, "(direct)"), only(|it| &mut it.changed));
    assert_eq!(two.stats().redis.misses.schema, 1);
}

/// The outer entry in the store depends on the key of the inner one.
#[tokio::test(start_paused = true)]
async fn an_invalidated_source_is_named() {
    let (_store, reader, writer) = two().await;
    let ask = async || {
        scope(reader.clone(), offer(7)).await;
        settle().await;
    };
    ask().await;
    ask().await;
    writer.invalidate("stock:7").await;
    settle().await;
    ask().await;
    let causes = causes(&reader, "stats_offer");
    assert_eq!(
        (causes.source, causes.total()),
        (1, 2 + causes.other),
        "{causes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_from_the_store_is_as_old_as_it_is_there() {
    let (_store, one, two) = two().await;
    let policy = Policy::new().ttl(60 * SECOND).tier(Tier::Both);
    one.put("row", 1_u64, &policy).await;
    settle().await;
    advance(20 * SECOND).await;
    settle().await;
    let get = async |cache: &Cache| {
        let compute = || async { 2_u64 };
        assert_eq!(cache.get_or_compute("row", &policy, compute).await, 1);
    };
    get(&two).await;
    let age = two.stats().calls.age;
    assert_eq!(age.count(), 1);
    assert!(age.sum().abs_diff(20 * SECOND) < SECOND, "{age:?}");
}

#[tokio::test(start_paused = true)]
async fn waits_for_another_process_are_counted_for_the_function() {
    let (_store, one, two) = two().await;
    let slow = |cache: Cache| {
        tokio::spawn(async move {
            let compute = || async {
                tokio::time::sleep(SECOND).await;
                1_u64
            };
            cache.get_or_compute("row", &Policy::new(), compute).await
        })
    };
    let first = slow(one.clone());
    settle().await;
    assert_eq!(slow(two.clone()).await.expect("no panic"), 1);
    assert_eq!(first.await.expect("no panic"), 1);
    assert_eq!(one.stats().lease_waits, 0);
    let stats = two.stats();
    assert!(stats.lease_waits > 0);
    assert_eq!(stats.lease_waits, stats.redis.waits);
    assert_eq!((stats.redis_hits, stats.by_cause.total()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_of_the_bus_is_that_of_heartbeats() {
    let (store, one, _two) = two().await;
    let before = one.stats();
    store.hold_messages(0);
    // A heartbeat is sent in this time, and comes back in its end.
    for _ in 0..40 {
        advance(Duration::from_millis(10)).await;
        settle().await;
    }
    store.deliver_all(0);
    settle().await;
    let since = one.stats().since(&before).redis;
    let trip = &since.bus_round_trip;
    assert_eq!(trip.count(), since.heartbeats);
    assert!(trip.count() > 0);
    let longest = trip.quantile(1.0).expect("one came back");
    assert!(longest > Duration::from_millis(50), "{trip:?}");
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_redis_cannot_give_is_counted_and_logged() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let (store, _reader, writer) = two().await;
    store.away(true);
    settle().await;
    capture.take();
    for more in 1..=3 {
        let sold = scope(writer.clone(), sell(7)).await;
        assert_eq!(sold, Ok(()));
        let redis = writer.stats().redis;
        assert_eq!((redis.acknowledged, redis.unacknowledged), (0, more));
    }
    let lines = capture.take();
    let said = lines
        .iter()
        .filter(|line| line.text.contains("not confirmed"));
    assert_eq!(said.count(), 1, "once for each outage");
}

/// A call gets a stale value of memory, and its refresh finds the new value of another node in the
/// store.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_finds_a_value_is_no_second_hit() {
    let (_store, one, other) = two().await;
    let policy = Policy::new().ttl(10 * SECOND).stale(60 * SECOND).early(0.0);
    let read = async |cache: &Cache, value: u64| {
        let got = cache.get_or_refresh("row", &policy, move || async move { value });
        let got = got.await;
        settle().await;
        got
    };
    read(&one, 1).await;
    assert_eq!(read(&other, 2).await, 1);
    let before = other.stats();
    tokio::time::sleep(11 * SECOND).await;
    assert_eq!(read(&one, 3).await, 1);
    assert_eq!(read(&one, 4).await, 3, "the refresh stored it");
    assert_eq!(read(&other, 5).await, 1);
    assert_eq!(read(&other, 6).await, 3, "from the store, by the refresh");
    let stats = other.stats().since(&before);
    let hits = (stats.memory_hits, stats.stale_hits, stats.redis_hits);
    assert_eq!((hits, stats.computations), ((1, 1, 0), 0));
    assert_eq!((stats.calls.calls(), stats.age.count()), (2, 2));
    assert!(
        (stats.hit_rate() - 1.0).abs() < 1e-9,
        "{}",
        stats.hit_rate()
    );
}
