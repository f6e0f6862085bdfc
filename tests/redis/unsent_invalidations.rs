//! The last handle of a cache is dropped, and Redis has not accepted all of its invalidations.

use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, Policy, invalidates};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;

use crate::world::{settings, until};

const ENTRY: &str = "shop:k:k";

#[invalidates(key = "k", cache = cache)]
fn touch(cache: &Cache) {}

/// A node behind `proxy`, and a value of it in Redis.
async fn node(proxy: &Proxy, fault: Option<Fault>) -> Cache {
    let mut builder = settings(&proxy.url()).bus_timeout(Duration::from_millis(200));
    if let Some(fault) = fault {
        builder = builder.seed(fault);
    }
    let node = builder.build().await.expect("a valid set-up");
    node.put("k", 1, &Policy::new()).await;
    node
}

fn connections(redis: &Redis) -> usize {
    let clients = redis.client().info("clients", "connected_clients");
    clients.and_then(|it| it.parse().ok()).expect("a number")
}

/// Whether the entry is gone in the end, and whether the connections are.
async fn dropped(fault: Option<Fault>, invalidate: impl AsyncFnOnce(&Cache)) -> (bool, bool) {
    let redis = Redis::start();
    let before = connections(&redis);
    let proxy = Proxy::to(redis.addr());
    let node = node(&proxy, fault).await;
    assert!(connections(&redis) > before);
    proxy.stop_listening();
    proxy.close_clients();
    until("it is away", || !node.stats().redis.is_up).await;
    invalidate(&node).await;
    drop(node);
    // Nobody is there for a while.
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(redis.client().int(&["EXISTS", ENTRY]), 1);
    proxy.listen();
    let end =
        tokio::time::Instant::now() + Duration::from_secs(if fault.is_some() { 2 } else { 10 });
    let mut is_gone = false;
    while !is_gone && tokio::time::Instant::now() < end {
        is_gone = redis.client().int(&["EXISTS", ENTRY]) == 0;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    let mut are_gone = false;
    while !are_gone && tokio::time::Instant::now() < end {
        are_gone = connections(&redis) == before;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (is_gone, are_gone)
}

#[tokio::test]
async fn what_was_not_accepted_is_sent_when_redis_comes_back() {
    let invalidate = async |node: &Cache| node.invalidate("k").await;
    assert_eq!(dropped(None, invalidate).await, (true, true));
    let left = dropped(Some(Fault::LeaveUntold), invalidate).await;
    assert_eq!(
        left,
        (false, true),
        "the guard is what makes the difference"
    );
}

/// It is told in the background, and nobody can wait for that.
#[tokio::test]
async fn so_is_what_a_synchronous_function_invalidated() {
    let touched = dropped(None, async |node| touch(node)).await;
    assert_eq!(touched, (true, true));
    // With Redis there, and the cache gone before anything could be sent.
    let redis = Redis::start();
    let before = connections(&redis);
    let proxy = Proxy::to(redis.addr());
    let node = node(&proxy, None).await;
    touch(&node);
    drop(node);
    until("it is gone", || redis.client().int(&["EXISTS", ENTRY]) == 0).await;
    until("nobody is connected", || connections(&redis) == before).await;
}
