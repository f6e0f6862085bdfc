//! Invalidations that return when every process has applied them.

use std::time::{Duration, Instant};

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, OnDisconnect, Policy, cached, invalidates};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;

use crate::world::{node, settings, until};

const TIMEOUT: Duration = Duration::from_millis(400);

#[cached(key = "row:{id}", name = "acked_row")]
async fn row(id: u64) -> u64 {
    id
}

#[invalidates(row(id), ack)]
async fn change(id: u64) {}

#[invalidates(row(id), ack = "30ms")]
async fn change_in_time(id: u64) {}

async fn slow(proxy: &Proxy) -> Cache {
    let builder = settings(&proxy.url()).bus_timeout(TIMEOUT);
    builder
        .on_disconnect(OnDisconnect::Bypass)
        .build()
        .await
        .expect("a valid set-up")
}

const QUICK: Duration = Duration::from_millis(60);

/// A node that soon knows who the others are.
async fn quick(url: &str) -> Cache {
    let builder = settings(url).bus_timeout(QUICK);
    builder.build().await.expect("a valid set-up")
}

/// Waits until `cache` knows who the others are; how many invalidations were acknowledged,
/// and how many not, by then.
async fn settled(cache: &Cache) -> (u64, u64) {
    loop {
        assert!(cache.invalidation().acknowledged().keys(["nothing"]).await);
        let redis = cache.stats().redis;
        if redis.acknowledged > 0 {
            return (redis.acknowledged, redis.acknowledged_by_time);
        }
    }
}

#[tokio::test]
async fn g6_when_it_returns_no_node_serves_the_old_value() {
    let redis = Redis::start();
    let nodes = [
        quick(&redis.url()).await,
        quick(&redis.url()).await,
        quick(&redis.url()).await,
    ];
    let (before, _) = settled(&nodes[0]).await;
    for round in 0..50_u64 {
        nodes[0].put("k", round, &Policy::new().tag("t")).await;
        for node in &nodes {
            assert_eq!(node.get::<u64>("k").await, Some(round));
        }
        // All the same, whichever node asks; and all at once, with no time to hear of it.
        let asked = &nodes[usize::try_from(round % 3).unwrap_or_default()];
        assert!(asked.invalidation().acknowledged().tags(["t"]).await);
        for node in &nodes {
            assert_eq!(node.get::<u64>("k").await, None, "{round}");
        }
    }
    // The others may have been waiting for the end of the beginning, here too.
    assert_eq!(nodes[0].stats().redis.acknowledged, before + 17);
}

#[tokio::test]
async fn g6_a_node_that_does_not_answer_is_waited_for_until_it_serves_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cut_off = slow(&proxy).await;
    let builder = settings(&redis.url()).bus_timeout(TIMEOUT);
    let one = builder.build().await.expect("a valid set-up");
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(cut_off.get::<i32>("k").await, Some(1));
    proxy.black_hole(Direction::ToClient);
    let start = Instant::now();
    assert!(
        one.invalidation().acknowledged().keys(["k"]).await,
        "it is certain all the same"
    );
    assert!(start.elapsed() >= TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(cut_off.get::<i32>("k").await, None);
    let redis = one.stats().redis;
    assert_eq!((redis.acknowledged_by_time, redis.unacknowledged), (1, 0));
}

#[tokio::test]
async fn a_shorter_wait_is_best_effort_and_says_so() {
    let redis = Redis::start();
    let one = node(&redis.url()).await;
    let builder = settings(&redis.url()).seed(Fault::Deaf);
    let deaf = builder.build().await.expect("a valid set-up");
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(deaf.get::<i32>("k").await, Some(1));
    let acknowledged = one
        .invalidation()
        .acknowledged()
        .within(Duration::from_millis(30));
    assert!(!acknowledged.keys(["k"]).await);
    assert_eq!(one.stats().redis.unacknowledged, 1);
    scope(one.clone(), change_in_time(1)).await;
    assert_eq!(one.stats().redis.unacknowledged, 2);
}

#[tokio::test]
async fn g6_a_node_that_is_gone_without_a_word_is_waited_for_until_it_is_forgotten() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let one = quick(&redis.url()).await;
    let killed = quick(&proxy.url()).await;
    let (_, before) = settled(&one).await;
    // Nothing that it says any more gets through.
    proxy.black_hole(Direction::ToServer);
    drop(killed);
    let start = Instant::now();
    assert!(one.invalidation().acknowledged().keys(["k"]).await);
    let stats = one.stats().redis;
    assert_eq!(
        (stats.acknowledged_by_time, stats.unacknowledged),
        (before + 1, 0)
    );
    until("nobody waits for it", || start.elapsed() > QUICK * 2).await;
    let acknowledged = one.stats().redis.acknowledged;
    assert!(one.invalidation().acknowledged().keys(["k"]).await);
    assert_eq!(one.stats().redis.acknowledged, acknowledged + 1);
}

#[tokio::test]
async fn a_node_that_ends_in_order_keeps_nobody_waiting() {
    let redis = Redis::start();
    let one = quick(&redis.url()).await;
    for is_dropped in [false, true] {
        let other = quick(&redis.url()).await;
        let (_, before) = settled(&one).await;
        if !is_dropped {
            assert!(other.shutdown().await.is_complete());
        }
        drop(other);
        until("it is gone", || {
            redis.client().int(&["PUBLISH", "shop:bus", "invalidate"]) == 1
        })
        .await;
        assert!(one.invalidation().acknowledged().keys(["k"]).await);
        let stats = one.stats().redis;
        assert_eq!(
            (stats.acknowledged_by_time, stats.unacknowledged),
            (before, 0),
            "{is_dropped}"
        );
    }
}

