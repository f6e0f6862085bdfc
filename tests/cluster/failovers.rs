//! A master of entries, which does not have the bus, is replaced: what it had, and what replaces it.

use cachekit::{Cache, OnNewMaster, Policy, Tier};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::{becomes, until};

use crate::world::{built, key_at, node, settings, tag_at, works};

fn policy(tag: &str) -> Policy {
    Policy::new().tier(Tier::Redis).tag(tag)
}

/// The number of a master that does not have the bus.
fn other_than_bus(cluster: &Cluster) -> usize {
    (cluster.bus_owner("shop") + 1) % 3
}

/// Waits until the replica of this master has what the master has.
fn replicated(cluster: &Cluster, master: usize) {
    let replicas = cluster.servers[master].client().int(&["WAIT", "1", "5000"]);
    assert_eq!(replicas, 1);
}

/// Waits until entries are stored under `key` again, by the master that has its slot now.
async fn stored_anew(node: &Cache, key: &str) {
    let stores = node.stats().redis.stores;
    let is_stored = async || {
        node.invalidate(key).await;
        let policy = policy("anew");
        node.get_or_compute(key, &policy, || async { 0 }).await;
        node.stats().redis.stores > stores
    };
    // A failover takes longer than one wait.
    let is_anew = becomes(&is_stored).await || becomes(&is_stored).await;
    assert!(is_anew, "nothing is stored: {:?}", node.stats().redis);
}

/// The values of an entry at a master that fails over, and of an entry with a tag there: 1 if the new
/// master's data set counts, and 2 if it does not.
async fn after_failover(on_new_master: OnNewMaster) -> [i32; 2] {
    let cluster = Cluster::with_replicas();
    let failing = other_than_bus(&cluster);
    let steady = cluster.bus_owner("shop");
    let node = built(settings(&cluster).on_new_master(on_new_master)).await;
    let entries = [
        (key_at(&cluster, failing), tag_at(&cluster, steady)),
        (key_at(&cluster, steady), tag_at(&cluster, failing)),
    ];
    for (key, tag) in &entries {
        node.put(key, 1, &policy(tag)).await;
    }
    until("both are stored", || node.stats().redis.stores == 2).await;
    replicated(&cluster, failing);
    cluster.fail_over(failing + 3);
    let wanted = format!("redis://{}", cluster.addr(failing + 3));
    until("it is connected to the new master", || {
        let server = node.stats().redis.server.unwrap_or_default();
        server.split(',').any(|it| it == wanted)
    })
    .await;
    let mut values = [0; 2];
    for ((key, tag), value) in entries.iter().zip(&mut values) {
        *value = node.get_or_compute(key, &policy(tag), || async { 2 }).await;
    }
    values
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_after_a_failover_entries_are_misses_and_so_is_what_depends_on_its_versions() {
    assert_eq!(after_failover(OnNewMaster::Clear).await, [2, 2]);
    assert_eq!(after_failover(OnNewMaster::Replay).await, [1, 1]);
}

/// The old master comes back at its port, as a replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_at_the_port_of_the_old_master_is_not_used() {
    let cluster = Cluster::with_replicas();
    let failing = other_than_bus(&cluster);
    let nodes = [node(&cluster).await, node(&cluster).await];
    works(&nodes, "before").await;
    let key = key_at(&cluster, failing);
    cluster.servers[failing].kill();
    for node in &nodes {
        let value = node
            .get_or_compute(&key, &policy("t"), || async { 3 })
            .await;
        assert_eq!(value, 3, "no call waits for the new master");
    }
    stored_anew(&nodes[0], &key).await;
    cluster.servers[failing].restart();
    cluster.wait_until_whole();
    assert!(cluster.is_master(failing + 3) && !cluster.is_master(failing));
    // A node that is built now asks the replica too.
    let late = node(&cluster).await;
    works(&[late, nodes[0].clone(), nodes[1].clone()], "after").await;
    stored_anew(&nodes[1], &key).await;
    let replica = format!("redis://{}", cluster.addr(failing));
    for node in &nodes {
        let server = node.stats().redis.server.unwrap_or_default();
        assert!(server.split(',').all(|it| it != replica), "{server}");
    }
}

/// Without all slots, each master refuses all commands with `CLUSTERDOWN`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_down_is_an_outage_that_ends() {
    let cluster = Cluster::start();
    let node = node(&cluster).await;
    node.put("a", 1, &policy("t")).await;
    let mut lost = (0..16_384_u16).filter(|slot| cluster.owner(*slot) == 0);
    let lost = lost.next().expect("a slot").to_string();
    for server in &cluster.servers {
        server.client().run(&["CLUSTER", "DELSLOTS", &lost]);
    }
    until("the bus ends", || !node.stats().redis.is_bus_live).await;
    let value = node.get_or_compute("a", &policy("t"), || async { 2 }).await;
    assert_eq!(value, 2, "without Redis");
    node.invalidate_tags(["t"]).await;
    assert!(node.stats().redis.queued_invalidations > 0);
    cluster.servers[0]
        .client()
        .run(&["CLUSTER", "ADDSLOTS", &lost]);
    cluster.wait_until_whole();
    until("what was put off is sent", || {
        let redis = node.stats().redis;
        redis.is_bus_live && redis.queued_invalidations == 0
    })
    .await;
    stored_anew(&node, "a").await;
    let value = node.get_or_compute("a", &policy("t"), || async { 3 }).await;
    assert_ne!(value, 1, "it was invalidated meanwhile");
}
