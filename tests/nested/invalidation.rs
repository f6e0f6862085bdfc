//! An invalidation of an inner entry reaches every entry that was made of it (C4).

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, testing};
use cachekit_tests::{Source, settle};

use crate::levels::{ALL, By, page, site, user};
use crate::world::{cache, quick, without};

/// Spawns a call of `page` on `cache`.
fn spawn_page(cache: &Cache, source: &Source) -> tokio::task::JoinHandle<u64> {
    let source = source.clone();
    let call = async move { page(&source, 1).await };
    tokio::spawn(testing::scope(cache.clone(), call))
}

/// The outermost of three entries in memory, after the innermost was invalidated alone.
pub(crate) async fn after_the_innermost(by: By, is_soft: bool, fault: Option<Fault>) -> (u64, u64) {
    let (cache, source) = (without(fault).await, quick());
    scope(cache.clone(), async {
        assert_eq!(site(&source, 1).await, 0);
        source.write(1);
        if is_soft {
            by.soften(&cache).await;
        } else {
            by.apply(&cache).await;
        }
        (page(&source, 1).await, site(&source, 1).await)
    })
    .await
}

#[tokio::test]
async fn c4_every_level_above_is_invalidated_with_the_innermost() {
    let mut wrong = vec![];
    for by in ALL {
        for is_soft in [false, true] {
            let got = after_the_innermost(by, is_soft, None).await;
            if got != (1, 1) {
                wrong.push((by, is_soft, got));
            }
        }
    }
    assert_eq!(wrong, []);
}

/// Other entries of the same functions stay.
#[tokio::test]
async fn c4_entries_made_of_others_stay() {
    let source = quick();
    scope(cache().await, async {
        for id in [1, 2] {
            site(&source, id).await;
        }
        source.write(1);
        user::entry(1).invalidate().await;
        assert_eq!(site(&source, 2).await, 0);
        assert_eq!(site(&source, 1).await, 1);
    })
    .await;
}

/// An outer computation takes its inner value, which is invalidated before the outer one ends.
pub(crate) async fn invalidated_before_the_outer_ends(by: By, fault: Option<Fault>) -> u64 {
    let (cache, source) = (without(fault).await, Source::default());
    source.gate.open();
    scope(cache.clone(), user(&source, 1)).await;
    source.gate.arrived().await;
    let gated = |source: Source| async move { late_page(&source, 1).await };
    let first = tokio::spawn(scope(cache.clone(), gated(source.clone())));
    source.gate.arrived().await;
    source.write(1);
    scope(cache.clone(), by.apply(&cache)).await;
    source.gate.open_for_all();
    first.await.expect("no panic");
    scope(cache.clone(), late_page(&source, 1)).await
}

/// Takes the user, and stops at the gate then.
#[cachekit::cached(
    name = "invalidation_late_page",
    key = "invalidation:late:{id}",
    skip(source)
)]
async fn late_page(source: &Source, id: u64) -> u64 {
    let user = user(source, id).await;
    source.gate.pass().await;
    user
}

#[tokio::test(start_paused = true)]
async fn c4_what_was_invalidated_while_the_outer_computed_is_not_kept() {
    let mut wrong = vec![];
    for by in ALL {
        if invalidated_before_the_outer_ends(by, None).await != 1 {
            wrong.push(by);
        }
    }
    assert_eq!(wrong, []);
}

/// A call that begins after the inner value was invalidated, while the outer computation runs that
/// took the inner one before.
pub(crate) async fn joined_after_the_inner(by: By, fault: Option<Fault>) -> u64 {
    let (cache, source) = (without(fault).await, Source::default());
    source.gate.open();
    scope(cache.clone(), user(&source, 1)).await;
    source.gate.arrived().await;
    let late = |source: Source| async move { late_page(&source, 1).await };
    let first = tokio::spawn(scope(cache.clone(), late(source.clone())));
    source.gate.arrived().await;
    source.write(1);
    scope(cache.clone(), by.apply(&cache)).await;
    let second = tokio::spawn(scope(cache.clone(), late(source.clone())));
    settle().await;
    source.gate.open_for_all();
    first.await.expect("no panic");
    second.await.expect("no panic")
}

#[tokio::test(start_paused = true)]
async fn c4_a_call_that_begins_later_gets_nothing_older_from_the_flight() {
    let mut wrong = vec![];
    for by in ALL {
        if joined_after_the_inner(by, None).await != 1 {
            wrong.push(by);
        }
    }
    assert_eq!(wrong, []);
}

/// The inner computation runs for the outer one when it is invalidated.
#[tokio::test(start_paused = true)]
async fn c4_the_inner_one_is_invalidated_while_it_computes_for_the_outer() {
    let mut wrong = vec![];
    for by in ALL {
        let (cache, source) = (cache().await, Source::default());
        let first = spawn_page(&cache, &source);
        source.gate.arrived().await;
        source.write(1);
        scope(cache.clone(), by.apply(&cache)).await;
        source.gate.open_for_all();
        first.await.expect("no panic");
        if spawn_page(&cache, &source).await.expect("no panic") != 1 {
            wrong.push(by);
        }
    }
    assert_eq!(wrong, []);
}
