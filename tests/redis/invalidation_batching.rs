//! Concurrent invalidations share round trips, and messages to all nodes.

use std::time::Duration;

use cachekit::{Cache, Policy};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis};
use cachekit_tests::settle;

use crate::world::{node, settings, until};

const CALLS: u64 = 64;
/// So many are sent by themselves.
const ALONE: u64 = 4;

fn row(id: u64) -> String {
    format!("row:{id}")
}

/// The number of messages that Redis has passed on since its counts began.
fn published(client: &mut Client) -> u64 {
    let stats = client.info("commandstats", "cmdstat_publish");
    let stats = stats.expect("there were some");
    let calls = stats.strip_prefix("calls=").expect("a count");
    let (calls, _) = calls.split_once(',').expect("more fields");
    calls.parse().expect("a number")
}

async fn invalidate_all(cache: &Cache, redis: &Redis) {
    let calls = (0..CALLS).map(|id| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.invalidate_tags([format!("org:{id}")]).await })
    });
    let calls: Vec<_> = calls.collect();
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    redis.thaw();
    for call in calls {
        call.await.expect("it returns");
    }
}

#[tokio::test]
async fn many_invalidations_are_few_messages_and_no_node_keeps_an_entry() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let quiet = Duration::from_secs(60);
    let one = settings(&proxy.url()).bus_timeout(quiet).build().await;
    let one = one.expect("a valid set-up");
    let other = node(&redis.url()).await;
    for id in 0..CALLS {
        let policy = Policy::new().tag(format!("org:{id}"));
        other.put(&row(id), id, &policy).await;
        assert_eq!(one.get(&row(id)).await, Some(id));
    }
    until("memory is trusted", || one.stats().redis.is_bus_live).await;
    let mut client = redis.client();
    client.run(&["CONFIG", "RESETSTAT"]);
    proxy.clear();
    redis.freeze();
    invalidate_all(&one, &redis).await;
    let sent = proxy.commands();
    let count = |name: &str| sent.iter().filter(|it| *it == name).count() as u64;
    assert_eq!((count("UNLINK"), count("PUBLISH")), (ALONE + 1, ALONE + 1));
    // Nodes that speak to themselves are counted too.
    assert!(published(&mut client) < CALLS);
    let redis_stats = one.stats().redis;
    let unsent = (redis_stats.failures, redis_stats.queued_invalidations);
    assert_eq!(unsent, (0, 0));
    until("the other node hears it", || {
        other.stats().redis.messages > ALONE
    })
    .await;
    assert_eq!(other.stats().redis.messages, ALONE + 1);
    for id in 0..CALLS {
        for cache in [&one, &other] {
            assert_eq!(cache.get::<u64>(&row(id)).await, None, "{id}");
        }
    }
}
