//! Invalidations that return when every process has applied them.

use std::time::{Duration, Instant};

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, OnDisconnect, Policy, cached, invalidates};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;

use crate::world::{node, settings};

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

#[tokio::test]
async fn when_it_returns_no_node_serves_the_old_value() {
    let redis = Redis::start();
    let nodes = [
        node(&redis.url()).await,
        node(&redis.url()).await,
        node(&redis.url()).await,
    ];
    for round in 0..50_u64 {
        nodes[0].put("k", round, &Policy::new().tag("t")).await;
        for node in &nodes {
            assert_eq!(node.get::<u64>("k").await, Some(round));
        }
        // All the same, whichever node asks; and all at once, with no time to hear of it.
        let asked = &nodes[usize::try_from(round % 3).unwrap_or_default()];
        assert!(asked.acknowledged().invalidate_tags(["t"]).await);
        for node in &nodes {
            assert_eq!(node.get::<u64>("k").await, None, "{round}");
        }
    }
    assert_eq!(nodes[0].stats().redis.acknowledged, 17);
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_waited_for_until_it_serves_nothing() {
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
        one.acknowledged().invalidate("k").await,
        "it is certain all the same"
    );
    assert!(start.elapsed() >= TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(cut_off.get::<i32>("k").await, None);
    assert_eq!(one.stats().redis.unacknowledged, 1);
}

#[tokio::test]
async fn a_shorter_wait_is_best_effort_and_says_so() {
    let redis = Redis::start();
    let one = node(&redis.url()).await;
    let builder = settings(&redis.url()).__seed(Fault::Deaf);
    let deaf = builder.build().await.expect("a valid set-up");
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(deaf.get::<i32>("k").await, Some(1));
    let acknowledged = one.acknowledged().within(Duration::from_millis(30));
    assert!(!acknowledged.invalidate("k").await);
    assert_eq!(one.stats().redis.unacknowledged, 1);
    scope(one.clone(), change_in_time(1)).await;
    assert_eq!(one.stats().redis.unacknowledged, 2);
}

#[tokio::test]
async fn a_node_that_is_gone_is_waited_for_once() {
    let redis = Redis::start();
    let short = |url: &str| settings(url).bus_timeout(Duration::from_millis(60));
    let one = short(&redis.url()).build().await.expect("a valid set-up");
    let other = short(&redis.url()).build().await.expect("a valid set-up");
    assert!(one.acknowledged().invalidate("k").await);
    assert_eq!(redis.client().int(&["SCARD", "shop:nodes"]), 2);
    drop(other);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..3 {
        assert!(one.acknowledged().invalidate("k").await);
    }
    assert_eq!(one.stats().redis.unacknowledged, 1, "then it is struck out");
    assert_eq!(redis.client().int(&["SCARD", "shop:nodes"]), 1);
}

#[tokio::test]
async fn an_annotated_function_waits_too() {
    let redis = Redis::start();
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    scope(one.clone(), row(1)).await;
    crate::world::stored(&one, 1).await;
    scope(two.clone(), row(1)).await;
    scope(one.clone(), change(1)).await;
    assert_eq!(one.stats().redis.acknowledged, 1);
    let before = two.stats().memory_hits;
    scope(two.clone(), row(1)).await;
    assert_eq!(two.stats().memory_hits, before);
}
