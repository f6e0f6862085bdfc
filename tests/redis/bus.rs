//! Memory stops serving entries that other processes invalidate: usually at once, always in time.

use std::time::{Duration, Instant};

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, OnDisconnect, Policy, Tier, cached};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;

use crate::world::{node, settings, stored, until};

const TIMEOUT: Duration = Duration::from_millis(300);

#[cached(
    key = "item:{id}:{from}",
    name = "bus_item",
    tags = ["items", "shelf:{ret}"],
    events = ["item.sold", "item.moved {id} {from}"]
)]
async fn item(id: u64, from: u64) -> u64 {
    id + from
}

/// A node that hears through `proxy`.
async fn behind(proxy: &Proxy, fault: Option<Fault>, policy: OnDisconnect) -> Cache {
    let builder = settings(&proxy.url())
        .bus_timeout(TIMEOUT)
        .redis_timeout(Duration::from_millis(100))
        .on_disconnect(policy);
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    builder.build().await.expect("a valid set-up")
}

/// Whether the next call is answered from memory.
async fn is_in_memory(cache: &Cache) -> bool {
    let before = cache.stats().memory_hits;
    scope(cache.clone(), item(1, 2)).await;
    cache.stats().memory_hits > before
}

async fn warm(one: &Cache, two: &Cache) {
    scope(one.clone(), item(1, 2)).await;
    stored(one, one.stats().redis.stores.max(1)).await;
    scope(two.clone(), item(1, 2)).await;
    assert!(is_in_memory(one).await && is_in_memory(two).await);
}

#[tokio::test]
async fn what_one_node_invalidates_is_gone_from_the_memory_of_others() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    for way in 0..7 {
        warm(&one, &two).await;
        match way {
            0 => one.invalidate("item:1:2").await,
            1 => one.invalidate_tags(["items"]).await,
            2 => one.invalidate_tags(["shelf:3"]).await,
            3 => one.emit("item.sold").await,
            4 => one.emit_about("item.moved", [("from", 2), ("id", 1)]).await,
            5 => assert!(one.invalidate_function("bus_item").await),
            _ => one.clear().await,
        }
        let computed = two.stats().computations;
        until("the other has heard", || {
            // Its entry is not in use any more: it can be told only by asking.
            two.stats().redis.messages > way
        })
        .await;
        assert!(!is_in_memory(&two).await, "{way}");
        assert_eq!(
            two.stats().computations,
            computed + 1,
            "{way}: Redis has none either"
        );
        until("it is stored", || two.stats().redis.stores > way).await;
    }
}

#[tokio::test]
async fn g1_m_entries_in_memory_only_are_invalidated_too() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let policy = Policy::new().tier(Tier::Memory).tag("local");
    two.put("local", 1, &policy).await;
    one.invalidate_tags(["local"]).await;
    until("it has heard", || two.stats().redis.messages == 1).await;
    assert_eq!(two.get::<i32>("local").await, None);
}

#[tokio::test]
async fn what_one_node_writes_takes_the_place_of_what_others_have() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    for n in 0..10_u64 {
        one.put("k", n, &Policy::new()).await;
        until("the other has heard", || two.stats().redis.messages > n).await;
        assert_eq!(two.get::<u64>("k").await, Some(n));
        assert_eq!(two.get::<u64>("k").await, Some(n), "from memory");
    }
}

#[tokio::test]
async fn external_commands_invalidate() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let ways = [
        "invalidate\nkey item:1:2",
        "invalidate\ntag items",
        "invalidate\ntag shelf:3\n",
        "invalidate\nevent item.sold",
        "invalidate\nevent item.moved id=1 from=2",
        "invalidate\nfunction bus_item",
        "invalidate\nall",
    ];
    for (way, text) in ways.into_iter().enumerate() {
        warm(&one, &two).await;
        let (first, second) = (one.stats(), two.stats());
        assert_eq!(redis.client().int(&["PUBLISH", "shop:bus", text]), 2);
        until("both have done it", || {
            one.stats().invalidations > first.invalidations
                && two.stats().invalidations > second.invalidations
                && one.stats().redis.messages > first.redis.messages
                && two.stats().redis.messages > second.redis.messages
        })
        .await;
        assert!(!is_in_memory(&one).await, "{way}: {text:?}");
        let stores = one.stats().redis.stores;
        until("it is settled", || one.stats().redis.stores >= stores).await;
    }
}

