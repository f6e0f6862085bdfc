//! The cost of each step in round trips.

use std::time::Duration;

use cachekit::{Cache, Policy, cached, testing};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis};

use crate::world::{node, settings, until};

#[cached(key = "price:{id}", name = "price", tags = ["prices"])]
async fn price(id: u64) -> u64 {
    id * 100
}

#[cached(key = "item:{id}", name = "item", tags = ["items", "shelf:{ret.0}"])]
async fn item(id: u64) -> (u64, u64) {
    (id % 3, id)
}

/// The commands since the last look, and their round trips.
fn seen(proxy: &Proxy) -> (usize, Vec<String>) {
    let seen = (proxy.round_trips(), proxy.commands());
    proxy.clear();
    seen
}

async fn start() -> (Redis, Proxy, Cache) {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    // So rarely does it speak to itself that only what is asked for is seen.
    let settings = settings(&proxy.url()).bus_timeout(Duration::from_secs(60));
    let cache = settings.build().await.expect("a valid set-up");
    proxy.clear();
    (redis, proxy, cache)
}

async fn stored(cache: &Cache, count: u64) {
    until("the value is stored", || {
        cache.stats().redis.stores == count
    })
    .await;
}

#[tokio::test]
async fn a_cold_miss_is_two_before_and_one_after() {
    let (_redis, proxy, cache) = start().await;
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 1).await;
    assert_eq!(
        seen(&proxy),
        (3, names(&["PTTL", "MGET", "EVALSHA", "EVALSHA"]))
    );
}

/// The number of calls of commands, those of scripts included, that Redis has run since its counts
/// began.
fn calls(client: &mut Client, commands: [&str; 6]) -> Vec<(String, u64)> {
    let count = |command: &str| {
        let stats = client.info("commandstats", &format!("cmdstat_{command}"));
        let calls = stats.map_or(0, |stats| {
            let calls = stats
                .split(',')
                .next()
                .and_then(|it| it.strip_prefix("calls="));
            calls.expect("a count").parse().expect("a number")
        });
        (command.to_owned(), calls)
    };
    commands.map(count).into()
}

/// A script's call of a command takes the server about as long as half of a plain command.
#[tokio::test]
async fn a_miss_makes_redis_run_few_commands() {
    const MISSES: u64 = 10;
    let (redis, _proxy, cache) = start().await;
    let mut client = redis.client();
    testing::scope(cache.clone(), price(0)).await;
    stored(&cache, 1).await;
    client.run(&["CONFIG", "RESETSTAT"]);
    for id in 1..=MISSES {
        testing::scope(cache.clone(), price(id)).await;
        stored(&cache, 1 + id).await;
    }
    let commands = ["pttl", "mget", "getrange", "set", "setrange", "pexpire"];
    // The look-up, the grant of the lease, and the store read the versions.
    let expected = [2, 3, 2, 2, 0, 0].map(|each| each * MISSES);
    let expected = commands.map(str::to_owned).into_iter().zip(expected);
    assert_eq!(calls(&mut client, commands), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_hit_in_redis_is_one() {
    let (redis, proxy, cache) = start().await;
    let other = node(&redis.url()).await;
    testing::scope(other.clone(), price(1)).await;
    stored(&other, 1).await;
    testing::scope(cache.clone(), price(1)).await;
    assert_eq!(seen(&proxy), (1, names(&["PTTL", "MGET"])));
    assert_eq!(cache.stats().redis_hits, 1);
}

#[tokio::test]
async fn a_hit_with_tags_of_the_value_is_one_from_the_second_on() {
    let (redis, proxy, cache) = start().await;
    let other = node(&redis.url()).await;
    for id in [1, 2] {
        testing::scope(other.clone(), item(id)).await;
    }
    stored(&other, 2).await;
    testing::scope(cache.clone(), item(1)).await;
    assert_eq!(
        seen(&proxy),
        (2, names(&["PTTL", "MGET", "MGET"])),
        "what it hangs on is new"
    );
    testing::scope(cache.clone(), item(2)).await;
    assert_eq!(seen(&proxy), (1, names(&["PTTL", "MGET", "EVALSHA"])));
    assert_eq!(cache.stats().redis_hits, 2);
}

#[tokio::test]
async fn a_foreseen_miss_is_one_before_and_one_after() {
    let (_redis, proxy, cache) = start().await;
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 1).await;
    cache.invalidate_tags(["prices"]).await;
    proxy.clear();
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 2).await;
    assert_eq!(
        seen(&proxy),
        (2, names(&["PTTL", "MGET", "EVALSHA", "EVALSHA"]))
    );
}

