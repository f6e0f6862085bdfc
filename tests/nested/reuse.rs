//! Composition computes nothing that is there already.

use cachekit::testing::{FakeStore, scope};
use cachekit_tests::settle;

use crate::levels::{page, site, user};
use crate::world::{cache, over, quick};

#[tokio::test]
async fn what_a_computation_took_is_there_for_others() {
    let (cache, source) = (cache().await, quick());
    scope(cache.clone(), async {
        for _ in 0..3 {
            site(&source, 1).await;
            page(&source, 1).await;
            user(&source, 1).await;
        }
    })
    .await;
    let stats = cache.stats();
    assert_eq!((stats.computations, stats.memory_hits), (3, 8));
    assert_eq!(stats.refused_stores, 0);
}

/// Unrelated invalidations in between refuse nothing and remove nothing.
#[tokio::test]
async fn unrelated_invalidations_change_nothing() {
    let (cache, source) = (cache().await, quick());
    scope(cache.clone(), async {
        for id in 1..=50 {
            site(&source, id).await;
            cache.invalidate(&format!("user:{}", id + 1_000)).await;
            cache
                .invalidate_tags([format!("team:{}", id + 1_000)])
                .await;
        }
        for id in 1..=50 {
            site(&source, id).await;
        }
    })
    .await;
    let stats = cache.stats();
    assert_eq!((stats.computations, stats.memory_hits), (150, 50));
    assert_eq!(stats.refused_stores, 0);
}

/// A value from before the first nested call is asked for, and not computed again.
#[tokio::test(start_paused = true)]
async fn an_entry_from_before_is_not_computed_again() {
    let (store, source) = (FakeStore::new(), quick());
    let (one, other) = (over(&store, None).await, over(&store, None).await);
    scope(one.clone(), async { user(&source, 1).await }).await;
    settle().await;
    for cache in [&one, &other] {
        scope(cache.clone(), async { site(&source, 1).await }).await;
        settle().await;
    }
    assert_eq!(source.runs(), 1);
    assert_eq!(one.stats().computations, 3);
    assert_eq!(
        other.stats().computations,
        0,
        "the other takes it from the store"
    );
}

/// A node keeps what it reads, but for the first entry that shows it that there are levels.
#[tokio::test(start_paused = true)]
async fn entries_read_from_the_store_are_kept_in_memory() {
    let (store, source) = (FakeStore::new(), quick());
    let (one, other) = (over(&store, None).await, over(&store, None).await);
    for id in 1..=10 {
        scope(one.clone(), async { site(&source, id).await }).await;
        settle().await;
    }
    for _ in 0..3 {
        for id in 1..=10 {
            scope(other.clone(), async { site(&source, id).await }).await;
            settle().await;
        }
    }
    let stats = other.stats();
    assert_eq!(stats.computations, 0);
    assert!(stats.redis_hits <= 11, "{}", stats.redis_hits);
    assert!(stats.memory_hits >= 19, "{}", stats.memory_hits);
}
