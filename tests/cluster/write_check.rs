//! A master that takes no writes: another one may have its slots, and get the invalidations.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, Policy, SourceTier};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::Reply;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{becomes, until};

use crate::world::{built, key_at, settings, source, until_from_redis};

const BUS_TIMEOUT: Duration = Duration::from_millis(400);

/// Returns `true` if a node still reads from a master that refuses writes.
async fn reads_on(fault: Option<Fault>) -> bool {
    let cluster = Cluster::start();
    let bus = cluster.bus_owner("shop");
    let owner = |key: &String| cluster.owner(cluster.slot(&format!("shop:k:{{{key}}}")));
    let mut keys = (0..).map(|number| format!("k{number}"));
    let key = keys.find(|key| owner(key) != bus).expect("a key");
    let other = built(settings(&cluster)).await;
    other.put(&key, 1, &Policy::new()).await;
    let settings = settings(&cluster).bus_timeout(BUS_TIMEOUT);
    let settings = match fault {
        Some(fault) => settings.seed(fault),
        None => settings,
    };
    let node = built(settings).await;
    let mut client = cluster.servers[owner(&key)].client();
    let refuse = ["CONFIG", "SET", "min-replicas-to-write", "1"];
    assert_eq!(client.run(&refuse), Reply::Text("OK".to_owned()));
    tokio::time::sleep(BUS_TIMEOUT).await;
    let is_read = reads(&node, &key).await;
    let accept = ["CONFIG", "SET", "min-replicas-to-write", "0"];
    assert_eq!(client.run(&accept), Reply::Text("OK".to_owned()));
    drop(node);
    is_read
}

async fn reads(node: &Cache, key: &str) -> bool {
    let hits = node.stats().redis_hits;
    let policy = Policy::new();
    let is_read = node.get_or_compute(key, &policy, || async { 2 }).await == 1;
    assert_eq!(is_read, node.stats().redis_hits > hits);
    is_read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_master_that_takes_no_writes_is_not_read_from() {
    assert!(!reads_on(None).await);
    assert!(reads_on(Some(Fault::ReadUnchecked)).await);
}

/// A master that cannot save refuses writes and stays the master. Invalidations for it wait, those for
/// the others are sent, and its reads do not open the circuit breaker of all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_a_master_that_refuses_writes_holds_up_no_other() {
    let cluster = Cluster::start();
    let bus = cluster.bus_owner("shop");
    let all = cluster.owner(cluster.slot("shop:all"));
    let refusing = (0..3).find(|it| ![bus, all].contains(it));
    let refusing = refusing.expect("a third one");
    let other = key_at(&cluster, bus);
    let owner = |key: &String| cluster.owner(cluster.slot(&format!("shop:k:{{{key}}}")));
    let refused = (0..).map(|number| format!("r{number}"));
    let refused = refused.filter(|key| owner(key) == refusing);
    let refused: Vec<String> = refused.take(20).collect();
    let node = built(settings(&cluster).bus_timeout(BUS_TIMEOUT)).await;
    // The first grant reads the guards at all masters.
    source(&node, &other).await;
    until("the value is stored", || node.stats().redis.stores == 1).await;
    cluster.servers[refusing].fail_to_save();
    tokio::time::sleep(BUS_TIMEOUT).await;
    let mut calls = tokio::task::JoinSet::new();
    for key in refused.clone() {
        let node = node.clone();
        calls.spawn(async move { source(&node, &key).await });
    }
    for tier in calls.join_all().await {
        assert_eq!(tier, SourceTier::Computed);
    }
    assert_eq!(node.stats().redis.breaker_openings, 0);
    node.invalidation().keys([&refused[0], &other]).await;
    assert!(until_from_redis(&node, &other).await);
    let waiting = || node.stats().redis.queued_invalidations;
    assert!(waiting() > 0);
    cluster.servers[refusing].save_again();
    until("none waits", || waiting() == 0).await;
    assert!(until_from_redis(&node, &refused[0]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_is_used_while_the_slot_of_the_test_moves() {
    let cluster = Cluster::start();
    let node = built(settings(&cluster).bus_timeout(BUS_TIMEOUT)).await;
    let bus = cluster.bus_owner("shop");
    let tested = cluster.slot("{shop:bus}:beat");
    let owner = |key: &String| cluster.owner(cluster.slot(&format!("shop:k:{{{key}}}")));
    let mut keys = (0..).map(|number| format!("k{number}"));
    let key = keys.find(|key| owner(key) == bus).expect("a key");
    node.put(&key, 1, &Policy::new()).await;
    let other = built(settings(&cluster).bus_timeout(BUS_TIMEOUT)).await;
    let moving = cluster.begin_move(tested, bus, (bus + 1) % 3);
    tokio::time::sleep(BUS_TIMEOUT).await;
    // The pipeline that finds out fails.
    let is_used = becomes(async || other.get::<i32>(&key).await == Some(1));
    assert!(is_used.await, "it reads nothing");
    moving.end();
    until("it is live again", || other.stats().redis.is_bus_live).await;
}
