//! A Redis Cluster by TLS. Its nodes tell the numbers of their hosts, and certificates have names.

use cachekit::{CacheBuilder, Policy};
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::{ports, until};

use crate::certificates::{Authority, Files, refused, text};

/// A cluster of one node, which other nodes and clients reach at this number.
struct Node {
    redis: Redis,
    tls_port: u16,
}

impl Node {
    async fn start(authority: &Authority, files: &Files) -> Self {
        let (bus, tls) = (ports::free().to_string(), ports::free());
        let (authority, tls_port) = (authority.file(), tls.to_string());
        let redis = Redis::with(&[
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--cluster-announce-ip",
            "127.0.0.1",
            "--tls-cluster",
            "yes",
            "--tls-port",
            &tls_port,
            "--tls-cert-file",
            text(&files.certificate),
            "--tls-key-file",
            text(&files.key),
            "--tls-ca-cert-file",
            text(&authority),
            "--tls-auth-clients",
            "no",
        ]);
        let all = ["CLUSTER", "ADDSLOTSRANGE", "0", "16383"];
        assert_eq!(redis.client().run(&all), Reply::Text("OK".to_owned()));
        until("it serves its slots", || {
            let info = redis.client().bulk(&["CLUSTER", "INFO"]);
            String::from_utf8_lossy(&info.unwrap_or_default()).contains("cluster_state:ok")
        })
        .await;
        Self {
            redis,
            tls_port: tls,
        }
    }

    fn settings(&self, authority: &Authority) -> CacheBuilder {
        let url = format!("rediss+cluster://localhost:{}", self.tls_port);
        let builder = cachekit_tests::patient(url);
        builder.redis_ca_file(authority.file())
    }
}

#[tokio::test]
async fn nodes_are_reached_by_the_names_that_they_tell() {
    let authority = Authority::new();
    let node = Node::start(&authority, &authority.issue(&["localhost"])).await;
    let told = refused(node.settings(&authority)).await;
    for words in [
        "rediss://127.0.0.1:",
        "shows a certificate for another name",
        "`cluster-announce-hostname`",
    ] {
        assert!(told.contains(words), "`{words}`: {told}");
    }
    let name = ["CONFIG", "SET", "cluster-announce-hostname", "localhost"];
    assert_eq!(node.redis.client().run(&name), Reply::Text("OK".to_owned()));
    let cache = node.settings(&authority).build().await.expect("a name");
    until("it is connected", || cache.stats().redis.is_bus_live).await;
    let wanted = format!("rediss://localhost:{}", node.tls_port);
    assert_eq!(cache.stats().redis.server, Some(wanted));
    let policy = Policy::new();
    assert_eq!(cache.get_or_compute("a", &policy, || async { 1 }).await, 1);
    until("it is stored", || cache.stats().redis.stores == 1).await;
    cache.invalidation().acknowledged().keys(["a"]).await;
    cache.shutdown().await;
}

#[tokio::test]
async fn nodes_are_reached_by_numbers_that_certificates_have() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost", "127.0.0.1"]);
    let node = Node::start(&authority, &files).await;
    let cache = node.settings(&authority).build().await.expect("a number");
    until("it is connected", || cache.stats().redis.is_bus_live).await;
}
