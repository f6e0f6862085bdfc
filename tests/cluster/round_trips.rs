//! The cost of each step in round trips, over a proxy before each master.
//!
//! All commands of a round are held back at the same time, so none of them waits for another's
//! answer.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use cachekit::{Cache, cached, testing};
use cachekit_tests::cluster::{Cluster, Options};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::until;
use tokio::task::JoinHandle;

use crate::world::{built, settings};

#[cached(key = "price:{id}", name = "price", tags = ["prices"], tier = redis)]
async fn price(id: u64) -> u64 {
    id * 100
}

#[cached(key = "item:{id}", name = "item", tags = ["items", "shelf:{ret.0}"], tier = redis)]
async fn item(id: u64) -> (u64, u64) {
    (id % 3, id)
}

struct World {
    cluster: Cluster,
    cache: Cache,
}

impl World {
    async fn start() -> Self {
        let cluster = Cluster::with(&Options {
            has_proxies: true,
            ..Options::default()
        });
        let cache = quiet(&cluster).await;
        cluster.proxies.iter().for_each(Proxy::clear);
        Self { cluster, cache }
    }

    /// Holds back the first command of each round trip from now on.
    fn hold(&self) {
        for proxy in &self.cluster.proxies {
            let mut seen = HashSet::new();
            proxy.hold_if(move |sent| !sent.is_set_up() && seen.insert(sent.round_trip));
        }
    }

    /// Waits until commands are held back at `masters` and nowhere else, and lets them go.
    async fn round(&self, masters: &BTreeSet<usize>, what: &str) {
        let proxies = || self.cluster.proxies.iter().enumerate();
        let held = || -> BTreeSet<usize> {
            let held = proxies().filter(|(_, proxy)| proxy.holding() > 0);
            held.map(|(number, _)| number).collect()
        };
        until(what, || held().is_superset(masters)).await;
        assert_eq!(held(), *masters, "{what}");
        for number in masters {
            self.cluster.proxies[*number].release_one();
        }
    }

    /// Lets all commands go.
    fn release(&self) {
        for proxy in &self.cluster.proxies {
            proxy.release();
        }
    }

    /// The masters of these names.
    fn masters(&self, names: &[String]) -> BTreeSet<usize> {
        let slots = names.iter().map(|name| self.cluster.slot(name));
        slots.map(|slot| self.cluster.owner(slot)).collect()
    }

    /// The name in the cluster of the version of a tag.
    fn tag(&self, tag: &str) -> String {
        let partition = self.cluster.slot(&format!("t:{tag}")) % 256;
        format!("shop:t:{{{partition:02x}}}{tag}")
    }

    fn versions(&self, function: &str, tag: &str) -> Vec<String> {
        let function = format!("shop:f:{function}");
        vec!["shop:all".to_owned(), function, self.tag(tag)]
    }

    fn bus(&self) -> BTreeSet<usize> {
        [self.cluster.bus_owner("shop")].into()
    }

    /// Begins a call of `price`.
    fn price(&self, id: u64) -> JoinHandle<u64> {
        let cache = self.cache.clone();
        tokio::spawn(testing::scope(cache, price(id)))
    }

    async fn stored(&self, count: u64) {
        until("the value is stored", || {
            self.cache.stats().redis.stores == count
        })
        .await;
    }
}

/// A node that speaks to itself so rarely that only what is asked for is seen, and that looks for no
/// marks of dead processes.
async fn quiet(cluster: &Cluster) -> Cache {
    let settings = settings(cluster).intents(false);
    built(settings.bus_timeout(Duration::from_secs(3600))).await
}

fn entry(key: &str) -> String {
    format!("shop:k:{{{key}}}")
}

