//! The slot of the bus gets another master: by a move, by a failover, and by a kill.

use std::time::Duration;

use cachekit::{Cache, Policy, Tier};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::until;

use crate::world::{built, node, settings, subscribers, until_all_at, works};

fn bus_slot(cluster: &Cluster) -> u16 {
    cluster.slot("{shop:bus}")
}

/// Puts a value with a tag of the same name into the memory of `node`.
async fn local(node: &Cache, name: &str) {
    let policy = Policy::new().tier(Tier::Memory).tag(name);
    node.put(name, 1, &policy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_after_a_move_all_of_memory_is_checked() {
    let cluster = Cluster::start();
    let bus = cluster.bus_owner("shop");
    let to = (bus + 1) % 3;
    let nodes = [node(&cluster).await, node(&cluster).await];
    works(&nodes, "before").await;
    local(&nodes[1], "local").await;
    let interruptions = nodes[1].stats().redis.bus_interruptions;
    let moving = cluster.begin_move(bus_slot(&cluster), bus, to);
    until("heartbeats end", || {
        nodes.iter().all(|node| !node.stats().redis.is_bus_live)
    })
    .await;
    nodes[0].invalidate_tags(["local"]).await;
    assert!(nodes[0].stats().redis.queued_invalidations > 0);
    moving.end();
    until_all_at(&cluster, to, &nodes).await;
    assert_eq!(subscribers(&cluster, bus), 0);
    assert!(nodes[1].stats().redis.bus_interruptions > interruptions);
    assert_eq!(nodes[1].get::<i32>("local").await, None);
    until("it is told", || {
        nodes[0].stats().redis.queued_invalidations == 0
    })
    .await;
    works(&nodes, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_move_that_is_given_up_loses_no_message() {
    let cluster = Cluster::start();
    let bus = cluster.bus_owner("shop");
    // They trust their memory all the time.
    let settings = || settings(&cluster).bus_timeout(Duration::from_secs(60));
    let (one, two) = (built(settings()).await, built(settings()).await);
    local(&two, "local").await;
    let interruptions = two.stats().redis.bus_interruptions;
    let moving = cluster.begin_move(bus_slot(&cluster), bus, (bus + 1) % 3);
    one.invalidate_tags(["local"]).await;
    // What is sent where nobody listens yet would be lost.
    assert!(one.stats().redis.queued_invalidations > 0);
    assert_eq!(two.get::<i32>("local").await, Some(1));
    moving.give_up();
    until("it is told", || one.stats().redis.queued_invalidations == 0).await;
    until("the other has heard", || two.stats().redis.messages > 0).await;
    assert_eq!(two.get::<i32>("local").await, None);
    assert_eq!(two.stats().redis.bus_interruptions, interruptions);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_after_a_planned_failover_all_listen_at_the_new_master() {
    let cluster = Cluster::with_replicas();
    let bus = cluster.bus_owner("shop");
    let nodes = [node(&cluster).await, node(&cluster).await];
    works(&nodes, "before").await;
    local(&nodes[1], "local").await;
    let interruptions = nodes[1].stats().redis.bus_interruptions;
    cluster.fail_over(bus + 3);
    until_all_at(&cluster, bus + 3, &nodes).await;
    assert_eq!(subscribers(&cluster, bus), 0, "the old master");
    // The server knows of the subscription before the node does.
    until("it notices", || {
        nodes[1].stats().redis.bus_interruptions > interruptions
    })
    .await;
    works(&nodes, "after").await;
    nodes[0].invalidate_tags(["local"]).await;
    until("it has heard", || {
        nodes[0].stats().redis.queued_invalidations == 0
    })
    .await;
    assert_eq!(nodes[1].get::<i32>("local").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_is_killed_is_replaced() {
    let cluster = Cluster::with_replicas();
    let bus = cluster.bus_owner("shop");
    let nodes = [node(&cluster).await, node(&cluster).await];
    works(&nodes, "before").await;
    cluster.servers[bus].kill();
    // No call waits for the new master.
    let policy = Policy::new();
    for node in &nodes {
        let value = node.get_or_compute("alone", &policy, || async { 3 }).await;
        assert_eq!(value, 3);
    }
    until_all_at(&cluster, bus + 3, &nodes).await;
    works(&nodes, "after").await;
}
