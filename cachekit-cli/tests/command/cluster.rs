//! The command over a Redis Cluster.

use std::process::Command;

use cachekit::{Cache, Codec};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::until;

use crate::ended;
use crate::entries::put;

async fn run(cluster: &Cluster, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachekit"));
    command
        .args(words)
        .env_clear()
        .env("REDIS_URL", cluster.url())
        .env("CACHE_NAMESPACE", "shop");
    ended(command).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_all_masters_are_shown_and_invalidated() {
    let cluster = Cluster::start();
    let builder = Cache::builder().namespace("shop").redis(cluster.url());
    let cache = builder.build().await.expect("a valid set-up");
    until("the bus is live", || cache.stats().redis.is_bus_live).await;
    put(&cache, Codec::Json).await;
    let (code, said, errors) = run(&cluster, &["inspect", "product:7"]).await;
    assert_eq!(code, Some(0), "{said}{errors}");
    for part in [
        "state        fresh\n",
        "depends on   tag category:4: current\n",
        "\"name\": \"lamp\"",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let heard = cache.stats().redis.messages;
    let words = ["invalidate", "--tag", "category:4"];
    let (code, said, errors) = run(&cluster, &words).await;
    assert_eq!(code, Some(0), "{said}{errors}");
    until("the service has heard", || {
        cache.stats().redis.messages > heard
    })
    .await;
    let (_, said, _) = run(&cluster, &["inspect", "product:7"]).await;
    let state = "state        a miss: tag category:4 moved\n";
    assert!(said.contains(state), "{said}");
    let (code, said, errors) = run(&cluster, &["stats"]).await;
    assert_eq!(code, Some(0), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_all_masters() {
    let cluster = Cluster::start();
    let (code, said, errors) = run(&cluster, &["doctor"]).await;
    assert_eq!(code, Some(0), "{said}{errors}");
    for server in &cluster.servers {
        assert!(said.contains(&server.url()), "{said}");
    }
    for part in [
        "warning replicas: on all masters: a master takes writes without any replica",
        "warning memory: on all masters: the server has no limit of memory",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let url = "redis+cluster://127.0.0.1:1,127.0.0.1:2";
    let (code, _, errors) = run(&cluster, &["--redis", url, "inspect", "a"]).await;
    assert_eq!(code, Some(3), "{errors}");
    let begin = "error: the cluster of redis://127.0.0.1:1, redis://127.0.0.1:2 cannot be reached";
    assert!(errors.starts_with(begin), "{errors}");
}