fn with(names: &[String], name: String) -> Vec<String> {
    names.iter().cloned().chain([name]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_is_two_before_and_one_after_and_a_hit_is_one() {
    let world = World::start().await;
    let versions = world.versions("price", "prices");
    let one = world.masters(&with(&versions, entry("price:1")));
    world.hold();
    let call = world.price(1);
    world
        .round(&one, "the entry and the versions are read")
        .await;
    // The first grant of a process reads the guards of all partitions.
    let all = (0..world.cluster.servers.len()).collect();
    world.round(&all, "the right to compute is asked for").await;
    assert_eq!(call.await.expect("it ends"), 100);
    // With the entry, the version of the tag is kept longer; the others never end.
    let kept = |key| world.masters(&[world.tag("prices"), entry(key)]);
    world.round(&kept("price:1"), "the value is stored").await;
    world.stored(1).await;
    let hit = world.price(1);
    let own = world.masters(&[entry("price:1")]);
    world.round(&own, "the entry is read").await;
    assert_eq!(hit.await.expect("it ends"), 100);
    assert_eq!(world.cache.stats().redis_hits, 1);
    // Another key: the versions are those that the process remembers.
    let call = world.price(2);
    let own = world.masters(&[entry("price:2")]);
    world.round(&own, "the entry is read").await;
    world.round(&own, "the right to compute is asked for").await;
    assert_eq!(call.await.expect("it ends"), 200);
    world.round(&kept("price:2"), "the value is stored").await;
    world.stored(2).await;
    world.release();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidation_is_two() {
    let world = World::start().await;
    assert_eq!(world.price(1).await.expect("it ends"), 100);
    world.stored(1).await;
    world.hold();
    let names = [vec![entry("price:1")], vec![world.tag("prices")]];
    for (way, names) in names.iter().enumerate() {
        let cache = world.cache.clone();
        let invalidation = tokio::spawn(async move {
            match way {
                0 => cache.invalidate("price:1").await,
                _ => cache.invalidate_tags(["prices"]).await,
            }
        });
        let masters = world.masters(names);
        world.round(&masters, "the names are removed").await;
        world.round(&world.bus(), "the message is sent").await;
        invalidation.await.expect("it ends");
    }
    world.release();
}

/// The caller waits for the two round trips of an invalidation, and for the answers of the other
/// nodes, each of which is one command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_invalidation_is_two_and_an_answer_of_each_node() {
    let cluster = Cluster::with(&Options {
        has_proxies: true,
        ..Options::default()
    });
    let settings = || settings(&cluster).intents(false);
    let lively = || built(settings().bus_timeout(Duration::from_millis(200)));
    let (cache, _other) = (lively().await, lively().await);
    let acknowledge = |key: &'static str| {
        let cache = cache.clone();
        async move { cache.invalidation().acknowledged().keys([key]).await }
    };
    while cache.stats().redis.acknowledged == 0 {
        assert!(acknowledge("nothing").await);
    }
    let world = World { cluster, cache };
    for proxy in &world.cluster.proxies {
        let mut seen = HashSet::new();
        proxy.hold_if(move |sent| {
            // The script that sends a message has the marks as its second key.
            let is_beat = sent.mentions("{shop:bus}:beat") && !sent.mentions(":intents");
            let is_asked_for = !sent.is_set_up() && !is_beat;
            is_asked_for && seen.insert((sent.connection, sent.round_trip))
        });
    }
    let cache = world.cache.clone();
    let invalidation =
        tokio::spawn(async move { cache.invalidation().acknowledged().keys(["price:1"]).await });
    let own = world.masters(&[entry("price:1")]);
    world.round(&own, "the names are removed").await;
    world.round(&world.bus(), "the message is sent").await;
    assert!(!invalidation.is_finished());
    world.round(&world.bus(), "the other node answers").await;
    assert!(invalidation.await.expect("it ends"));
    world.release();
    assert_eq!(world.cache.stats().redis.unacknowledged, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_that_only_the_entry_lists_are_read_once() {
    let world = World::start().await;
    let other = quiet(&world.cluster).await;
    // The second and the fifth item are on one shelf.
    for id in [2, 5] {
        testing::scope(other.clone(), item(id)).await;
    }
    until("they are stored", || other.stats().redis.stores == 2).await;
    world.hold();
    let hit = |id| tokio::spawn(testing::scope(world.cache.clone(), item(id)));
    let versions = world.versions("item", "items");
    let all = world.masters(&with(&versions, entry("item:2")));
    let call = hit(2);
    world
        .round(&all, "the entry and the versions are read")
        .await;
    let shelf = world.masters(&[world.tag("shelf:2")]);
    world
        .round(&shelf, "the version of the shelf is read")
        .await;
    assert_eq!(call.await.expect("it ends"), (2, 2));
    let call = hit(5);
    let own = world.masters(&[entry("item:5")]);
    world.round(&own, "the entry is read").await;
    assert_eq!(call.await.expect("it ends"), (2, 5));
    assert_eq!(world.cache.stats().redis_hits, 2);
    world.release();
}
