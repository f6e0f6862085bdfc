//! Versions that a process remembers: they confirm entries, and end with the messages that name them.

use cachekit::testing::Fault;
use cachekit::{Cache, Policy, Tier};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::until;

use crate::world::{built, node, settings};

/// In Redis only, so that each look-up compares versions.
fn policy(tag: &str) -> Policy {
    Policy::new().tier(Tier::Redis).tag(tag)
}

async fn put(node: &Cache, keys: &[&str], tag: &str) {
    for key in keys {
        node.put(key, 1, &policy(tag)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_what_another_node_invalidated_is_not_confirmed() {
    let cluster = Cluster::start();
    let (one, other) = (node(&cluster).await, node(&cluster).await);
    for round in 0..20 {
        // Tags are at different masters from round to round.
        let tag = format!("t:{round}");
        put(&other, &["a", "b"], &tag).await;
        assert_eq!(read(&one, "a", &tag).await, 1);
        assert!(other.invalidation().acknowledged().tags([&tag]).await);
        assert_eq!(read(&one, "b", &tag).await, 2, "{round}");
        other.invalidate_tags([&tag]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_what_a_node_itself_invalidated_is_not_confirmed() {
    let cluster = Cluster::start();
    let one = node(&cluster).await;
    for round in 0..20 {
        let tag = format!("t:{round}");
        put(&one, &["a", "b"], &tag).await;
        assert_eq!(read(&one, "a", &tag).await, 1);
        one.invalidate_tags([&tag]).await;
        assert_eq!(read(&one, "b", &tag).await, 2, "{round}");
        one.invalidate_tags([&tag]).await;
    }
}

/// The value under `key`, which is 2 if Redis has none.
async fn read(node: &Cache, key: &str, tag: &str) -> i32 {
    let policy = policy(tag);
    node.get_or_compute(key, &policy, || async { 2 }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_a_node_that_hears_nothing_confirms_until_its_trust_ends() {
    let cluster = Cluster::start();
    let other = node(&cluster).await;
    let deaf = built(settings(&cluster).seed(Fault::Deaf)).await;
    put(&other, &["a", "b"], "t").await;
    assert_eq!(read(&deaf, "a", "t").await, 1);
    other.invalidate_tags(["t"]).await;
    assert_eq!(read(&deaf, "b", "t").await, 1, "it remembers the version");
    let bus = cluster.bus_owner("shop");
    let slot = cluster.slot("{shop:bus}");
    let moving = cluster.begin_move(slot, bus, (bus + 1) % 3);
    until("no heartbeat comes back", || {
        !deaf.stats().redis.is_bus_live
    })
    .await;
    assert_eq!(read(&deaf, "b", "t").await, 2, "it asks Redis");
    moving.give_up();
}
