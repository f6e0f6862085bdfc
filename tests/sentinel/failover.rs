//! The master changes: as an operator has it, by a kill, and by a stop.

use std::net::SocketAddr;

use cachekit::testing::Fault;
use cachekit::{Cache, Policy};
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::sentinel::SentinelSet;
use cachekit_tests::until;

use crate::world::{is_at, node, role, settings, subscribers};

/// Waits until both nodes use a server other than the first one. Returns the number of that server.
async fn until_moved(set: &SentinelSet, nodes: &[Cache]) -> usize {
    let addr = |number: usize| -> SocketAddr { set.servers[number].addr() };
    let at = |number: usize| nodes.iter().all(|node| is_at(node, addr(number)));
    until("both nodes have moved", || at(1) || at(2)).await;
    if at(1) { 1 } else { 2 }
}

/// Each node serves what it computes, and what one invalidates is gone from the other.
async fn works(nodes: &[Cache], round: &str) {
    let policy = Policy::new();
    let key = format!("works:{round}");
    for node in nodes {
        node.get_or_compute(&key, &policy, || async { 1 }).await;
    }
    nodes[0].invalidation().acknowledged().keys([&key]).await;
    for node in nodes {
        let value = node.get_or_compute(&key, &policy, || async { 2 }).await;
        assert_eq!(value, 2, "{round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_planned_failover_moves_both_connections_before_the_old_master_steps_down() {
    let set = SentinelSet::start();
    let nodes = [node(&set).await, node(&set).await];
    works(&nodes, "before").await;
    set.fail_over();
    let new = until_moved(&set, &nodes).await;
    // The sentinels make it a replica some ten seconds later. Until then it takes writes.
    assert_eq!(role(&set.servers[0]).as_deref(), Some("master"));
    assert_eq!(subscribers(&set.servers[0]), 0, "the old master");
    assert_eq!(subscribers(&set.servers[new]), 2, "the new master");
    works(&nodes, "after").await;
    for node in &nodes {
        assert_eq!(node.stats().redis.queued_invalidations, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_listen_to_the_sentinels_stays_with_the_old_master() {
    let set = SentinelSet::start();
    let deaf = settings(&set.url()).seed(Fault::IgnoreSwitch);
    let deaf = deaf.build().await.expect("a valid set-up");
    let nodes = [node(&set).await];
    set.fail_over();
    until_moved(&set, &nodes).await;
    until("the sentinels agree", || {
        set.master().is_some_and(|it| it > 0)
    })
    .await;
    assert!(
        is_at(&deaf, set.servers[0].addr()),
        "the guard is what makes the difference"
    );
    assert_eq!(subscribers(&set.servers[0]), 1, "the one that is deaf");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_is_killed_is_replaced() {
    let set = SentinelSet::start();
    let nodes = [node(&set).await, node(&set).await];
    works(&nodes, "before").await;
    set.servers[0].kill();
    // No Redis is there, and no call waits for one.
    let policy = Policy::new();
    for node in &nodes {
        let value = node.get_or_compute("alone", &policy, || async { 3 }).await;
        assert_eq!(value, 3);
    }
    until_moved(&set, &nodes).await;
    works(&nodes, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_hangs_is_replaced_with_a_sentinel_that_hangs_too() {
    let set = SentinelSet::start();
    let nodes = [node(&set).await, node(&set).await];
    set.sentinels[2].freeze();
    set.servers[0].freeze();
    until_moved(&set, &nodes).await;
    works(&nodes, "after").await;
    // It is still the master that it was, and nobody goes back.
    set.servers[0].thaw();
    set.sentinels[2].thaw();
    until("it follows", || {
        role(&set.servers[0]).as_deref() == Some("slave")
    })
    .await;
    let new = until_moved(&set, &nodes).await;
    works(&nodes, "at the end").await;
    assert_eq!(set.master(), Some(new));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_starts_finds_the_master_past_a_sentinel_that_hangs() {
    let set = SentinelSet::start();
    set.sentinels[0].freeze();
    set.sentinels[1].kill();
    let node = settings(&set.url()).build().await.expect("one is enough");
    assert!(node.stats().redis.is_up);
    set.sentinels[0].thaw();
}

/// With one address, as some providers give it, every change comes by that sentinel.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sentinel_is_enough_to_follow() {
    let set = SentinelSet::start();
    let url = cachekit_tests::sentinel::url(&set.sentinels[1..2], "");
    let node = settings(&url).build().await.expect("a valid set-up");
    assert!(node.stats().redis.is_up);
    set.fail_over();
    until_moved(&set, std::slice::from_ref(&node)).await;
    assert_eq!(role(&set.servers[0]).as_deref(), Some("master"));
}
