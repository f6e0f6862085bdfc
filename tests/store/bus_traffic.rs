//! The messages of the bus, counted over many nodes.

use std::time::{Duration, Instant};

use cachekit::Cache;
use cachekit::testing::FakeStore;
use cachekit_tests::settle;
use tokio::time::advance;

use crate::world::settings;

const TIMEOUT: Duration = Duration::from_secs(1);

/// Heartbeats of a node in each `bus_timeout`. Each comes back to the node that sent it.
const BEATS: u64 = 4;

/// Every so many heartbeats, a node says hello to all nodes.
const BEATS_FOR_HELLO: u64 = 3;

/// The time that the test counts, in `bus_timeout`: all heartbeats with hellos are in it, whichever
/// come first.
const ROUNDS: u64 = 3;

/// Invalidations of one key in the counted time.
const INVALIDATIONS: u64 = 1_200;

/// The number of nodes: 40, unless `CACHEKIT_NODES` says another one.
fn nodes() -> u64 {
    let nodes = std::env::var("CACHEKIT_NODES").ok();
    nodes.map_or(40, |nodes| nodes.parse().expect("a number of nodes"))
}

/// The sum over all nodes is what one server has to send. What one node receives grows with the
/// number of nodes only by the hellos.
#[tokio::test(start_paused = true)]
async fn the_bus_carries_as_many_messages_as_the_documents_say() {
    let (nodes, store) = (nodes(), FakeStore::new());
    let mut caches: Vec<Cache> = vec![];
    for number in 0..nodes {
        let builder = settings(&store).__seed_random(number + 1);
        let builder = builder.bus_timeout(TIMEOUT);
        caches.push(builder.build().await.expect("a valid set-up"));
    }
    pass(2 * TIMEOUT).await;
    let live = caches.iter().filter(|it| it.stats().redis.is_bus_live);
    assert_eq!(live.count() as u64, nodes);

    store.count_messages();
    pass(u32::try_from(ROUNDS).expect("few") * TIMEOUT).await;
    let (idle, beats) = (store.traffic(), BEATS * ROUNDS * nodes);
    let hellos = beats / BEATS_FOR_HELLO;
    assert_eq!(idle.sent, beats + hellos);
    assert_eq!(idle.arrived, beats + hellos * nodes);

    store.count_messages();
    let start = Instant::now();
    for number in 0..INVALIDATIONS {
        let cache = &caches[usize::try_from(number % nodes).expect("few")];
        cache.invalidate(&format!("user:{number}")).await;
    }
    let took = start.elapsed();
    let load = store.traffic();
    assert_eq!(
        (load.sent, load.arrived),
        (INVALIDATIONS, INVALIDATIONS * nodes)
    );
    println!(
        "{nodes} nodes: {} messages a second and node without invalidations; \
         an invalidation of one key has {} bytes, and took {:?} for each node",
        idle.arrived / nodes / ROUNDS,
        load.bytes / load.arrived,
        took / u32::try_from(load.arrived).expect("few enough"),
    );
}

/// Lets time pass, in steps that are short enough for every heartbeat.
async fn pass(length: Duration) {
    let end = tokio::time::Instant::now() + length;
    while tokio::time::Instant::now() < end {
        advance(Duration::from_millis(10)).await;
        settle().await;
    }
}
