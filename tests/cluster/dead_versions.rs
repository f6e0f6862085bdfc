//! Invalidations while a value is computed: the value is served to no later call.

use cachekit::testing::scope;
use cachekit::{Cache, cached};
use cachekit_tests::Source;
use cachekit_tests::cluster::Cluster;
use cachekit_tests::until;

use crate::world::node;

#[cached(key = "row:{id}", name = "cluster_row", tier = redis, tags = ["rows:{id}", "shelf:{ret}"], skip(source))]
async fn row(source: &Source, id: u64) -> u64 {
    let _ = id;
    source.read().await
}

async fn read(cache: &Cache, source: &Source, id: u64) -> u64 {
    scope(cache.clone(), row(source, id)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_what_began_before_an_invalidation_is_served_to_no_later_call() {
    let cluster = Cluster::start();
    let [one, other] = [node(&cluster).await, node(&cluster).await];
    // Tags and entries are at different masters from round to round.
    for id in 0..24 {
        let source = Source::default();
        source.write(1);
        let running = tokio::spawn(scope(one.clone(), {
            let source = source.clone();
            async move { row(&source, id).await }
        }));
        source.gate.arrived().await;
        source.write(2);
        match id % 4 {
            0 => other.invalidate(&format!("row:{id}")).await,
            1 => other.invalidate_tags([format!("rows:{id}")]).await,
            2 => other.invalidate_tags(["shelf:1"]).await,
            _ => assert!(other.invalidate_function("cluster_row").await),
        }
        source.gate.open_for_all();
        assert_eq!(running.await.expect("no panic"), 1, "it began before");
        until("the store is answered", || {
            one.stats().background.running == 0
        })
        .await;
        for node in [&one, &other] {
            assert_eq!(read(node, &source, id).await, 2, "{id}");
        }
        // One computation for the call before, and at most one that was refused.
        let runs = source.runs();
        assert!((2..=3).contains(&runs), "{id}: {runs}");
    }
}
