//! Inner entries that the thread's table (L0) has: a hit there is recorded by a way of its own.

use cachekit::cached;
use cachekit::testing::{Fault, scope};
use cachekit_tests::Source;

use crate::levels::{ALL, By, user};
use crate::world::{SECOND, cache, on_clock, quick, without};

/// Takes the users 2, 1 and 2 again, with a pause between them: what a body takes between two pauses
/// is recorded apart.
#[cached(
    name = "hits_page",
    key = "hits-page:{pauses}",
    ttl = 3600,
    skip(source)
)]
async fn page(source: &Source, pauses: bool) -> u64 {
    let mut sum = 0;
    for id in [2, 1, 2] {
        sum += user(source, id).await;
        if pauses {
            tokio::task::yield_now().await;
        }
    }
    sum
}

/// Calls for these users until the thread's table answers, and no longer the engine.
async fn put_at_hand(source: &Source) {
    for _ in 0..3 {
        for id in [1, 2] {
            user(source, id).await;
        }
    }
}

/// A page of users that the thread's table has, after user 1 was invalidated.
pub(crate) async fn after_one(by: By, pauses: bool, fault: Option<Fault>) -> u64 {
    let (cache, source) = (without(fault).await, quick());
    scope(cache.clone(), async {
        put_at_hand(&source).await;
        assert_eq!(page(&source, pauses).await, 0);
        source.write(1);
        by.apply(&cache).await;
        page(&source, pauses).await
    })
    .await
}

#[tokio::test]
async fn an_invalidation_of_any_of_them_reaches_the_page() {
    let mut wrong = vec![];
    for by in ALL {
        for pauses in [false, true] {
            let got = after_one(by, pauses, None).await;
            if got == 0 {
                wrong.push((by, pauses));
            }
        }
    }
    assert_eq!(wrong, []);
}

/// Each of three calls in a body counts, also that for an entry that the body took before.
#[tokio::test]
async fn every_hit_is_counted() {
    let (cache, source) = (cache().await, quick());
    scope(cache.clone(), async {
        put_at_hand(&source).await;
        let before = cache.stats().memory_hits;
        page(&source, false).await;
        assert_eq!(cache.stats().memory_hits, before + 3);
        assert_eq!(source.runs(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_page_ends_with_the_first_of_them() {
    let (clock, cache) = on_clock(None).await;
    let source = quick();
    scope(cache, async {
        put_at_hand(&source).await;
        clock.advance(100 * SECOND);
        page(&source, false).await;
        source.write(1);
        clock.advance(199 * SECOND);
        assert_eq!(page(&source, false).await, 0);
        clock.advance(2 * SECOND);
        assert_eq!(page(&source, false).await, 3);
    })
    .await;
}
