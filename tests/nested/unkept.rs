//! Values for which the cache makes no entry, and what is made of them.

use std::sync::atomic::{AtomicBool, Ordering};

use cachekit::cached;
use cachekit::testing::{Fault, scope};
use cachekit_tests::Source;

use crate::levels::user;
use crate::world::{SECOND, cache, on_clock, quick, without};

/// An absence that is not remembered.
#[cached(name = "unkept_find", key = "unkept:find:{id}", tags = ["rows"], skip(source))]
async fn find(source: &Source, id: u64) -> Option<u64> {
    match source.read().await {
        0 => None,
        row => Some(row),
    }
}

#[cached(
    name = "unkept_found",
    key = "unkept:found:{id}",
    ttl = 300,
    skip(source)
)]
async fn found(source: &Source, id: u64) -> u64 {
    find(source, id).await.unwrap_or_default()
}

#[tokio::test]
async fn an_absence_that_is_not_remembered_counts() {
    for by_tag in [false, true] {
        let source = quick();
        let cache = cache().await;
        scope(cache.clone(), async {
            assert_eq!(found(&source, 1).await, 0);
            source.write(1);
            if by_tag {
                cache.invalidate_tags(["rows"]).await;
            } else {
                find::entry(1).invalidate().await;
            }
            assert_eq!(found(&source, 1).await, 1, "by tag: {by_tag}");
        })
        .await;
    }
}

/// It has no life of its own that could end sooner.
#[tokio::test]
async fn an_absence_that_is_not_remembered_shortens_no_life() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        found(&source, 1).await;
        clock.advance(299 * SECOND);
        assert_eq!(found::entry(1).ttl().await, Some(SECOND));
    })
    .await;
}

#[cached(
    name = "unkept_positive",
    key = "unkept:positive:{id}",
    store_if = *ret > 0,
    skip(source)
)]
async fn positive(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "unkept_above_positive",
    key = "unkept:above-positive:{id}",
    skip(source)
)]
async fn above_positive(source: &Source, id: u64) -> u64 {
    positive(source, id).await
}

/// An entry that was made of a value that is not stored, after that was invalidated.
pub(crate) async fn made_of_what_is_not_stored(fault: Option<Fault>) -> u64 {
    let source = quick();
    scope(without(fault).await, async {
        assert_eq!(above_positive(&source, 1).await, 0);
        source.write(1);
        positive::entry(1).invalidate().await;
        above_positive(&source, 1).await
    })
    .await
}

#[tokio::test]
async fn a_value_that_is_not_stored_counts() {
    assert_eq!(made_of_what_is_not_stored(None).await, 1);
}

/// Goes past the cache itself, and takes from it.
#[cached(
    name = "unkept_past",
    key = "unkept:past:{id}",
    when = !past.load(Ordering::SeqCst),
    skip(source, past)
)]
async fn past_the_cache(source: &Source, past: &AtomicBool, id: u64) -> u64 {
    user(source, id).await
}

#[cached(
    name = "unkept_above_past",
    key = "unkept:above-past:{id}",
    skip(source, past)
)]
async fn above_past(source: &Source, past: &AtomicBool, id: u64) -> u64 {
    past_the_cache(source, past, id).await
}

/// An entry that was made of what a call past the cache takes, after that was invalidated.
pub(crate) async fn made_past_the_cache(fault: Option<Fault>) -> u64 {
    let (source, past) = (quick(), AtomicBool::new(true));
    scope(without(fault).await, async {
        assert_eq!(above_past(&source, &past, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        above_past(&source, &past, 1).await
    })
    .await
}

#[tokio::test]
async fn what_a_call_past_the_cache_takes_counts() {
    assert_eq!(made_past_the_cache(None).await, 1);
}

/// Computes without a flight, each caller for itself, and is over before it ends.
#[cached(
    name = "unkept_alone",
    key = "unkept:alone:{id}",
    single_flight = off,
    store_if = *ret > 0,
    skip(source)
)]
async fn alone(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

#[cached(
    name = "unkept_above_alone",
    key = "unkept:above-alone:{id}",
    skip(source)
)]
async fn above_alone(source: &Source, id: u64) -> u64 {
    alone(source, id).await
}

/// An entry that was made of what a computation by itself takes, after that was invalidated.
pub(crate) async fn made_by_one_alone(fault: Option<Fault>) -> u64 {
    let source = quick();
    scope(without(fault).await, async {
        assert_eq!(above_alone(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        above_alone(&source, 1).await
    })
    .await
}

#[tokio::test]
async fn what_a_computation_by_itself_takes_counts() {
    assert_eq!(made_by_one_alone(None).await, 1);
}

/// Calls itself with the same key, which computes past the one that runs.
#[cached(
    name = "unkept_itself",
    key = "unkept:itself:{id}",
    skip(source, depth)
)]
async fn itself(source: &Source, depth: u64, id: u64) -> u64 {
    if depth == 0 {
        return user(source, id).await;
    }
    Box::pin(itself(source, depth - 1, id)).await
}

/// An entry that was made by a function that calls itself, after what it took was invalidated.
pub(crate) async fn made_of_itself(fault: Option<Fault>) -> u64 {
    let source = quick();
    scope(without(fault).await, async {
        assert_eq!(itself(&source, 2, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        itself(&source, 2, 1).await
    })
    .await
}

#[tokio::test]
async fn what_a_function_takes_that_calls_itself_counts() {
    assert_eq!(made_of_itself(None).await, 1);
}

/// Is not stored, for its condition panics.
#[cached(
    name = "unkept_failing",
    key = "unkept:failing:{id}",
    store_if = panics(*ret),
    skip(source)
)]
async fn failing(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

fn panics(version: u64) -> bool {
    assert!(version > 1_000, "on purpose");
    true
}

#[cached(
    name = "unkept_above_failing",
    key = "unkept:above-failing:{id}",
    skip(source)
)]
async fn above_failing(source: &Source, id: u64) -> u64 {
    failing(source, id).await
}

/// An entry that was made of a value whose storing failed, after what that took was invalidated.
pub(crate) async fn made_of_what_fails_to_be_stored(fault: Option<Fault>) -> u64 {
    let source = quick();
    scope(without(fault).await, async {
        assert_eq!(above_failing(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        above_failing(&source, 1).await
    })
    .await
}

#[tokio::test]
async fn a_value_whose_storing_fails_counts() {
    assert_eq!(made_of_what_fails_to_be_stored(None).await, 1);
}