/// The names of all keys, and whether each of them ends.
fn keys(redis: &Redis) -> Vec<(String, bool)> {
    let names = redis.client().keys("*").into_iter();
    let mut names: Vec<_> = names
        .map(|name| {
            let ends = redis.client().int(&["PTTL", &name]) >= 0;
            (name, ends)
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn nothing_of_the_nodes_themselves_stays_in_redis() {
    let redis = Redis::start();
    for _ in 0..20 {
        let cache = quick(&redis.url()).await;
        assert!(cache.invalidation().acknowledged().keys(["k"]).await);
        assert!(cache.shutdown().await.is_complete());
    }
    assert_eq!(keys(&redis), []);
    // What functions hang on has no end, and does not grow.
    let start = async || {
        let cache = quick(&redis.url()).await;
        let stores = scope(cache.clone(), async { row(1).await });
        assert_eq!(stores.await, 1);
        scope(cache.clone(), change(1)).await;
        assert!(cache.shutdown().await.is_complete());
    };
    start().await;
    let endless = |redis: &Redis| -> Vec<_> {
        let keys = keys(redis).into_iter();
        keys.filter(|(_, ends)| !ends).collect()
    };
    let first = endless(&redis);
    for _ in 0..5 {
        start().await;
    }
    assert_eq!(endless(&redis), first);
}

#[tokio::test]
async fn an_annotated_function_waits_too() {
    let redis = Redis::start();
    let (one, two) = (quick(&redis.url()).await, quick(&redis.url()).await);
    let (acknowledged, _) = settled(&one).await;
    scope(one.clone(), row(1)).await;
    crate::world::stored(&one, 1).await;
    scope(two.clone(), row(1)).await;
    scope(one.clone(), change(1)).await;
    assert_eq!(one.stats().redis.acknowledged, acknowledged + 1);
    let before = two.stats().memory_hits;
    scope(two.clone(), row(1)).await;
    assert_eq!(two.stats().memory_hits, before);
}

#[tokio::test]
async fn g6_what_redis_loses_does_not_matter() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cut_off = slow(&proxy).await;
    let builder = settings(&redis.url()).bus_timeout(TIMEOUT);
    let one = builder.build().await.expect("a valid set-up");
    settled(&one).await;
    one.put("k", 1, &Policy::new()).await;
    until("the other has heard", || cut_off.stats().redis.messages > 1).await;
    assert_eq!(cut_off.get::<i32>("k").await, Some(1));
    proxy.black_hole(Direction::ToServer);
    proxy.black_hole(Direction::ToClient);
    redis.client().run(&["FLUSHALL"]);
    let start = Instant::now();
    assert!(one.invalidation().acknowledged().keys(["k"]).await);
    assert!(start.elapsed() >= TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(cut_off.get::<i32>("k").await, None);
}

/// How long an acknowledged invalidation of the only node takes after it got a message of a version
/// that it does not know.
async fn after_a_strange_message(fault: Option<Fault>) -> Duration {
    let redis = Redis::start();
    let builder = settings(&redis.url()).bus_timeout(TIMEOUT);
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    settled(&one).await;
    let mut count = b"CK\x01c".to_vec();
    count.extend([7; 24]);
    let asked = [&b"PUBLISH"[..], b"shop:bus", &count];
    assert_eq!(redis.client().int(&asked), 1);
    let asked = ["PUBLISH", "shop:bus", "invalidate\nkey nothing"];
    assert_eq!(redis.client().int(&asked), 1);
    until("both have arrived", || one.stats().redis.messages == 1).await;
    let start = Instant::now();
    assert!(one.invalidation().acknowledged().keys(["k"]).await);
    start.elapsed()
}

#[tokio::test]
async fn g6_who_is_not_understood_may_have_to_be_waited_for() {
    assert!(after_a_strange_message(None).await >= TIMEOUT);
    let took = after_a_strange_message(Some(Fault::IgnoreUnknownMessage)).await;
    assert!(took < TIMEOUT, "{took:?}");
}

#[tokio::test]
async fn a_node_at_rest_sends_one_command_a_heartbeat() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let one = quick(&proxy.url()).await;
    proxy.clear();
    let before = one.stats().redis.heartbeats;
    until("it has sent some", || {
        one.stats().redis.heartbeats >= before + 12
    })
    .await;
    let sent = proxy.commands();
    let heartbeats = one.stats().redis.heartbeats - before;
    assert!(sent.iter().all(|name| name == "EVALSHA"), "{sent:?}");
    let sent = u64::try_from(sent.len()).expect("few");
    assert!(sent <= heartbeats + 1, "{sent} for {heartbeats}");
}

#[tokio::test]
async fn g6_without_the_wait_another_node_serves_the_old_value() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let other = slow(&proxy).await;
    let builder = settings(&redis.url()).bus_timeout(TIMEOUT);
    let broken = builder.seed(Fault::NoAckWait).build().await;
    let one = broken.expect("a valid set-up");
    one.put("k", 1, &Policy::new()).await;
    until("the other has heard", || other.stats().redis.messages == 1).await;
    assert_eq!(other.get::<i32>("k").await, Some(1));
    proxy.black_hole(Direction::ToClient);
    assert!(one.invalidation().acknowledged().keys(["k"]).await);
    assert_eq!(other.get::<i32>("k").await, Some(1));
}
