//! Nodes of which most die at once: those that are left carry out the marks of the dead ones.

use cachekit::invalidates;
use cachekit::testing::{FakeStore, scope};
use cachekit_tests::{Gate, poll_once, settle};

use crate::world::{node, sleep};

/// More nodes than a machine has processes, and fewer than take turns.
const NODES: usize = 40;

#[invalidates(key = "many_dead")]
async fn write(body: &Gate) {
    body.pass().await;
}

/// The dead ones count as nodes for a while yet. If the sweeps were shared among so many, the one
/// that is left would seldom take its turn.
#[tokio::test(start_paused = true)]
async fn the_last_one_sweeps_at_every_beat() {
    let store = FakeStore::new();
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(node(&store).await);
    }
    // Each has said hello more than once.
    sleep(1_500).await;
    let body = Gate::new();
    let mut writing = Box::pin(scope(nodes[0].clone(), write(&body)));
    while body.waiting() == 0 {
        assert!(poll_once(writing.as_mut()).is_pending());
        settle().await;
    }
    (0..NODES - 1).for_each(|dead| store.kill(dead));
    sleep(2_000).await;
    let redis = nodes[NODES - 1].stats().redis;
    assert_eq!(redis.swept, 1);
    assert!(redis.sweep_rounds >= 7, "eight beats: {redis:?}");
}
