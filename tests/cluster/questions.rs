//! Questions to all processes over a Redis Cluster.

use std::time::Duration;

use cachekit::Policy;
use cachekit_tests::cluster::Cluster;

use crate::world::{built, node, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_process_answers_for_itself() {
    let cluster = Cluster::start();
    let nodes = [node(&cluster).await, node(&cluster).await];
    let asker = built(settings(&cluster).answers(false)).await;
    for (calls, node) in [3, 2].into_iter().zip(&nodes) {
        for _ in 0..calls {
            node.get_or_compute("price", &Policy::new(), || async { 7 })
                .await;
        }
    }
    let found = asker.ask_stats(Duration::from_secs(60)).await;
    let answers = found.expect("Redis answers");
    assert_eq!((answers.nodes.len(), answers.silent), (2, 0));
    let mut calls: Vec<_> = answers.read().map(|(_, it)| it.calls()).collect();
    calls.sort_unstable();
    assert_eq!(calls, [2, 3]);
}
