//! Caches over a Redis Cluster.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Policy, SourceTier, Tier, with_source};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::Reply;
use cachekit_tests::{becomes, until};

/// Settings for a cache of the namespace `shop` that is patient with a slow machine.
pub(crate) fn settings(cluster: &Cluster) -> CacheBuilder {
    cachekit_tests::builder()
        .namespace("shop")
        .redis(cluster.url())
        .redis_timeout(Duration::from_secs(2))
}

/// Builds a node, and waits until it trusts its memory.
pub(crate) async fn built(settings: CacheBuilder) -> Cache {
    let node = settings.build().await.expect("a valid set-up");
    until("the bus is live", || node.stats().redis.is_bus_live).await;
    node
}

pub(crate) async fn node(cluster: &Cluster) -> Cache {
    built(settings(cluster)).await
}

/// A key whose entry is at the master with this number at the start.
pub(crate) fn key_at(cluster: &Cluster, number: usize) -> String {
    let is_there = |key: &String| {
        let slot = cluster.slot(&format!("shop:k:{{{key}}}"));
        cluster.owner(slot) == number
    };
    let mut keys = (0..).map(|it| format!("k{it}"));
    keys.find(is_there).expect("a key")
}

/// A tag whose version is at the master with this number at the start.
pub(crate) fn tag_at(cluster: &Cluster, number: usize) -> String {
    let is_there = |tag: &String| {
        let partition = cluster.slot(&format!("t:{tag}")) % 256;
        let slot = cluster.slot(&format!("shop:t:{{{partition:02x}}}{tag}"));
        cluster.owner(slot) == number
    };
    let mut tags = (0..).map(|it| format!("t{it}"));
    tags.find(is_there).expect("a tag")
}

/// Returns the number of nodes that subscribe to messages at the server with this number.
pub(crate) fn subscribers(cluster: &Cluster, number: usize) -> i64 {
    let ask = ["PUBSUB", "SHARDNUMSUB", "{shop:bus}"];
    match cluster.servers[number].client().run(&ask) {
        Reply::List(parts) => match parts.last() {
            Some(Reply::Int(count)) => *count,
            other => panic!("not a number: {other:?}"),
        },
        other => panic!("not a list: {other:?}"),
    }
}

/// Waits until all of `nodes` subscribe at the server with this number, and trust their memory.
pub(crate) async fn until_all_at(cluster: &Cluster, number: usize, nodes: &[Cache]) {
    let is_there = async || {
        let count = i64::try_from(nodes.len()).unwrap_or_default();
        subscribers(cluster, number) == count
            && nodes.iter().all(|node| node.stats().redis.is_bus_live)
    };
    // A failover takes longer than one wait.
    for _ in 0..3 {
        if becomes(&is_there).await {
            return;
        }
    }
    panic!("not all have moved");
}

/// Each node serves what it computes, and what one invalidates is gone from the others.
pub(crate) async fn works(nodes: &[Cache], round: &str) {
    let policy = Policy::new().tag("works");
    let key = format!("works:{round}");
    for node in nodes {
        node.get_or_compute(&key, &policy, || async { 1 }).await;
    }
    nodes[0].invalidation().acknowledged().tags(["works"]).await;
    for node in nodes {
        let value = node.get_or_compute(&key, &policy, || async { 2 }).await;
        assert_eq!(value, 2, "{round}");
    }
}

/// Calls, and says where the value came from.
pub(crate) async fn source(node: &Cache, key: &str) -> SourceTier {
    // Nothing but Redis keeps the entry.
    let policy = Policy::new().tier(Tier::Redis);
    let called = node.get_or_compute(key, &policy, || async { 1 });
    with_source(called).await.1.tier
}

/// Waits until a value of `key` comes from Redis.
pub(crate) async fn until_from_redis(node: &Cache, key: &str) -> bool {
    becomes(async || source(node, key).await == SourceTier::Redis).await
}
