//! A sentinel that names the wrong server is not believed: the server has to be the master.

use cachekit::testing::Fault;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::sentinel::{self, Sentinel};
use cachekit_tests::until;

use crate::world::{is_at, settings, subscribers};

/// A master, its replica, and a sentinel for each that takes it for the master.
fn disagreeing() -> (Redis, Redis, Vec<Sentinel>) {
    let mut servers = sentinel::servers(&[], |master| master);
    let (master, replica) = (servers.remove(0), servers.remove(0));
    // They do not find each other: each watches a server of its own.
    let lines = sentinel::lines(&sentinel::Options {
        down_after: 60_000,
        ..Default::default()
    });
    let sentinels = vec![
        Sentinel::start(replica.addr(), &lines),
        Sentinel::start(master.addr(), &lines),
    ];
    (master, replica, sentinels)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_both_connections_pass_a_replica_over() {
    let (master, replica, sentinels) = disagreeing();
    for _ in 0..5 {
        let url = sentinel::url(&sentinels, "");
        let node = settings(&url).build().await.expect("a valid set-up");
        until("it is connected", || is_at(&node, master.addr())).await;
        assert_eq!(subscribers(&replica), 0);
        assert!(subscribers(&master) > 0);
        node.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_alone_is_not_used() {
    let (_master, replica, sentinels) = disagreeing();
    let url = sentinel::url(&sentinels[..1], "");
    let node = settings(&url).build().await.expect("it may be promoted");
    let redis = node.stats().redis;
    assert!(!redis.is_up && redis.server.is_none(), "{redis:?}");
    assert_eq!(subscribers(&replica), 0);
    let trusting = settings(&url).seed(Fault::TrustSentinel);
    let trusting = trusting.build().await.expect("it may be promoted");
    until("the guard makes the difference", || {
        subscribers(&replica) == 1
    })
    .await;
    drop(trusting);
    replica.client().run(&["REPLICAOF", "NO", "ONE"]);
    until("it is promoted", || is_at(&node, replica.addr())).await;
}
