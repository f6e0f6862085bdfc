//! Memory stops serving what other processes invalidate.

use cachekit::testing::scope;
use cachekit::{Cache, Policy, Tier, cached};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::Reply;
use cachekit_tests::{becomes, until};

use crate::world::{node, subscribers};

#[cached(
    key = "item:{id}:{from}",
    name = "cluster_item",
    tags = ["items", "shelf:{ret}"],
    events = ["item.sold"]
)]
async fn item(id: u64, from: u64) -> u64 {
    id + from
}

/// Returns `true` if the next call is answered from memory.
async fn is_in_memory(cache: &Cache) -> bool {
    let before = cache.stats().memory_hits;
    scope(cache.clone(), item(1, 2)).await;
    cache.stats().memory_hits > before
}

/// Has both nodes keep the value in memory. A store may be refused because of what was invalidated
/// before.
async fn warm(one: &Cache, two: &Cache) {
    let is_kept = becomes(async || is_in_memory(one).await && is_in_memory(two).await);
    assert!(is_kept.await, "it is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_invalidates_is_gone_from_the_memory_of_others() {
    let cluster = Cluster::start();
    let (one, two) = (node(&cluster).await, node(&cluster).await);
    for way in 0..6 {
        warm(&one, &two).await;
        let computed = two.stats().computations;
        let heard = two.stats().redis.messages;
        match way {
            0 => one.invalidate("item:1:2").await,
            1 => one.invalidate_tags(["items"]).await,
            2 => one.invalidate_tags(["shelf:3"]).await,
            3 => one.emit("item.sold").await,
            4 => assert!(one.invalidate_function("cluster_item").await),
            _ => one.clear().await,
        }
        until("the other has heard", || two.stats().redis.messages > heard).await;
        assert!(!is_in_memory(&two).await, "{way}");
        let after = two.stats().computations;
        assert_eq!(after, computed + 1, "{way}: Redis has none either");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_m_entries_in_memory_only_and_what_was_written_are_replaced_too() {
    let cluster = Cluster::start();
    let (one, two) = (node(&cluster).await, node(&cluster).await);
    let policy = Policy::new().tier(Tier::Memory).tag("local");
    two.put("local", 1, &policy).await;
    one.invalidate_tags(["local"]).await;
    until("it has heard", || two.stats().redis.messages == 1).await;
    assert_eq!(two.get::<i32>("local").await, None);
    for n in 1..10_u64 {
        one.put("k", n, &Policy::new()).await;
        until("the other has heard", || two.stats().redis.messages > n).await;
        assert_eq!(two.get::<u64>("k").await, Some(n));
        assert_eq!(two.get::<u64>("k").await, Some(n), "from memory");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_programs_invalidate_at_the_master_of_the_bus() {
    let cluster = Cluster::start();
    let (one, two) = (node(&cluster).await, node(&cluster).await);
    let bus = cluster.bus_owner("shop");
    let all: Vec<_> = (0..3).map(|it| subscribers(&cluster, it)).collect();
    assert_eq!(all.iter().sum::<i64>(), 2, "{all:?}");
    assert_eq!(all[bus], 2);
    warm(&one, &two).await;
    let told = ["SPUBLISH", "{shop:bus}", "invalidate\ntag items"];
    assert_eq!(cluster.servers[bus].client().run(&told), Reply::Int(2));
    until("both have done it", || {
        one.stats().redis.messages > 0 && two.stats().redis.messages > 0
    })
    .await;
    let done = || one.stats().invalidations > 0 && two.stats().invalidations > 0;
    until("Redis has done it", done).await;
    assert!(!is_in_memory(&one).await);
}
