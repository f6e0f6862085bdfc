//! The warm start: a new process serves from memory what an old one served most.

use std::thread;
use std::time::Duration;

use cachekit::{Cache, cached};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    id: u64,
    kind: u64,
}

#[cached(
    key = "warm-item:{id}",
    tags = ["shelf:{id}", "kind:{ret.kind}"],
    cache = cache,
    skip(cache)
)]
async fn item(cache: &Cache, id: u64) -> Item {
    Item { id, kind: id % 7 }
}

/// Another function, with another type.
#[cached(key = "warm-other:{id}", cache = cache, skip(cache))]
async fn other(cache: &Cache, id: u64) -> String {
    id.to_string()
}

/// A type with a cached method.
#[derive(Debug)]
pub(crate) struct Shop {
    cache: Cache,
}

impl Shop {
    #[cached(key = "warm-price:{id}", cache = self.cache, skip(self))]
    pub(crate) async fn price(&self, id: u64) -> u64 {
        id * 100
    }
}

async fn node(url: &str) -> Cache {
    let builder = Cache::builder().namespace("shop").redis(url);
    // Generous, as a value that was computed without Redis is not stored there.
    let patience = Duration::from_secs(5);
    let builder = builder.redis_timeout(patience).bus_timeout(patience);
    builder.build().await.expect("a valid set-up")
}

/// Calls `item` for each of `ids`, by threads of which each makes few calls: nearly all of a thread's
/// first calls are counted for the hot keys.
async fn call_on_threads(cache: &Cache, ids: std::ops::Range<u64>) {
    let (runtime, cache) = (tokio::runtime::Handle::current(), cache.clone());
    let calling = tokio::task::spawn_blocking(move || {
        let ids: Vec<u64> = ids.collect();
        for ids in ids.chunks(12) {
            thread::scope(|scope| {
                scope.spawn(|| {
                    runtime.block_on(async {
                        for id in ids {
                            item(&cache, *id).await;
                        }
                    });
                });
            });
        }
    });
    calling.await.expect("no panic");
}

/// A process that serves `ids` and ends.
async fn old_process(redis: &Redis, ids: std::ops::Range<u64>) {
    let cache = node(&redis.url()).await;
    item::warm_start(1_000, &cache).await;
    call_on_threads(&cache, ids.clone()).await;
    assert!(cache.shutdown().await.is_complete());
    assert_eq!(cache.stats().redis.stores, ids.end - ids.start);
}

