//! Lengths that are arguments of a call.

use std::time::Duration;

use cachekit::{Cache, Policy};

use crate::{ENDS, both};

/// Half a second is enough for all of them where nothing is in the way.
async fn soon<T>(what: &str, call: impl IntoFuture<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(5), call).await;
    ended.unwrap_or_else(|_| panic!("{what} takes too long"))
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_within_any_time() {
    for end in ENDS {
        for cache in both(Cache::builder).await {
            cache.put("k", 1, &Policy::new()).await;
            let report = soon("a shutdown", cache.shutdown_within(end.length())).await;
            assert!(report.is_complete(), "{end:?}: {report:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_within_any_time() {
    for end in ENDS {
        for cache in both(Cache::builder).await {
            cache.put("k", 1, &Policy::new()).await;
            let within = cache.invalidation().acknowledged().within(end.length());
            soon("an acknowledgement", within.keys(["k"])).await;
            assert_eq!(cache.get::<i32>("k").await, None, "{end:?}");
        }
    }
}