/// A function whose look-ups mostly miss asks for the lease together with the entry, until they hit.
#[tokio::test]
async fn a_miss_of_a_function_that_mostly_misses_is_one_before_and_one_after() {
    let (redis, proxy, cache) = start().await;
    let miss = names(&["PTTL", "MGET", "EVALSHA", "EVALSHA"]);
    for id in 1..=10 {
        testing::scope(cache.clone(), price(id)).await;
        stored(&cache, id).await;
        let trips = if id <= 6 { 3 } else { 2 };
        assert_eq!(seen(&proxy), (trips, miss.clone()), "{id}");
    }
    let other = node(&redis.url()).await;
    for id in 11..=14 {
        testing::scope(other.clone(), price(id)).await;
        stored(&other, id - 10).await;
        testing::scope(cache.clone(), price(id)).await;
        let expected: &[&str] = if id <= 13 {
            &["PTTL", "MGET", "EVALSHA"]
        } else {
            &["PTTL", "MGET"]
        };
        assert_eq!(seen(&proxy), (1, names(expected)), "{id}");
    }
    assert_eq!(cache.stats().redis_hits, 4);
}

#[tokio::test]
async fn a_soft_invalidation_is_one_script_whatever_it_names() {
    let (_redis, proxy, cache) = start().await;
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 1).await;
    proxy.clear();
    cache.invalidation().soft().keys(["price:1"]).await;
    assert_eq!(seen(&proxy), (1, names(&["EVALSHA"])));
    let tags: Vec<String> = (0..10).map(|n| format!("tag:{n}")).collect();
    cache.invalidation().soft().tags(&tags).await;
    assert_eq!(seen(&proxy), (1, names(&["EVALSHA"])));
    cache.invalidation().soft().everything().await;
    assert_eq!(seen(&proxy), (1, names(&["EVALSHA"])));
    let mixed = cache.invalidation().soft().tags(&tags).keys(["price:1"]);
    mixed.functions(["price"]).await;
    assert_eq!(seen(&proxy), (1, names(&["EVALSHA"])));
}

#[tokio::test]
async fn an_invalidation_is_one_whatever_it_takes_away() {
    let (_redis, proxy, cache) = start().await;
    cache.invalidate("price:1").await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
    let tags: Vec<String> = (0..10).map(|n| format!("tag:{n}")).collect();
    cache.invalidate_tags(&tags).await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
    cache.invalidate_function("price").await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
    cache.clear().await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
    let mixed = cache.invalidation().tags(&tags).keys(["price:1"]);
    mixed.events(["price.changed"]).await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
}

#[tokio::test]
async fn a_write_is_one_before_and_one_after() {
    let (_redis, proxy, cache) = start().await;
    cache.put("a", 1, &Policy::new()).await;
    assert_eq!(seen(&proxy), (2, names(&["EVALSHA", "EVALSHA"])));
}

#[tokio::test]
async fn a_hit_in_memory_is_none() {
    let (_redis, proxy, cache) = start().await;
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 1).await;
    proxy.clear();
    testing::scope(cache.clone(), price(1)).await;
    assert_eq!(seen(&proxy), (0, vec![]));
}

#[tokio::test]
async fn scripts_that_a_server_lost_are_sent_again() {
    let (redis, proxy, cache) = start().await;
    redis.client().run(&["SCRIPT", "FLUSH"]);
    testing::scope(cache.clone(), price(1)).await;
    stored(&cache, 1).await;
    let expected = ["PTTL", "MGET", "EVALSHA", "EVAL", "EVALSHA", "EVAL"];
    assert_eq!(seen(&proxy), (5, names(&expected)));
}

#[tokio::test]
async fn a_disabled_cache_still_invalidates_and_asks_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let settings = settings(&proxy.url()).bus_timeout(Duration::from_secs(60));
    let cache = settings.enabled(false).build().await.unwrap();
    proxy.clear();
    testing::scope(cache.clone(), price(1)).await;
    assert_eq!(seen(&proxy), (0, vec![]));
    cache.invalidate("price:1").await;
    assert_eq!(seen(&proxy), (1, names(&["UNLINK", "PUBLISH"])));
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A script that only a cluster runs would cost each connection to one server.
#[tokio::test]
async fn one_server_gets_no_script_of_a_cluster() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let settings = settings(&proxy.url());
    let _cache = settings.build().await.expect("a valid set-up");
    let loads = proxy.log();
    let loads = || loads.iter().filter(|sent| sent.name() == "SCRIPT");
    assert!(loads().any(|sent| sent.mentions("redis.call('PUBLISH'")));
    assert!(!loads().any(|sent| sent.mentions("redis.call('SPUBLISH'")));
}