#[tokio::test]
async fn g5_a_message_that_is_not_understood_is_not_ignored() {
    let redis = Redis::start();
    for (fault, is_kept) in [(None, false), (Some(Fault::IgnoreUnknownMessage), true)] {
        let proxy = Proxy::to(redis.addr());
        let cache = behind(&proxy, fault, OnDisconnect::Serve).await;
        cache
            .put("local", 1, &Policy::new().tier(Tier::Memory))
            .await;
        redis
            .client()
            .run(&["PUBLISH", "shop:bus", "CK\x07 in a form to come"]);
        redis
            .client()
            .run(&["PUBLISH", "shop:bus", "invalidate\nkey nothing"]);
        until("both have arrived", || cache.stats().invalidations == 1).await;
        assert_eq!(cache.get::<i32>("local").await.is_some(), is_kept);
    }
}

/// How long after an invalidation was accepted a node that hears nothing still serves the
/// old value, up to a second.
async fn served_for(fault: Option<Fault>, hole: Direction) -> Duration {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let deaf = behind(&proxy, fault, OnDisconnect::Bypass).await;
    let other = node(&redis.url()).await;
    let policy = Policy::new().tag("t");
    other.put("k", 1, &policy).await;
    // It takes the place of what others have in memory: not of what is read after this.
    until("it has heard of the write", || {
        deaf.stats().redis.messages == 1
    })
    .await;
    assert_eq!(deaf.get::<i32>("k").await, Some(1));
    proxy.black_hole(hole);
    other.invalidate("k").await;
    let accepted = Instant::now();
    let mut last = Duration::ZERO;
    while accepted.elapsed() < Duration::from_secs(1) {
        let began = accepted.elapsed();
        if deaf.get::<i32>("k").await == Some(1) {
            last = began;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    last
}

#[tokio::test]
async fn g5_a_node_that_hears_nothing_stops_in_time() {
    for hole in [Direction::ToClient, Direction::ToServer] {
        let served = served_for(None, hole).await;
        assert!(served <= TIMEOUT, "{hole:?}: {served:?}");
    }
    let served = served_for(Some(Fault::NoHeartbeat), Direction::ToClient).await;
    assert!(served > Duration::from_millis(800), "{served:?}");
}

/// The value that a node serves after its subscription was cut off around an invalidation.
async fn after_a_cut(fault: Option<Fault>) -> Option<i32> {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = behind(&proxy, fault, OnDisconnect::Serve).await;
    let other = node(&redis.url()).await;
    cache.put("k", 1, &Policy::new().tier(Tier::Memory)).await;
    let bus_interruptions = cache.stats().redis.bus_interruptions;
    let trusted = cache.stats().redis.heartbeats;
    proxy.refuse();
    proxy.close_clients();
    other.invalidate("k").await;
    proxy.heal();
    until("it hears again", || {
        cache.stats().redis.heartbeats > trusted + 2
    })
    .await;
    if fault.is_none() {
        assert!(cache.stats().redis.bus_interruptions > bus_interruptions);
    }
    cache.get("k").await
}

#[tokio::test]
async fn g5_what_was_missed_during_an_interruption_is_not_served_after_it() {
    assert_eq!(after_a_cut(None).await, None);
    assert_eq!(after_a_cut(Some(Fault::NoEpoch)).await, Some(1));
}

/// Whether memory is served `after` Redis was killed.
async fn served_without_redis(policy: OnDisconnect, after: Duration) -> bool {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = behind(&proxy, None, policy).await;
    scope(cache.clone(), item(1, 2)).await;
    assert!(is_in_memory(&cache).await);
    redis.kill();
    tokio::time::sleep(after).await;
    is_in_memory(&cache).await
}

#[tokio::test]
async fn without_redis_memory_is_served_as_long_as_was_said() {
    let short = OnDisconnect::ServeFor(Duration::from_millis(700));
    assert!(served_without_redis(short, TIMEOUT + Duration::from_millis(200)).await);
    assert!(!served_without_redis(short, TIMEOUT + Duration::from_millis(900)).await);
    assert!(served_without_redis(OnDisconnect::Serve, Duration::from_millis(800)).await);
    assert!(!served_without_redis(OnDisconnect::Bypass, Duration::from_millis(800)).await);
}

#[tokio::test]
async fn a_server_that_comes_back_with_an_old_data_set_is_not_trusted() {
    let redis = Redis::with(&["--appendonly", "no", "--dbfilename", "old.rdb"]);
    let cache = node(&redis.url()).await;
    cache.put("k", 1, &Policy::new()).await;
    redis.client().run(&["SAVE"]);
    let other = node(&redis.url()).await;
    other.invalidate("k").await;
    // It dies before it can say again what was lost.
    drop(other);
    redis.kill();
    redis.restart();
    until("it is there again", || cache.stats().redis.is_up).await;
    assert_eq!(
        redis.client().int(&["EXISTS", "shop:k:k"]),
        1,
        "the old entry came back"
    );
    let fresh = node(&redis.url()).await;
    assert_eq!(fresh.get::<i32>("k").await, None);
    assert_eq!(fresh.stats().redis.misses.invalidated, 1);
}