/// The computations and the hits in memory of `item`.
fn counted(cache: &Cache) -> (u64, u64) {
    let stats = cache.stats();
    let of_item = |it: &&cachekit::FunctionStats| it.name.ends_with("::item");
    let item = stats.functions.iter().find(of_item);
    item.map_or((0, 0), |it| (it.computations, it.memory_hits))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_process_serves_its_first_calls_from_memory() {
    let redis = Redis::start();
    old_process(&redis, 0..1_000).await;

    let proxy = Proxy::to(redis.addr());
    let cache = node(&proxy.url()).await;
    let before = proxy.round_trips();
    let report = item::warm_start(1_000, &cache).await;
    let round_trips = proxy.round_trips() - before;
    assert_eq!(
        (report.remembered, report.loaded, report.failed),
        (1_000, 1_000, 0)
    );
    assert!(round_trips <= 100, "{round_trips}");
    for id in 0..1_000 {
        assert_eq!(item(&cache, id).await, Item { id, kind: id % 7 });
    }
    assert_eq!(
        counted(&cache),
        (0, 1_000),
        "no computation, and all from memory"
    );
    assert_eq!(cache.stats().redis_hits, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalidation_before_the_loading_wins() {
    let redis = Redis::start();
    old_process(&redis, 0..21).await;
    let writer = node(&redis.url()).await;
    writer.invalidate("warm-item:0").await;
    writer.invalidate_tags(["shelf:1", "kind:2"]).await;
    writer.invalidation().soft().tags(["kind:3"]).await;
    let cache = node(&redis.url()).await;
    let report = item::warm_start(1_000, &cache).await;
    // Without 0 and 1, and three items of each of two kinds.
    assert_eq!((report.remembered, report.loaded), (21, 21 - 2 - 6));
    for id in [0, 1, 2, 9, 16, 3, 10, 17] {
        item(&cache, id).await;
    }
    assert_eq!(counted(&cache), (8, 0));

    for everything in [false, true] {
        if everything {
            writer.clear().await;
        } else {
            item::invalidate_all(&writer).await;
        }
        let cache = node(&redis.url()).await;
        let report = item::warm_start(1_000, &cache).await;
        assert_eq!((report.remembered, report.loaded), (21, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalidation_after_the_loading_reaches_what_was_loaded() {
    let redis = Redis::start();
    old_process(&redis, 0..21).await;
    let (cache, writer) = (node(&redis.url()).await, node(&redis.url()).await);
    assert_eq!(item::warm_start(1_000, &cache).await.loaded, 21);
    let names = writer
        .invalidation()
        .tags(["shelf:1", "kind:2"])
        .keys(["warm-item:0"]);
    assert!(names.acknowledged().await);
    for id in 0..21 {
        item(&cache, id).await;
    }
    assert_eq!(counted(&cache), (5, 16));
    item::invalidate_all(&writer).await;
    cachekit_tests::until("the invalidation arrives", || {
        cache.stats().redis.messages == 2
    })
    .await;
    item(&cache, 20).await;
    assert_eq!(counted(&cache).0, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_served_little_does_not_shrink_the_list() {
    let redis = Redis::start();
    old_process(&redis, 0..40).await;
    old_process(&redis, 40..41).await;
    let cache = node(&redis.url()).await;
    assert_eq!(item::warm_start(1_000, &cache).await.loaded, 41);
    // The newest is the first of them.
    let small = node(&redis.url()).await;
    assert_eq!(item::warm_start(1, &small).await.loaded, 1);
    item(&small, 40).await;
    assert_eq!(counted(&small), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_warmed_by_its_handle() {
    let redis = Redis::start();
    for loaded in [0, 3] {
        let cache = node(&redis.url()).await;
        let shop = Shop { cache };
        let report = shop.price_cache().warm_start(1_000).await;
        assert_eq!(report.loaded, loaded);
        thread::scope(|scope| {
            let runtime = tokio::runtime::Handle::current();
            let shop = &shop;
            scope.spawn(move || {
                runtime.block_on(async {
                    for id in 0..3 {
                        assert_eq!(shop.price(id).await, id * 100);
                    }
                });
            });
        });
        let computed = shop.cache.stats().computations;
        assert_eq!(usize::try_from(computed).expect("few"), 3 - loaded);
        shop.cache.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_other_keys_loads_nothing() {
    let redis = Redis::start();
    old_process(&redis, 0..5).await;
    let mut client = redis.client();
    let lists = client.keys("shop:warm:*");
    let [list] = &lists[..] else {
        panic!("one list: {lists:?}");
    };
    assert!(client.int(&["PTTL", list]) > 80_000_000, "about a day");
    let of_other = list.replace("::item", "::other");
    assert_eq!(client.int(&["COPY", list, &of_other]), 1);
    let cache = node(&redis.url()).await;
    let report = other::warm_start(1_000, &cache).await;
    assert_eq!((report.remembered, report.loaded, report.failed), (5, 0, 0));
    assert_eq!(other(&cache, 1).await, "1");
    for garbage in [&b""[..], b"CKW\x02", b"CKW\x01\xff\xff\xff\xff", b"\xff"] {
        client.run(&[b"SET", of_other.as_bytes(), garbage]);
        assert_eq!(
            other::warm_start(9, &cache).await.remembered,
            0,
            "{garbage:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nothing_is_loaded_and_nothing_waits() {
    let alone = Cache::builder().build().await.expect("a valid set-up");
    let report = item::warm_start(1_000, &alone).await;
    assert_eq!((report.remembered, report.loaded, report.failed), (0, 0, 0));
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    redis.kill();
    let report = item::warm_start(1_000, &cache).await;
    assert_eq!((report.remembered, report.failed), (0, 0));
    assert!(report.elapsed < Duration::from_secs(10), "{report:?}");
    item(&cache, 1).await;
    cache.shutdown().await;
}
