//! Replicas of entries, over a Redis.

use std::collections::BTreeSet;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached, write_through};
use cachekit_tests::Source;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use tokio::task::JoinHandle;

use crate::world::{node, quiet, settings, stored, until};

#[cached(
    name = "hot",
    key = "hot:{id}",
    tier = redis,
    replicas = 4,
    ttl = 300,
    stale_if_error = 60,
    tags = ["rows", "shelf:{ret}"],
    events = ["row.changed {id}"],
    skip(source)
)]
async fn hot(source: &Source, id: u64) -> Result<u64, String> {
    let _ = id;
    Ok(source.read().await)
}

#[write_through(hot(_, id))]
async fn save(id: u64, value: u64) -> Result<u64, String> {
    let _ = id;
    Ok(value)
}

const ENTRIES: [&str; 4] = [
    "shop:c1:hot:1",
    "shop:c2:hot:1",
    "shop:c3:hot:1",
    "shop:k:hot:1",
];

/// Draws enough that every copy is met.
const MANY: usize = 64;

async fn read(cache: &Cache, source: &Source) -> u64 {
    let got = scope(cache.clone(), hot(source, 1)).await;
    // Callers do not wait for the store.
    let is_idle = || cache.stats().background.running == 0;
    until("it is stored", is_idle).await;
    got.expect("it does not fail")
}

async fn read_all(cache: &Cache, source: &Source) -> BTreeSet<u64> {
    let mut got = BTreeSet::new();
    for _ in 0..MANY {
        got.insert(read(cache, source).await);
    }
    got
}

/// The entry and its copies, as far as they are there.
fn present(redis: &Redis) -> Vec<String> {
    let mut client = redis.client();
    let mut names = client.keys("shop:[ck]*:hot:1");
    names.sort();
    names
}

fn open(version: u64) -> Source {
    let source = Source::default();
    source.write(version);
    source.gate.open_for_all();
    source
}

const WAYS: usize = 11;

/// Everything that takes them out of use, by a process that has not called the function.
async fn take(way: usize, cache: &Cache, redis: &Redis) {
    let mut client = redis.client();
    match way {
        0 => cache.invalidate("hot:1").await,
        1 => cache.invalidate_tags(["rows"]).await,
        2 => cache.invalidate_tags(["shelf:1"]).await,
        3 => cache.emit("row.changed 1").await,
        4 => {
            cache.invalidate_function("hot").await;
        }
        5 => cache.clear().await,
        6 => scope(cache.clone(), async { hot::entry(1).invalidate().await }).await,
        7 => scope(cache.clone(), async { hot::entry(1).put(2).await }).await,
        8 => {
            let saved = scope(cache.clone(), save(1, 2)).await;
            assert_eq!(saved, Ok(2));
        }
        9 => {
            assert_eq!(client.int(&["DEL", "shop:k:hot:1", "shop:v:hot:1"]), 2);
        }
        // By another program.
        _ => {
            let words = "invalidate\nkey hot:1";
            client.int(&["PUBLISH", "shop:bus", words]);
            let is_done = || client.int(&["EXISTS", "shop:v:hot:1"]) == 0;
            until("it is done as asked", is_done).await;
        }
    }
}

#[tokio::test]
async fn no_replica_is_served_that_was_invalidated() {
    for way in 0..WAYS {
        let redis = Redis::start();
        let (one, other) = (node(&redis.url()).await, node(&redis.url()).await);
        let source = open(1);
        assert_eq!(read_all(&one, &source).await, [1].into());
        assert_eq!(present(&redis), ENTRIES);
        assert_eq!((source.runs(), one.stats().redis_hits), (4, 60));
        source.write(2);
        take(way, &other, &redis).await;
        assert_eq!(read_all(&one, &source).await, [2].into(), "{way}");
        assert_eq!(
            read_all(&node(&redis.url()).await, &source).await,
            [2].into()
        );
    }
}

