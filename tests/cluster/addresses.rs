//! The address of a cluster, and the errors of `build` that name what to change.

use cachekit::{BuildError, Cache, Policy};
use cachekit_tests::cluster::{Cluster, Options};
use cachekit_tests::redis::Redis;
use cachekit_tests::until;

use crate::world::built;

const PASSWORD: &str = "se/cret";
const ENCODED: &str = "se%2Fcret";

fn guarded() -> Cluster {
    let cluster = Cluster::start();
    for server in &cluster.servers {
        admit_app(server);
    }
    cluster
}

fn admit_app(server: &Redis) {
    let account = format!("ACL SETUSER app on >{PASSWORD} ~* &* +@all");
    let words: Vec<_> = account.split(' ').collect();
    server.client().run(&words);
}

fn error(built: Result<Cache, BuildError>, what: &str) -> String {
    let error = built.expect_err(what).to_string();
    for secret in [PASSWORD, ENCODED, "wrong"] {
        assert!(!error.contains(secret), "{error}");
    }
    assert!(error.contains("; "), "no remedy: {error}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_is_enough_to_find_all_masters() {
    let cluster = guarded();
    // It is in no cluster, as a node that has left one.
    let lone = Redis::cluster_node();
    admit_app(&lone);
    let alone = lone.addr();
    let (first, second) = (cluster.addr(0), cluster.addr(1));
    let settings = || cachekit_tests::builder().namespace("shop");
    for settings in [
        settings().redis(format!("redis+cluster://app:{ENCODED}@{first}")),
        settings()
            .redis(format!("redis+cluster://app@127.0.0.1:1,{second}/0"))
            .redis_password(PASSWORD),
        settings().redis_cluster([first.to_string(), second.to_string()]),
        settings().redis(format!("redis+cluster://app:{ENCODED}@{alone},{second}")),
    ] {
        let node = built(settings).await;
        let all = || {
            let server = node.stats().redis.server.unwrap_or_default();
            let mut named: Vec<_> = server.split(',').map(str::to_owned).collect();
            named.sort();
            let mut wanted: Vec<_> = (0..3)
                .map(|number| format!("redis://{}", cluster.addr(number)))
                .collect();
            wanted.sort();
            named == wanted
        };
        until("it is connected to all masters", all).await;
        for key in ["a", "b", "c", "d"] {
            node.put(key, 1, &Policy::new()).await;
        }
        let shown = format!("{node:?} {:?}", node.stats());
        assert!(!shown.contains("cret"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_change_is_an_error() {
    let cluster = guarded();
    let (addr, single) = (cluster.addr(0), Redis::start());
    for (url, words) in [
        (
            format!("redis+cluster://app:wrong@{addr}"),
            &["refuses the login", "REDIS_PASSWORD"][..],
        ),
        (
            format!("redis+cluster://app:wrong@{addr},127.0.0.1:1"),
            &["refuses the login", "REDIS_PASSWORD"],
        ),
        (
            format!("redis+cluster://app:{ENCODED}@{addr}/1"),
            &["only database 0", "remove the number"],
        ),
        (
            format!("redis+cluster://app:{PASSWORD}@{addr}"),
            &["percent-encode"],
        ),
        (
            format!("redis+cluster://{addr},"),
            &["no host beside one of its commas", "remove the comma"],
        ),
        (
            format!("redis+cluster://{}", single.addr()),
            &["is no node of a Redis Cluster", "redis://host:6379"],
        ),
        (
            format!("redis://app:{ENCODED}@{addr}"),
            &["is a node of a Redis Cluster", "redis+cluster://host:6379"],
        ),
    ] {
        let built = cachekit_tests::builder().redis(&url).build().await;
        let error = error(built, &url);
        for word in words {
            assert!(error.contains(word), "{url}: {error}");
        }
    }
}

/// A cluster that cannot be reached at the start is used when it can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_comes_later_is_used() {
    let cluster = Cluster::with(&Options {
        has_proxies: true,
        ..Options::default()
    });
    for proxy in &cluster.proxies {
        proxy.stop_listening();
    }
    let settings = cachekit_tests::builder().redis(cluster.url());
    let node = settings.build().await.expect("it may come");
    assert!(!node.stats().redis.is_up);
    for proxy in &cluster.proxies {
        proxy.listen();
    }
    until("it is there", || node.stats().redis.is_bus_live).await;
    node.put("a", 1, &Policy::new()).await;
    assert!(node.stats().redis.is_up);
}
