//! Marks of open writes: the writes of a node that is gone are finished by another one.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, cached, invalidates, testing};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::{Gate, poll_once, settle, until};
use tokio::runtime::{Builder, Runtime};

use crate::world::{built, settings};

#[cached(key = "opened:{id}", name = "cluster_opened", ttl = "1h", tier = redis)]
async fn row(id: u64) -> u64 {
    id
}

#[invalidates(row(1))]
async fn write_at(gate: &Gate) {
    gate.pass().await;
}

/// A node on a runtime of its own, which a test ends as a kill ends a process: the node says nothing.
fn mortal(settings: CacheBuilder) -> (Runtime, Cache) {
    let on_its_own = std::thread::spawn(move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let node = runtime.block_on(built(settings));
        (runtime, node)
    });
    on_its_own.join().expect("a node")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_the_writes_of_a_node_that_is_gone_are_finished_when_their_time_is_over() {
    let cluster = Cluster::start();
    let settings = || settings(&cluster).intent(Duration::from_secs(1));
    let other = built(settings()).await;
    testing::scope(other.clone(), row(1)).await;
    until("the value is stored", || other.stats().redis.stores == 1).await;
    let (runtime, one) = mortal(settings());
    let of_bus = &cluster.servers[cluster.bus_owner("shop")];
    let marks = || of_bus.client().int(&["ZCARD", "{shop:bus}:intents"]);
    let entry = "shop:k:{opened:1}";
    let of_entry = &cluster.servers[cluster.owner(cluster.slot(entry))];
    let is_there = || of_entry.client().int(&["EXISTS", entry]) == 1;
    let gate = Gate::new();
    let mut writing = Box::pin(testing::scope(one.clone(), write_at(&gate)));
    while gate.waiting() == 0 {
        assert!(poll_once(writing.as_mut()).is_pending());
        settle().await;
    }
    until("the mark is there", || marks() == 1).await;
    assert!(is_there());
    runtime.shutdown_background();
    until("the entry is gone", || !is_there()).await;
    until("it is counted", || other.stats().redis.swept > 0).await;
    // A node that is dropped ends its write.
    std::mem::forget((writing, one));
}
