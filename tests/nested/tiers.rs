//! Nodes over a real Redis, one of which is told late.

use std::time::Duration;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached, invalidates, write_through};
use cachekit_tests::Source;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;

use crate::levels::{page, site, user};
use crate::world::{SECOND, built, node, quick, quiet, settings, told, trusting};

#[invalidates(user(_, id))]
async fn rename(source: &Source, id: u64) {
    source.write(1);
}

#[invalidates(user(_, id), page(_, id), site(_, id))]
async fn rename_all(source: &Source, id: u64) {
    source.write(1);
}

#[invalidates(tags = ["team:{id}"], keys = ["page:{id}", "site:{id}"])]
async fn rename_team(source: &Source, id: u64) {
    source.write(id);
}

/// Names a tag that every value of version 0 has.
#[invalidates(tags = ["shard:0"])]
async fn rename_shard(source: &Source) {
    source.write(1);
}

#[invalidates(user(_, id), page(_, id), site(_, id), ack)]
async fn rename_acknowledged(source: &Source, id: u64) {
    source.write(1);
}

#[write_through(user(_, id))]
async fn store(source: &Source, id: u64) -> u64 {
    source.write(1);
    1
}

/// Ends with a cached read.
#[write_through(user(_, id))]
async fn store_what_is_read(source: &Source, id: u64) -> u64 {
    source.write(1);
    user(source, id).await
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Write {
    Inner,
    All,
    Tag,
    ValueTag,
    Through,
    Put,
    Function,
    Clear,
}

pub(crate) const ALL: [Write; 8] = [
    Write::Inner,
    Write::All,
    Write::Tag,
    Write::ValueTag,
    Write::Through,
    Write::Put,
    Write::Function,
    Write::Clear,
];

impl Write {
    async fn run(self, cache: &Cache, source: &Source) {
        scope(cache.clone(), async {
            match self {
                Self::Inner => rename(source, 1).await,
                Self::All => rename_all(source, 1).await,
                Self::Tag => rename_team(source, 1).await,
                Self::ValueTag => rename_shard(source).await,
                Self::Through => drop(store(source, 1).await),
                Self::Put => {
                    source.write(1);
                    user::entry(1).put(1).await;
                }
                Self::Function => {
                    source.write(1);
                    user::invalidate_all().await;
                }
                Self::Clear => {
                    source.write(1);
                    cache.clear().await;
                }
            }
        })
        .await;
    }
}

async fn user_on(cache: &Cache, source: &Source) -> u64 {
    let got = scope(cache.clone(), async { user(source, 1).await }).await;
    quiet(cache).await;
    got
}

async fn site_on(cache: &Cache, source: &Source) -> u64 {
    let got = scope(cache.clone(), async { site(source, 1).await }).await;
    quiet(cache).await;
    got
}

/// Two nodes, of which the second is told late, and its network.
struct Nodes {
    redis: Redis,
    writer: Cache,
    other: Cache,
    network: Proxy,
    source: Source,
}

impl Nodes {
    async fn start(fault: Option<Fault>) -> Self {
        let redis = Redis::start();
        let network = Proxy::to(redis.addr());
        Self {
            writer: trusting(&redis.url(), fault).await,
            other: trusting(&network.url(), fault).await,
            redis,
            network,
            source: quick(),
        }
    }

    /// The site of every node, and of one that comes now, when all have heard of everything.
    async fn sites(&self) -> [u64; 3] {
        self.network.silence(false);
        told(&self.writer, &self.other).await;
        let late = node(&self.redis).await;
        [
            site_on(&self.writer, &self.source).await,
            site_on(&self.other, &self.source).await,
            site_on(&late, &self.source).await,
        ]
    }
}

/// A node computes the page and the site from the user in its memory, before it hears of the write.
pub(crate) async fn computed_unheard(by: Write, fault: Option<Fault>) -> [u64; 3] {
    let nodes = Nodes::start(fault).await;
    // It knows that there are levels, and that its users are taken.
    scope(nodes.other.clone(), async { site(&nodes.source, 2).await }).await;
    quiet(&nodes.other).await;
    user_on(&nodes.other, &nodes.source).await;
    nodes.network.silence(true);
    by.run(&nodes.writer, &nodes.source).await;
    site_on(&nodes.other, &nodes.source).await;
    nodes.sites().await
}

#[tokio::test]
async fn c2_what_a_node_computes_before_it_hears_is_stored_nowhere() {
    let mut wrong = vec![];
    for write in ALL {
        let got = computed_unheard(write, None).await;
        if got != [1; 3] {
            wrong.push((write, got));
        }
    }
    assert_eq!(wrong, []);
}

/// Everybody has everything, and the innermost entry alone is written.
#[tokio::test]
async fn c4_every_level_on_every_node_is_invalidated_with_the_innermost() {
    let mut wrong = vec![];
    for write in ALL {
        let nodes = Nodes::start(None).await;
        for cache in [&nodes.other, &nodes.writer] {
            site_on(cache, &nodes.source).await;
        }
        write.run(&nodes.writer, &nodes.source).await;
        let at_once = site_on(&nodes.writer, &nodes.source).await;
        let sites = nodes.sites().await;
        if (at_once, sites) != (1, [1; 3]) {
            wrong.push((write, at_once, sites));
        }
    }
    assert_eq!(wrong, []);
}

/// A node has the site from Redis, and never had the user.
#[tokio::test]
async fn c4_names_that_only_an_entry_in_redis_has_reach_the_memory_of_a_node() {
    let mut wrong = vec![];
    for write in ALL {
        let nodes = Nodes::start(None).await;
        site_on(&nodes.writer, &nodes.source).await;
        site_on(&nodes.other, &nodes.source).await;
        assert_eq!(nodes.other.stats().redis_hits, 1);
        write.run(&nodes.writer, &nodes.source).await;
        told(&nodes.writer, &nodes.other).await;
        if site_on(&nodes.other, &nodes.source).await != 1 {
            wrong.push(write);
        }
    }
    assert_eq!(wrong, []);
}

/// The site is computed elsewhere while an acknowledged write waits for that node's word.
#[tokio::test]
async fn c3_after_an_acknowledged_write_its_next_call_is_new() {
    let redis = Redis::start();
    let network = Proxy::to(redis.addr());
    let build = async |url: &str| built(settings(url).bus_timeout(2 * SECOND), None).await;
    let (writer, other) = (build(&redis.url()).await, build(&network.url()).await);
    let source = quick();
    until("it hears itself", || other.stats().redis.is_bus_live).await;
    user_on(&other, &source).await;
    network.silence(true);
    let write = tokio::spawn(scope(writer.clone(), {
        let source = source.clone();
        async move { rename_acknowledged(&source, 1).await }
    }));
    let mut client = redis.client();
    until("Redis has accepted it", || {
        client.int(&["EXISTS", "shop:k:user:1"]) == 0
    })
    .await;
    site_on(&other, &source).await;
    network.silence(false);
    write.await.expect("no panic");
    assert_eq!(site_on(&writer, &source).await, 1);
    assert_eq!(site_on(&other, &source).await, 1);
}

/// The inner value is in the memory of one node alone.
#[cached(name = "tiers_near", key = "tiers:near:{id}", tier = memory, skip(source))]
async fn near(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(name = "tiers_far", key = "tiers:far:{id}", skip(source))]
async fn far(source: &Source, id: u64) -> u64 {
    near(source, id).await
}

#[invalidates(near(_, id))]
async fn rename_near(source: &Source, id: u64) {
    source.write(1);
}

async fn far_on(cache: &Cache, source: &Source) -> u64 {
    let got = scope(cache.clone(), async { far(source, 1).await }).await;
    quiet(cache).await;
    got
}

#[tokio::test]
async fn c2c_what_a_deaf_node_has_in_memory_alone_does_not_reach_redis() {
    let nodes = Nodes::start(None).await;
    let (writer, other, source) = (&nodes.writer, &nodes.other, &nodes.source);
    scope(other.clone(), async { near(source, 1).await }).await;
    nodes.network.silence(true);
    scope(writer.clone(), rename_near(source, 1)).await;
    far_on(other, source).await;
    assert_eq!(far_on(writer, source).await, 1);
    nodes.network.silence(false);
    told(writer, other).await;
    assert_eq!(far_on(other, source).await, 1);
}

/// The same of a node that goes on with its memory because it hears nothing at all.
#[tokio::test]
async fn c2c_what_a_node_goes_on_with_does_not_reach_redis() {
    let redis = Redis::start();
    let network = Proxy::to(redis.addr());
    let (writer, source) = (node(&redis).await, quick());
    let settings = settings(&network.url()).bus_timeout(Duration::from_millis(100));
    let other = built(settings, None).await;
    until("it hears itself", || other.stats().redis.is_bus_live).await;
    scope(other.clone(), async { near(&source, 1).await }).await;
    network.silence(true);
    until("it hears nothing", || !other.stats().redis.is_bus_live).await;
    scope(writer.clone(), rename_near(&source, 1)).await;
    far_on(&other, &source).await;
    assert_eq!(far_on(&writer, &source).await, 1);
}

#[invalidates(page(_, id), site(_, id))]
#[invalidates(user(_, id))]
async fn rename_inner_below(source: &Source, id: u64) {
    source.write(1);
}

#[invalidates(user(_, id))]
#[invalidates(page(_, id), site(_, id))]
async fn rename_inner_above(source: &Source, id: u64) {
    source.write(1);
}

/// The site is computed elsewhere after Redis has accepted what one of two attributes names, and
/// before it has accepted the user's name.
#[tokio::test]
async fn c5_nothing_computed_between_two_attributes_stays() {
    let mut wrong = vec![];
    for is_below in [false, true] {
        let redis = Redis::start();
        let network = Proxy::to(redis.addr());
        let (writer, other) = (trusting(&network.url(), None).await, node(&redis).await);
        let source = quick();
        site_on(&other, &source).await;
        site_on(&writer, &source).await;
        network.hold_if(|sent| sent.removes("shop:k:user:1"));
        let write = tokio::spawn(scope(writer.clone(), {
            let source = source.clone();
            async move {
                if is_below {
                    rename_inner_below(&source, 1).await;
                } else {
                    rename_inner_above(&source, 1).await;
                }
            }
        }));
        network.held().await;
        told(&other, &other).await;
        site_on(&other, &source).await;
        network.release();
        write.await.expect("no panic");
        told(&writer, &other).await;
        let late = node(&redis).await;
        for (name, cache) in [("writer", &writer), ("other", &other), ("late", &late)] {
            if site_on(cache, &source).await != 1 {
                wrong.push((is_below, name));
            }
        }
    }
    assert_eq!(wrong, []);
}

#[tokio::test]
async fn r2_what_a_write_reads_of_its_own_entry_does_not_reach_redis() {
    let nodes = Nodes::start(None).await;
    site_on(&nodes.writer, &nodes.source).await;
    scope(nodes.writer.clone(), store_what_is_read(&nodes.source, 1)).await;
    assert_eq!(user_on(&nodes.writer, &nodes.source).await, 1);
    let late = node(&nodes.redis).await;
    assert_eq!(user_on(&late, &nodes.source).await, 1);
    assert_eq!(nodes.sites().await, [1; 3]);
}

/// A transaction on one node, and what another node gets.
#[tokio::test]
async fn r1_what_a_transaction_reads_does_not_reach_redis() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    let (committed, open) = (quick(), quick());
    scope(one.clone(), async {
        let result = cachekit::deferred(async {
            rename(&open, 1).await;
            assert_eq!(site(&open, 1).await, 1);
            // The task that renews the mark of the open write goes on.
            until("everything is stored", || {
                one.stats().background.running <= 1
            })
            .await;
            assert_eq!(site_on(&other, &committed).await, 0);
            Err::<(), _>("rolled back")
        });
        result.await.expect_err("rolled back");
    })
    .await;
    assert_eq!(site_on(&one, &committed).await, 0);
    assert_eq!(site_on(&other, &committed).await, 0);
}
