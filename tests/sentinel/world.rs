//! A cache that is built over a set of servers.

use std::net::SocketAddr;
use std::time::Duration;

use cachekit::{Cache, CacheBuilder};
use cachekit_tests::redis::Redis;
use cachekit_tests::sentinel::SentinelSet;
use cachekit_tests::until;

/// So long may memory serve what another node invalidated.
const BUS_TIMEOUT: Duration = Duration::from_millis(500);

pub(crate) fn settings(url: &str) -> CacheBuilder {
    cachekit_tests::builder()
        .namespace("shop")
        .redis(url)
        .bus_timeout(BUS_TIMEOUT)
}

pub(crate) async fn node(set: &SentinelSet) -> Cache {
    let node = settings(&set.url()).build().await.expect("a valid set-up");
    until("it is connected", || is_at(&node, set.servers[0].addr())).await;
    node
}

/// Whether commands of `node` go to `server`, and messages arrive.
pub(crate) fn is_at(node: &Cache, server: SocketAddr) -> bool {
    let redis = node.stats().redis;
    let is_there = redis.server == Some(format!("redis://{server}"));
    is_there && redis.is_up && redis.is_bus_live
}

/// How many connections of caches subscribe to messages at `server`.
pub(crate) fn subscribers(server: &Redis) -> i64 {
    let reply = server.client().run(&["PUBSUB", "NUMSUB", "shop:bus"]);
    match reply {
        cachekit_tests::redis::Reply::List(parts) => match parts.last() {
            Some(cachekit_tests::redis::Reply::Int(count)) => *count,
            other => panic!("not a number: {other:?}"),
        },
        other => panic!("not a list: {other:?}"),
    }
}

pub(crate) fn role(server: &Redis) -> Option<String> {
    server.client().info("replication", "role")
}
