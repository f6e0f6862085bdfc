//! Soft invalidations over a Redis.

use std::time::Duration;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Source, settle};

use crate::world::{node, settings, stored, until};

#[cached(
    name = "soft",
    key = "soft:{id}",
    ttl = 300,
    stale = 60,
    tags = ["rows", "shelf:{ret}"],
    events = ["row.changed {id}"],
    skip(source)
)]
async fn row(source: &Source, id: u64) -> u64 {
    id + 10 * source.read().await
}

async fn read(cache: &Cache, source: &Source) -> u64 {
    scope(cache.clone(), row(source, 1)).await
}

fn open() -> Source {
    let source = Source::default();
    source.gate.open_for_all();
    source
}

const WAYS: usize = 8;

async fn soften(way: usize, cache: &Cache, redis: &Redis) {
    let soft = cache.invalidation().soft();
    match way {
        0 => soft.keys(["soft:1"]).await,
        1 => soft.tags(["rows"]).await,
        2 => soft.tags(["shelf:1"]).await,
        3 => soft.event_about("row.changed", [("id", 1)]).await,
        4 => soft.functions(["soft"]).await,
        5 => soft.everything().await,
        6 => scope(cache.clone(), async { row::entry(1).expire().await }).await,
        // By another program.
        _ => {
            let words = "invalidate soft\ntag rows\nkey soft:2";
            redis.client().int(&["PUBLISH", "shop:bus", words]);
            until("it is done as asked", || cache.stats().invalidations == 2).await;
        }
    }
}

#[tokio::test]
async fn every_node_serves_it_once_more_and_one_computes() {
    for way in 0..WAYS {
        let redis = Redis::start();
        let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
        let source = open();
        assert_eq!(read(&one, &source).await, 1);
        stored(&one, 1).await;
        assert_eq!(read(&two, &source).await, 1);
        source.write(1);
        let heard = two.stats().redis.messages;
        soften(way, &one, &redis).await;
        until("the other has heard", || two.stats().redis.messages > heard).await;
        // Those with memory, and one without.
        let cold = node(&redis.url()).await;
        let computed = || {
            let stats = [&one, &two, &cold].map(Cache::stats);
            stats.iter().map(|it| it.computations).sum::<u64>()
        };
        assert_eq!(read(&cold, &source).await, 1, "{way}");
        assert_eq!(cold.stats().stale_hits, 1, "{way}");
        until("one computes", || computed() == 2).await;
        for cache in [&cold, &one, &two] {
            until_new(cache, &source).await;
        }
        // Each node that was asked by words does it, and may void what another has computed.
        let longest = if way == WAYS - 1 { 4 } else { 2 };
        assert!(computed() <= longest, "{way}: {}", computed());
    }
}

/// Reads until it is the new value; before, it is the old one.
async fn until_new(cache: &Cache, source: &Source) {
    for _ in 0..400 {
        let got = read(cache, source).await;
        if got == 11 {
            return;
        }
        assert_eq!(got, 1);
        settle().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it stays old");
}

/// What a second node sees after the first one's computation was overtaken by a soft
/// invalidation that it did not hear of.
async fn overtaken(way: usize, faults: &[Fault]) -> u64 {
    let redis = Redis::start();
    let deaf = settings(&redis.url()).seed(Fault::Deaf);
    let deaf = faults.iter().fold(deaf, |it, fault| it.seed(*fault));
    let computing = deaf.build().await.expect("a valid set-up");
    let other = settings(&redis.url());
    let other = faults.iter().fold(other, |it, fault| it.seed(*fault));
    let other = other.build().await.expect("a valid set-up");
    // What it hangs on is known, and there is something to leave.
    let source = open();
    assert_eq!(read(&computing, &source).await, 1);
    stored(&computing, 1).await;
    assert_eq!(read(&other, &source).await, 1);
    let slow = Source::default();
    slow.write(2);
    let refresh = {
        let (computing, slow) = (computing.clone(), slow.clone());
        tokio::spawn(scope(
            computing,
            async move { row::refresh(&slow, 1).await },
        ))
    };
    slow.gate.arrived().await;
    source.write(1);
    soften(way, &other, &redis).await;
    slow.gate.open_for_all();
    assert_eq!(refresh.await.expect("no panic"), 21);
    let answered = || {
        let stats = computing.stats().redis;
        stats.stores + stats.refused_stores == 2
    };
    until("the store was answered", answered).await;
    read(&node(&redis.url()).await, &source).await
}

#[tokio::test]
async fn g1_what_began_before_is_refused_by_redis() {
    for way in 0..WAYS - 1 {
        assert_eq!(overtaken(way, &[]).await, 1, "{way}: the old one is there");
    }
    for (way, fault) in [
        (0, Fault::SoftKeepsToken),
        (6, Fault::SoftKeepsToken),
        (0, Fault::FillWithoutToken),
        (1, Fault::VersionsAfterCompute),
        (4, Fault::VersionsAfterCompute),
    ] {
        assert_eq!(overtaken(way, &[fault]).await, 21, "{way} {fault:?}");
    }
}

#[tokio::test]
async fn an_entry_is_kept_for_its_window_and_versions_keep_their_length() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    let source = open();
    read(&cache, &source).await;
    stored(&cache, 1).await;
    let mut client = redis.client();
    let ttl = client.int(&["PTTL", "shop:k:soft:1"]);
    assert!(ttl > 300_000, "{ttl}");
    cache.invalidation().soft().keys(["soft:1"]).await;
    let ttl = client.int(&["PTTL", "shop:k:soft:1"]);
    assert!((50_000..=60_000).contains(&ttl), "its window: {ttl}");
    let before = client.int(&["STRLEN", "shop:t:rows"]);
    cache.invalidation().soft().tags(["rows"]).await;
    assert_eq!((before, client.int(&["STRLEN", "shop:t:rows"])), (24, 24));
}

/// What Redis has no room for is told as a removal, which it always takes.
#[tokio::test]
async fn a_full_redis_is_told_to_remove() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    let source = open();
    read(&cache, &source).await;
    stored(&cache, 1).await;
    source.write(1);
    redis.client().run(&["CONFIG", "SET", "maxmemory", "1"]);
    cache.invalidation().soft().tags(["rows"]).await;
    assert_eq!(read(&cache, &source).await, 1, "soft in this process");
    until("it is removed", || {
        redis.client().int(&["EXISTS", "shop:t:rows"]) == 0
    })
    .await;
}
