//! Stale values over a Redis.

use std::time::{Duration, Instant};

use cachekit::Policy;
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;

use crate::world::{node, stored, until};

const CALLERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g3_one_computes_and_nobody_waits() {
    let redis = Redis::start();
    let policy = Policy::new()
        .ttl(Duration::from_millis(300))
        .stale(Duration::from_secs(60));
    let source = Source::default();
    let nodes = [node(&redis.url()).await, node(&redis.url()).await];
    let read = |cache: &cachekit::Cache| {
        let (cache, source, policy) = (cache.clone(), source.clone(), policy.clone());
        async move {
            let compute = || async move { source.read().await };
            cache.get_or_refresh("row", &policy, compute).await
        }
    };
    source.gate.open();
    read(&nodes[0]).await;
    stored(&nodes[0], 1).await;
    source.write(1);
    tokio::time::sleep(Duration::from_millis(400)).await;
    // The second node has nothing in memory. The computation does not end before all are answered.
    let start = Instant::now();
    let calls: Vec<_> = (0..2 * CALLERS)
        .map(|caller| tokio::spawn(read(&nodes[caller % 2])))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 0);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    until("one computes", || source.runs() == 2).await;
    source.gate.open_for_all();
    for cache in &nodes {
        for _ in 0..400 {
            if read(cache).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let stats = nodes.each_ref().map(cachekit::Cache::stats);
    let stale: u64 = stats.iter().map(|stats| stats.stale_hits).sum();
    assert!(stale >= CALLERS as u64, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_what_was_invalidated_is_not_served_old() {
    let redis = Redis::start();
    let policy = Policy::new()
        .ttl(Duration::from_millis(50))
        .tag("rows")
        .stale_if_error(Duration::from_secs(60));
    let [one, other] = [node(&redis.url()).await, node(&redis.url()).await];
    let get = async |cache: &cachekit::Cache, value: Result<u64, String>| {
        cache
            .try_get_or_compute("row", &policy, || async { value })
            .await
    };
    assert_eq!(get(&one, Ok(1)).await, Ok(1));
    stored(&one, 1).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let broken = || Err("broken".to_owned());
    assert_eq!(get(&other, broken()).await, Ok(1), "by another process");
    one.invalidate_tags(["rows"]).await;
    for cache in [&one, &node(&redis.url()).await] {
        assert_eq!(get(cache, broken()).await, broken());
    }
}
