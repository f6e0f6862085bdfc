//! A server that comes back as another one.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, OnDisconnect, OnNewMaster, Policy};
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::scripts::Seed as _;

use crate::world::{node, settings, until};

/// Gives `redis` a replica for a while: ever since, what it saves names two replications.
async fn once_had_a_replica(redis: &Redis) {
    let port = redis.addr().port().to_string();
    let replica = Redis::with(&["--replicaof", "127.0.0.1", &port]);
    let mut client = redis.client();
    until("the replica follows", || {
        client
            .info("replication", "connected_slaves")
            .is_some_and(|count| count == "1")
            && replica
                .client()
                .info("replication", "master_link_status")
                .is_some_and(|status| status == "up")
    })
    .await;
    replica.kill();
    until("the replica is gone", || {
        client
            .info("replication", "connected_slaves")
            .is_some_and(|count| count == "0")
    })
    .await;
}

/// A master is restarted from a snapshot that is older than an invalidation, whose issuer is
/// gone. What a node that was there all the time gets, and a new one.
async fn restored(policy: OnNewMaster) -> [Option<i32>; 2] {
    let quickly = ["--repl-diskless-sync-delay", "0"];
    let redis = Redis::with(&[&["--dbfilename", "old.rdb"][..], &quickly].concat());
    once_had_a_replica(&redis).await;
    let build = async |url: &str| -> Cache {
        let builder = settings(url).on_new_master(policy);
        builder.build().await.expect("a valid set-up")
    };
    let witness = build(&redis.url()).await;
    let issuer = node(&redis.url()).await;
    issuer.put("k", 1, &Policy::new()).await;
    until("it is saved", || {
        // Not while it is being saved for the replica.
        !matches!(redis.client().run(&["SAVE"]), Reply::Error(_))
    })
    .await;
    issuer.invalidate("k").await;
    until("the witness has heard", || {
        witness.stats().redis.messages == 2
    })
    .await;
    drop(issuer);
    redis.kill();
    redis.restart();
    until("it looks like a replica that was promoted", || {
        let second = redis.client().info("replication", "master_replid2");
        second.is_some_and(|id| id.chars().any(|digit| digit != '0'))
    })
    .await;
    assert_eq!(redis.client().int(&["EXISTS", "shop:k:k"]), 1);
    until("it is there again", || witness.stats().redis.is_up).await;
    // It may be told at the same moment that it has messages again.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let fresh = build(&redis.url()).await;
    [witness.get("k").await, fresh.get("k").await]
}

#[tokio::test]
async fn r2_a_restart_from_an_old_snapshot_is_not_taken_for_a_promotion() {
    assert_eq!(restored(OnNewMaster::Clear).await, [None, None]);
    assert_eq!(
        restored(OnNewMaster::Replay).await,
        [Some(1), Some(1)],
        "the guard is what makes the difference"
    );
}

const TIMEOUT: Duration = Duration::from_millis(100);

/// Whether a node goes on trusting its memory for long after `change` of its server's settings.
async fn goes_on(change: &[&str], fault: Option<Fault>) -> bool {
    let redis = Redis::start();
    let builder = settings(&redis.url())
        .bus_timeout(TIMEOUT)
        .on_disconnect(OnDisconnect::Bypass);
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    let cache = builder.build().await.expect("a valid set-up");
    until("it is heard", || cache.stats().redis.is_bus_live).await;
    let reply = redis.client().run(change);
    assert!(!matches!(reply, Reply::Error(_)), "{change:?}: {reply:?}");
    tokio::time::sleep(TIMEOUT * 3).await;
    let goes_on = cache.stats().redis.is_bus_live;
    if !goes_on {
        // Nor does it read there.
        until("it is left", || !cache.stats().redis.is_up).await;
    }
    goes_on
}

#[tokio::test]
async fn g5_a_server_whose_place_another_may_have_taken_is_not_heard() {
    let demoted = ["REPLICAOF", "127.0.0.1", "1"];
    let cut_off = ["CONFIG", "SET", "min-replicas-to-write", "1"];
    for change in [&demoted[..], &cut_off] {
        assert!(!goes_on(change, None).await, "{change:?}");
        let without = goes_on(change, Some(Fault::EchoWithoutWrite)).await;
        assert!(without, "{change:?}: it goes on passing messages on");
    }
    let full = ["CONFIG", "SET", "maxmemory", "1"];
    assert!(goes_on(&full, None).await, "it takes removals");
}

/// A server that cannot save refuses invalidations too, so what it has may be old.
#[tokio::test]
async fn g5_a_server_that_cannot_save_is_not_read_from() {
    let redis = Redis::start();
    let node = || async {
        let builder = settings(&redis.url()).bus_timeout(TIMEOUT);
        let built = builder.on_disconnect(OnDisconnect::Bypass).build().await;
        built.expect("a valid set-up")
    };
    let (one, other) = (node().await, node().await);
    one.put("k", 1, &Policy::new()).await;
    assert_eq!(other.get::<i32>("k").await, Some(1));
    redis.fail_to_save();
    until("it is left", || {
        let redis = other.stats().redis;
        !redis.is_up && !redis.is_bus_live
    })
    .await;
    one.invalidate("k").await;
    assert_eq!(other.get::<i32>("k").await, None);
    redis.save_again();
    until("the invalidation is sent", || {
        let (one, other) = (one.stats().redis, other.stats().redis);
        one.queued_invalidations == 0 && one.is_up && other.is_up
    })
    .await;
    assert_eq!(other.get::<i32>("k").await, None);
}
