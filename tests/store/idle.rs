//! Unused entries leave memory alone: the shared entry lives for its `ttl`.

use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::cached;
use cachekit::testing::{FakeStore, scope};
use cachekit_tests::settle;

use crate::world::{node, sleep};

#[tokio::test(start_paused = true)]
async fn what_was_not_used_comes_back_from_the_store() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(key = "idle-shared", ttl = 300, idle = 40, early = false)]
    async fn shared() -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst)
    }
    let cache = node(&FakeStore::new()).await;
    scope(cache.clone(), async {
        assert_eq!(shared().await, 0);
        settle().await;
        for (seconds, from_store) in [(39, 0), (39, 0), (50, 1), (39, 1), (50, 2), (82, 3)] {
            sleep(seconds * 1_000).await;
            assert_eq!(shared().await, 0);
            assert_eq!(cache.stats().redis_hits, from_store, "after {seconds} s");
        }
        sleep(2_000).await;
        assert_eq!(shared().await, 1, "its `ttl` is over");
    })
    .await;
}
