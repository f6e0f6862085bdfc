//! A master is away, and the entries of the others are served from Redis all the same.

use std::time::Duration;

use cachekit::SourceTier;
use cachekit_tests::cluster::{Cluster, Options};

use crate::world::{built, settings, source, until_from_redis};

/// A cluster, and the number of a master that has neither the version of everything nor the bus. It
/// stays the master for as long as a test runs.
fn with_spare_master() -> (Cluster, usize) {
    let cluster = Cluster::with(&Options {
        node_timeout: 60_000,
        ..Options::default()
    });
    let used = [cluster.slot("shop:all"), cluster.slot("{shop:bus}")];
    let used = used.map(|slot| cluster.owner(slot));
    let spare = (0..3).find(|it| !used.contains(it)).expect("a third one");
    (cluster, spare)
}

/// So many keys whose master `is_meant` accepts.
fn keys(cluster: &Cluster, is_meant: impl Fn(usize) -> bool, count: usize) -> Vec<String> {
    let owner = |key: &String| cluster.owner(cluster.slot(&format!("shop:k:{{{key}}}")));
    let keys = (0..).map(|number| format!("k{number}"));
    keys.filter(|key| is_meant(owner(key)))
        .take(count)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_the_entries_of_other_masters_are_served_while_an_invalidation_waits() {
    let (cluster, away) = with_spare_master();
    let of_away = keys(&cluster, |owner| owner == away, 8);
    let [other] = &keys(&cluster, |owner| owner != away, 1)[..] else {
        unreachable!("one was asked for");
    };
    let settings = settings(&cluster).redis_timeout(Duration::from_millis(200));
    let node = built(settings).await;
    assert!(until_from_redis(&node, other).await);
    cluster.servers[away].freeze();
    // Enough calls fail at once to open the circuit breaker.
    let mut calls = tokio::task::JoinSet::new();
    for key in of_away.clone() {
        let node = node.clone();
        calls.spawn(async move { source(&node, &key).await });
    }
    node.invalidate(&of_away[0]).await;
    for tier in calls.join_all().await {
        assert_eq!(tier, SourceTier::Computed);
    }
    assert_eq!(node.stats().redis.breaker_openings, 1);
    assert!(until_from_redis(&node, other).await);
    assert!(node.stats().redis.queued_invalidations > 0);
    cluster.servers[away].thaw();
    assert!(until_from_redis(&node, &of_away[0]).await);
}

/// Concurrent invalidations of a master that refuses them let no other fail.
#[tokio::test]
async fn concurrent_invalidations_of_other_masters_are_accepted() {
    let (cluster, away) = with_spare_master();
    let of_away = keys(&cluster, |owner| owner == away, 4);
    let others = keys(&cluster, |owner| owner != away, 16);
    let node = built(settings(&cluster)).await;
    cluster.servers[away].fail_to_save();
    // The first ones wait for answers, so that the others would join a batch.
    let invalidated = others[..8].iter().chain(&of_away).chain(&others[8..]);
    let calls: Vec<_> = invalidated
        .cloned()
        .map(|key| {
            let node = node.clone();
            tokio::spawn(async move { node.invalidate(&key).await })
        })
        .collect();
    for call in calls {
        call.await.expect("it returns");
    }
    let redis = node.stats().redis;
    assert_eq!(redis.failures, of_away.len() as u64);
    assert_eq!(redis.queued_invalidations, of_away.len());
}
