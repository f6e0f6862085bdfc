//! Options of functions from a configuration file, over a shared tier.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, cached};
use cachekit_tests::settle;

#[cached(
    name = "config_tier::one",
    key = "config-tier",
    capacity = 10,
    skip(runs)
)]
async fn tiered(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst) + 1
}

/// Hits in memory and in Redis, and computations, of three calls on a first node and one on a second.
async fn counts(options: &str) -> (u64, u64, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cachekit.toml");
    fs::write(
        &path,
        format!("[functions.\"config_tier::*\"]\n{options}\n"),
    )
    .expect("a file");
    let store = FakeStore::new();
    let runs = AtomicU64::default();
    let mut hits = (0, 0);
    for calls in [3, 1] {
        let builder = cachekit_tests::builder()
            .from_file(&path)
            .__store(store.clone());
        let node: Cache = builder.build().await.expect("a right file");
        scope(node, async {
            for _ in 0..calls {
                tiered(&runs).await;
                settle().await;
            }
            let stats = tiered::stats();
            hits.0 += stats.memory_hits;
            hits.1 += stats.redis_hits;
        })
        .await;
    }
    (hits.0, hits.1, runs.into_inner())
}

#[tokio::test(start_paused = true)]
async fn a_file_chooses_the_tier() {
    assert_eq!(counts("").await, (2, 1, 1));
    assert_eq!(counts("tier = \"memory\"").await, (2, 0, 2));
    assert_eq!(counts("tier = \"redis\"").await, (0, 3, 1));
    assert_eq!(counts("enabled = false").await, (0, 0, 4));
}
