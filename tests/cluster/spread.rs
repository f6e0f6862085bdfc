//! The share of each master in the commands, counted by a proxy before each master.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::{Cache, cached, testing};
use cachekit_tests::cluster::{Cluster, Options};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::until;

use crate::world::{built, settings};

/// The value that all functions compute.
static SOURCE: AtomicU64 = AtomicU64::new(1);

fn source() -> u64 {
    SOURCE.load(Ordering::SeqCst)
}

// With a tag that all entries share, each store has a command for the master of the tag.
#[cached(key = "lone:{id}", name = "lone", tags = ["row:{id}"], tier = redis)]
async fn lone(id: u64) -> u64 {
    let _ = id;
    source()
}

#[cached(key = "four:{id}", name = "four", tags = ["four"], tier = redis, replicas = 4)]
async fn four(id: u64) -> u64 {
    let _ = id;
    source()
}

#[cached(key = "eight:{id}", name = "eight", tags = ["eight"], tier = redis, replicas = 8)]
async fn eight(id: u64) -> u64 {
    let _ = id;
    source()
}

fn cluster(masters: usize) -> Cluster {
    Cluster::with(&Options {
        masters,
        has_proxies: true,
        ..Options::default()
    })
}

/// A node whose heartbeats do not count, and that looks for no marks of dead processes.
async fn node(cluster: &Cluster) -> Cache {
    let settings = settings(cluster).intents(false);
    built(settings.bus_timeout(Duration::from_secs(3600))).await
}

async fn read(cache: &Cache, copies: usize) -> u64 {
    let scoped = cache.clone();
    let got = match copies {
        1 => testing::scope(scoped, lone(1)).await,
        4 => testing::scope(scoped, four(1)).await,
        _ => testing::scope(scoped, eight(1)).await,
    };
    // Callers do not wait for the store.
    let is_idle = || cache.stats().background.running == 0;
    until("it is stored", is_idle).await;
    got
}

/// So many draws meet each of eight copies.
const MANY: usize = 200;

/// Reads until each copy is there. Each call gets `wanted`.
async fn fill(cache: &Cache, copies: usize, wanted: u64) {
    for _ in 0..MANY {
        assert_eq!(read(cache, copies).await, wanted, "{copies}");
    }
}

/// The share of the busiest master in the commands since the proxies were cleared, in percent, and
/// the number of masters that got a command.
fn busiest(cluster: &Cluster) -> (usize, usize) {
    let count = |proxy: &Proxy| proxy.commands().len();
    let counts: Vec<usize> = cluster.proxies.iter().map(count).collect();
    let most = counts.iter().max().copied().unwrap_or_default();
    let used = counts.iter().filter(|count| **count > 0).count();
    (most * 100 / counts.iter().sum::<usize>(), used)
}

fn clear(cluster: &Cluster) {
    cluster.proxies.iter().for_each(Proxy::clear);
}

/// The names in Redis of an entry's copies.
fn present(cluster: &Cluster, key: &str) -> Vec<String> {
    let pattern = format!("shop:[ck]*{key}*");
    let names = |number: usize| cluster.servers[number].client().keys(&pattern);
    (0..cluster.servers.len()).flat_map(names).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_of_a_hot_entry_are_read_at_several_masters_and_go_with_its_key() {
    let cluster = cluster(3);
    let (one, other) = (node(&cluster).await, node(&cluster).await);
    for (copies, key, share, used) in [
        (1, "lone:1", 100, 1),
        (4, "four:1", 50, 3),
        (8, "eight:1", 38, 3),
    ] {
        SOURCE.store(1, Ordering::SeqCst);
        fill(&one, copies, 1).await;
        assert_eq!(present(&cluster, key).len(), copies, "{key}");
        clear(&cluster);
        for _ in 0..1_000 {
            read(&one, copies).await;
        }
        let (busiest, masters) = busiest(&cluster);
        assert!(busiest.abs_diff(share) < 8, "{copies}: {busiest} %");
        assert_eq!(masters, used, "{copies}");
        SOURCE.store(2, Ordering::SeqCst);
        // A process that has not called the function.
        let heard = one.stats().redis.messages;
        other.invalidate(key).await;
        until("it has heard", || one.stats().redis.messages > heard).await;
        fill(&one, copies, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_entries_are_spread_over_all_masters() {
    const KEYS: u64 = 600;
    for masters in [1, 3, 6] {
        let cluster = cluster(masters);
        let cache = node(&cluster).await;
        for what in ["misses", "hits"] {
            clear(&cluster);
            for id in 0..KEYS {
                testing::scope(cache.clone(), lone(id)).await;
            }
            let is_idle = || cache.stats().background.running == 0;
            until("all are stored", is_idle).await;
            let (busiest, used) = busiest(&cluster);
            assert_eq!(used, masters, "{what}");
            let even = 100 / masters;
            assert!(busiest <= even * 5 / 4, "{masters}, {what}: {busiest} %");
        }
        assert_eq!(cache.stats().redis_hits, KEYS);
    }
}
