//! Concurrent reads share round trips.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, cached, testing};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::settle;
use tokio::task::JoinHandle;

use crate::world::{node, settings, stored};

#[cached(key = "seat:{id}", name = "seat", tags = ["seats", "row:{id}"], tier = redis)]
async fn seat(id: u64) -> u64 {
    id * 100
}

const SEATS: u64 = 40;
/// So many ask by themselves, and so many tasks ask for the others.
const ALONE: u64 = 4;
const MAX_IN_FLIGHT: u64 = 4;

/// A node whose Redis, by `proxy`, has every seat and stands still.
async fn standing_still(redis: &Redis, proxy: &Proxy, fault: Option<Fault>) -> Cache {
    let other = node(&redis.url()).await;
    for id in 0..SEATS {
        testing::scope(other.clone(), seat(id)).await;
    }
    stored(&other, SEATS).await;
    let builder = settings(&proxy.url()).bus_timeout(Duration::from_secs(60));
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    let cache = builder.build().await.expect("a valid set-up");
    proxy.clear();
    redis.freeze();
    cache
}

fn call(cache: &Cache, id: u64) -> JoinHandle<u64> {
    tokio::spawn(testing::scope(cache.clone(), seat(id)))
}

#[tokio::test]
async fn many_reads_are_few_batches_and_each_gets_its_own_answer() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = standing_still(&redis, &proxy, None).await;
    let calls: Vec<_> = (0..SEATS).map(|id| call(&cache, id)).collect();
    settle().await;
    redis.thaw();
    for (id, call) in (0..).zip(calls) {
        assert_eq!(call.await.unwrap(), id * 100);
    }
    let stats = cache.stats();
    assert_eq!((stats.redis_hits, stats.computations), (SEATS, 0));
    let commands = proxy.commands();
    let count = |name: &str| commands.iter().filter(|it| *it == name).count() as u64;
    assert_eq!(count("PTTL"), SEATS);
    assert_eq!(
        count("MGET"),
        ALONE + 1,
        "those who came meanwhile share one"
    );
}

#[tokio::test]
async fn who_is_cancelled_leaves_the_others_their_batch() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = standing_still(&redis, &proxy, None).await;
    let mut calls: Vec<_> = (0..SEATS).map(|id| call(&cache, id)).collect();
    settle().await;
    // The one that began the shared question, and others.
    for gone in calls.drain(4..20) {
        gone.abort();
    }
    redis.thaw();
    for call in calls {
        call.await.expect("an answer");
    }
    let stats = cache.stats();
    assert_eq!((stats.redis_hits, stats.computations), (SEATS - 16, 0));
}

/// How many of the calls ran, of which the last came when every task that asks was at it.
async fn left_behind(fault: Option<Fault>) -> u64 {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = standing_still(&redis, &proxy, fault).await;
    let mut calls = Vec::new();
    for id in 0..=ALONE + MAX_IN_FLIGHT {
        calls.push(call(&cache, id));
        settle().await;
    }
    redis.thaw();
    for call in calls {
        call.await.expect("an answer");
    }
    cache.stats().computations
}

#[tokio::test]
async fn who_comes_while_all_batches_are_in_flight_is_in_the_next() {
    assert_eq!(left_behind(None).await, 0);
    assert_eq!(left_behind(Some(Fault::AskOnce)).await, 1);
}
