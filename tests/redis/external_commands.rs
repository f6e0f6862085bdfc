//! The commands that `docs/format.md` allows other programs.

use cachekit::{Cache, cached, testing};
use cachekit_tests::Source;
use cachekit_tests::redis::{Redis, Reply};

use crate::world::{node, stored, until};

#[cached(
    key = "user:{id}",
    name = "shop::get_user",
    tags = ["users", "org:{ret.1}"],
    events = ["product.updated"],
    skip(source)
)]
async fn get_user(source: Source, id: u64) -> (u64, u64) {
    (source.read().await, 7)
}

const COMMANDS: [&str; 7] = [
    "DEL shop:k:user:42",
    "DEL shop:k:user:42 shop:v:user:42",
    "DEL shop:t:org:7 shop:g:org: shop:g:",
    "DEL shop:t:users shop:g:",
    "DEL shop:e:product.updated shop:g:",
    "DEL shop:f:shop::get_user",
    "DEL shop:all",
];

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

async fn call(cache: &Cache, source: &Source) -> (u64, u64) {
    testing::scope(cache.clone(), get_user(source.clone(), 42)).await
}

/// A server that has the entry, with version 0 of the source, by a node that knows its tags.
async fn start(source: &Source) -> (Redis, Cache) {
    let redis = Redis::start();
    let cache = node(&redis.url()).await;
    call(&cache, source).await;
    stored(&cache, 1).await;
    source.write(1);
    (redis, cache)
}

#[tokio::test]
async fn a_removal_takes_the_entry_away() {
    let page = include_str!("../../docs/format.md");
    for command in COMMANDS {
        assert!(page.contains(&format!("`{command}`")), "{command}");
        let source = Source::default();
        source.gate.open_for_all();
        let (redis, _cache) = start(&source).await;
        assert_eq!(call(&node(&redis.url()).await, &source).await.0, 0);
        assert_ne!(redis.client().int(&words(command)), 0, "{command}");
        let after = call(&node(&redis.url()).await, &source).await;
        assert_eq!(after.0, 1, "{command}");
    }
}

#[tokio::test]
async fn g1_l_a_removal_fences_a_computation_that_runs() {
    for command in COMMANDS {
        let source = Source::default();
        source.gate.open();
        let (redis, cache) = start(&source).await;
        source.gate.arrived().await;
        cache.invalidate("user:42").await;
        let running = tokio::spawn({
            let (cache, source) = (cache.clone(), source.clone());
            async move { call(&cache, &source).await }
        });
        source.gate.arrived().await;
        source.write(2);
        redis.client().int(&words(command));
        source.gate.open_for_all();
        assert_eq!(running.await.unwrap().0, 1);
        until("its store was refused", || {
            cache.stats().redis.refused_stores == 1
        })
        .await;
        let after = call(&node(&redis.url()).await, &source).await;
        assert_eq!(after.0, 2, "{command}");
    }
}

/// An entry may be made to live shorter.
#[tokio::test]
async fn a_shorter_ttl_is_taken() {
    let source = Source::default();
    source.gate.open_for_all();
    let (redis, _cache) = start(&source).await;
    let reply = redis.client().run(&words("PEXPIRE shop:k:user:42 60000"));
    assert_eq!(reply, Reply::Int(1));
    let cache = node(&redis.url()).await;
    let left = testing::scope(cache.clone(), async { get_user::entry(42).ttl().await });
    let left = left.await.expect("it is there");
    assert!(left.as_millis() <= 60_000, "{left:?}");
}