/// What a call of `computing` gets that is overtaken, by `way`, while it computes the copy that
/// it drew, and what others read after that: whether it was a copy, was stored, and all values.
async fn overtaken(way: usize, seed: u64, faults: &[Fault]) -> (bool, bool, BTreeSet<u64>) {
    let redis = Redis::start();
    let deaf = settings(&redis.url()).__seed_random(seed).seed(Fault::Deaf);
    let deaf = deaf.build().await.expect("a valid set-up");
    let other = faults
        .iter()
        .fold(settings(&redis.url()), |it, fault| it.seed(*fault));
    let other = other.build().await.expect("a valid set-up");
    let source = Source::default();
    source.write(1);
    let running: JoinHandle<_> = tokio::spawn(scope(deaf.clone(), {
        let source = source.clone();
        async move { hot(&source, 1).await }
    }));
    source.gate.arrived().await;
    let drawn = present(&redis);
    assert_eq!(drawn.len(), 1);
    source.write(2);
    if way == 9 {
        // The entry itself may not be there.
        redis.client().int(&["DEL", "shop:k:hot:1", "shop:v:hot:1"]);
    } else {
        take(way, &other, &redis).await;
    }
    source.gate.open_for_all();
    assert_eq!(running.await.expect("no panic"), Ok(1), "it began before");
    let answered = || {
        let stats = deaf.stats().redis;
        stats.stores + stats.refused_stores == 1
    };
    until("the store was answered", answered).await;
    let got = read_all(&node(&redis.url()).await, &source).await;
    (
        drawn != ["shop:k:hot:1"],
        deaf.stats().redis.stores == 1,
        got,
    )
}

#[tokio::test]
async fn g1_what_is_computed_into_a_replica_is_rejected_if_it_began_before() {
    for way in 0..WAYS {
        let mut copies = 0;
        for seed in 0..3 {
            let (is_copy, is_stored, got) = overtaken(way, seed, &[]).await;
            assert!(!is_stored && got == [2].into(), "{way} {got:?}");
            copies += usize::from(is_copy);
        }
        assert!(copies > 0);
    }
    for way in [0, 6, 7, 8] {
        let mut spared = 0;
        for seed in 0..4 {
            let (is_copy, is_stored, got) = overtaken(way, seed, &[Fault::SpareCopies]).await;
            assert_eq!((is_copy, is_copy), (is_stored, got.contains(&1)), "{way}");
            spared += usize::from(is_copy);
        }
        assert!(spared > 0, "{way}");
    }
}

#[tokio::test]
async fn a_soft_invalidation_makes_every_replica_stale() {
    let redis = Redis::start();
    let one = node(&redis.url()).await;
    let source = open(1);
    read_all(&one, &source).await;
    let version = || {
        redis
            .client()
            .bulk(&["GET", "shop:v:hot:1"])
            .expect("it is there")
    };
    let before = version();
    let other = node(&redis.url()).await;
    other.invalidation().soft().keys(["hot:1"]).await;
    let after = version();
    assert!(before[..16] == after[..16] && before != after);
    source.write(2);
    assert_eq!(read_all(&one, &source).await, [2].into());
    // On a busy machine Redis may answer a store too late, and then a copy is computed once more.
    let runs = source.runs();
    assert!((8..=12).contains(&runs), "each is computed again: {runs}");
}

/// What each step costs is what it costs without copies, but for names.
#[tokio::test]
async fn a_hit_is_one_round_trip_and_a_write_is_one() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = quiet(&proxy.url()).await;
    let source = open(1);
    proxy.clear();
    let seen = || {
        let seen = (proxy.round_trips(), proxy.commands().join(" "));
        proxy.clear();
        seen
    };
    read(&cache, &source).await;
    stored(&cache, 1).await;
    assert_eq!(seen(), (3, "PTTL MGET EVALSHA EVALSHA".to_owned()));
    read_all(&cache, &source).await;
    proxy.clear();
    read(&cache, &source).await;
    assert_eq!(
        seen(),
        (1, "PTTL MGET EVALSHA".to_owned()),
        "with late tags"
    );
    scope(cache.clone(), async { hot::entry(1).put(2).await }).await;
    assert_eq!(seen(), (1, "UNLINK PUBLISH".to_owned()));
    cache.invalidate("hot:1").await;
    assert_eq!(seen(), (1, "UNLINK PUBLISH".to_owned()));
}

/// Their version lives longer than they do, whichever was stored last.
#[tokio::test]
async fn their_version_outlives_them() {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    read(&cache, &open(1)).await;
    stored(&cache, 1).await;
    let mut client = redis.client();
    let life = client.int(&["PTTL", "shop:v:hot:1"]);
    assert!(life > 600_000, "twice as long: {life}");
}
