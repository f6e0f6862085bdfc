//! Invalidations that return when every process has applied them.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, Policy};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::scripts::Seed as _;

use crate::world::{built, node, settings};

/// A node that soon knows who the others are.
async fn quick(cluster: &Cluster) -> Cache {
    built(settings(cluster).bus_timeout(Duration::from_millis(200))).await
}

/// Waits until `cache` knows who the others are. Returns how many invalidations were acknowledged by
/// then.
async fn settled(cache: &Cache) -> u64 {
    loop {
        assert!(cache.invalidation().acknowledged().keys(["nothing"]).await);
        let acknowledged = cache.stats().redis.acknowledged;
        if acknowledged > 0 {
            return acknowledged;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_when_it_returns_no_node_serves_the_old_value() {
    let cluster = Cluster::start();
    let nodes = [
        quick(&cluster).await,
        quick(&cluster).await,
        quick(&cluster).await,
    ];
    for node in &nodes {
        settled(node).await;
    }
    for round in 0..30_u64 {
        // Entries and tags are at different masters from round to round.
        let (key, tag) = (format!("k:{round}"), format!("t:{round}"));
        nodes[0].put(&key, round, &Policy::new().tag(&tag)).await;
        for node in &nodes {
            assert_eq!(node.get::<u64>(&key).await, Some(round));
        }
        let asked = &nodes[usize::try_from(round % 3).unwrap_or_default()];
        assert!(asked.invalidation().acknowledged().tags([&tag]).await);
        for node in &nodes {
            assert_eq!(node.get::<u64>(&key).await, None, "{round}");
        }
    }
    for node in &nodes {
        assert_eq!(node.stats().redis.unacknowledged, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_a_node_that_does_not_answer_is_not_taken_for_one_that_has() {
    let cluster = Cluster::start();
    let one = node(&cluster).await;
    let deaf = built(settings(&cluster).seed(Fault::Deaf)).await;
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(deaf.get::<i32>("k").await, Some(1));
    let acknowledged = one
        .invalidation()
        .acknowledged()
        .within(Duration::from_millis(30));
    assert!(!acknowledged.keys(["k"]).await);
    assert_eq!(one.stats().redis.unacknowledged, 1);
}
