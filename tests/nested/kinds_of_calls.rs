//! Every way in which a computation is given something by the cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, Policy, cached};
use cachekit_tests::Source;

use crate::levels::{site, user};
use crate::world::{SECOND, cache, on_clock, quick, without};

/// Several calls in one computation.
#[cached(name = "kinds_pair", key = "kinds:pair:{a}:{b}", skip(source))]
async fn pair(source: &Source, a: u64, b: u64) -> (u64, u64) {
    let first = user(source, a).await;
    (first, user(source, b).await)
}

#[tokio::test]
async fn each_of_several_calls_counts() {
    for (changed, expected) in [(1, (1, 0)), (2, (0, 1))] {
        let source = quick();
        scope(cache().await, async {
            assert_eq!(pair(&source, 1, 2).await, (0, 0));
            source.write(1);
            user::entry(changed).invalidate().await;
            assert_eq!(pair(&source, 1, 2).await, expected);
        })
        .await;
    }
}

/// The calls run at the same time in one task.
#[cached(name = "kinds_both", key = "kinds:both:{a}:{b}", skip(source))]
async fn both(source: &Source, a: u64, b: u64) -> (u64, u64) {
    tokio::join!(user(source, a), user(source, b))
}

#[tokio::test]
async fn each_of_concurrent_calls_counts() {
    for (changed, expected) in [(1, (1, 0)), (2, (0, 1))] {
        let source = quick();
        scope(cache().await, async {
            assert_eq!(both(&source, 1, 2).await, (0, 0));
            source.write(1);
            user::entry(changed).invalidate().await;
            assert_eq!(both(&source, 1, 2).await, expected);
        })
        .await;
    }
}

/// Waits on its thread.
#[cached(name = "kinds_blocking", key = "kinds:blocking:{id}", skip(source))]
async fn blocking(source: &Source, id: u64) -> u64 {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| runtime.block_on(user(source, id)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_block_in_place_counts() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(blocking(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        assert_eq!(blocking(&source, 1).await, 1);
    })
    .await;
}

#[cached(name = "kinds_sync_user", key = "kinds:sync:user:{id}", tier = memory, skip(source))]
fn sync_user(source: &Source, id: u64) -> u64 {
    source.version.load(Ordering::SeqCst)
}

#[cached(name = "kinds_sync_page", key = "kinds:sync:page:{id}", tier = memory, skip(source))]
fn sync_page(source: &Source, id: u64) -> u64 {
    sync_user(source, id)
}

#[cached(name = "kinds_sync_site", key = "kinds:sync:site:{id}", skip(source))]
async fn sync_site(source: &Source, id: u64) -> u64 {
    sync_page(source, id)
}

#[tokio::test]
async fn calls_of_sync_functions_count() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(sync_site(&source, 1).await, 0);
        source.write(1);
        sync_user::entry(1).invalidate().await;
        assert_eq!(sync_page(&source, 1), 1);
        assert_eq!(sync_site(&source, 1).await, 1);
    })
    .await;
}

/// Takes what is there, and never computes.
#[cached(name = "kinds_peek", key = "kinds:peek:{id}")]
async fn peek(id: u64) -> Option<u64> {
    user::entry(id).get().await
}

#[tokio::test]
async fn what_an_entry_gives_counts() {
    let source = quick();
    scope(cache().await, async {
        user(&source, 1).await;
        assert_eq!(peek(1).await, Some(0));
        user::entry(1).invalidate().await;
        assert_eq!(peek(1).await, None);
    })
    .await;
}

/// Without macros.
#[tokio::test]
async fn calls_without_macros_count() {
    let (cache, source) = (cache().await, quick());
    let (outer, inner) = (Policy::new(), Policy::new().tag("rows"));
    let read = async || {
        let compute = async || {
            let inner = cache.get_or_compute("inner", &inner, || source.read());
            inner.await
        };
        cache.get_or_compute("outer", &outer, compute).await
    };
    type Invalidate = fn(Cache) -> std::pin::Pin<Box<dyn Future<Output = ()>>>;
    let ways: [Invalidate; 3] = [
        |cache| Box::pin(async move { cache.invalidate("inner").await }),
        |cache| Box::pin(async move { cache.invalidate_tags(["rows"]).await }),
        |cache| Box::pin(async move { cache.put("inner", 7_u64, &Policy::new()).await }),
    ];
    for (way, expected) in ways.into_iter().zip([1, 2, 7]) {
        read().await;
        source.write(expected);
        way(cache.clone()).await;
        assert_eq!(read().await, expected);
    }
}

#[tokio::test]
async fn what_get_gives_counts() {
    let (cache, policy) = (cache().await, Policy::new());
    let read = async || {
        let compute = async || cache.get::<u64>("inner").await.unwrap_or(u64::MAX);
        cache.get_or_compute("outer", &policy, compute).await
    };
    cache.put("inner", 1_u64, &policy).await;
    assert_eq!(read().await, 1);
    cache.put("inner", 2_u64, &policy).await;
    assert_eq!(read().await, 2);
    cache.invalidate("inner").await;
    assert_eq!(read().await, u64::MAX);
}

#[tokio::test]
async fn what_a_region_gives_counts() {
    let cache = cache().await;
    let region = cache.region::<u64>("numbers");
    let policy = Policy::new();
    let read = async || {
        let compute = async || region.get("one").await.unwrap_or(u64::MAX);
        cache.get_or_compute("outer", &policy, compute).await
    };
    region.set("one", 1).await;
    assert_eq!(read().await, 1);
    region.set("one", 2).await;
    assert_eq!(read().await, 2);
    region.clear().await;
    assert_eq!(read().await, u64::MAX);
}

/// An absence that is not remembered.
#[cached(name = "kinds_find", key = "kinds:find:{id}", tags = ["rows"], skip(source))]
async fn find(source: &Source, id: u64) -> Option<u64> {
    match source.read().await {
        0 => None,
        row => Some(row),
    }
}

#[cached(
    name = "kinds_found",
    key = "kinds:found:{id}",
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
    name = "kinds_positive",
    key = "kinds:positive:{id}",
    store_if = *ret > 0,
    skip(source)
)]
async fn positive(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "kinds_above_positive",
    key = "kinds:above-positive:{id}",
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
    name = "kinds_past",
    key = "kinds:past:{id}",
    when = !past.load(Ordering::SeqCst),
    skip(source, past)
)]
async fn past_the_cache(source: &Source, past: &AtomicBool, id: u64) -> u64 {
    user(source, id).await
}

#[cached(
    name = "kinds_above_past",
    key = "kinds:above-past:{id}",
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
    name = "kinds_alone",
    key = "kinds:alone:{id}",
    single_flight = off,
    store_if = *ret > 0,
    skip(source)
)]
async fn alone(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

#[cached(
    name = "kinds_above_alone",
    key = "kinds:above-alone:{id}",
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
#[cached(name = "kinds_itself", key = "kinds:itself:{id}", skip(source, depth))]
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
    name = "kinds_failing",
    key = "kinds:failing:{id}",
    store_if = panics(ret),
    skip(source)
)]
async fn failing(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

fn panics(version: &u64) -> bool {
    assert!(*version > 1_000, "on purpose");
    true
}

#[cached(
    name = "kinds_above_failing",
    key = "kinds:above-failing:{id}",
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

#[cached(name = "kinds_config", key = "kinds:config", ttl = 5, skip(source))]
async fn config(source: &Source) -> u64 {
    source.read().await
}

#[cached(
    name = "kinds_document",
    key = "kinds:document",
    ttl = 3600,
    skip(source)
)]
async fn document(source: &Source) -> Arc<u64> {
    Arc::new(config(source).await)
}

#[tokio::test]
async fn a_short_life_inside_ends_a_long_one() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        config(&source).await;
        clock.advance(2 * SECOND);
        document(&source).await;
        source.write(1);
        assert_eq!(document::entry().ttl().await, Some(3 * SECOND));
        clock.advance(3 * SECOND - Duration::from_millis(1));
        assert_eq!(*document(&source).await, 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(*document(&source).await, 1);
    })
    .await;
}

/// A call that waits for another's computation takes what that gives.
#[tokio::test(start_paused = true)]
async fn a_value_that_another_call_computes_counts() {
    let (cache, source) = (cache().await, Source::default());
    let inner = tokio::spawn(scope(cache.clone(), {
        let source = source.clone();
        async move { user(&source, 1).await }
    }));
    source.gate.arrived().await;
    let outer = tokio::spawn(scope(cache.clone(), {
        let source = source.clone();
        async move { site(&source, 1).await }
    }));
    cachekit_tests::settle().await;
    assert_eq!(source.runs(), 1, "the outer one waits");
    source.gate.open_for_all();
    assert_eq!(inner.await.expect("no panic"), 0);
    assert_eq!(outer.await.expect("no panic"), 0);
    source.write(1);
    scope(cache.clone(), async {
        user::entry(1).invalidate().await;
        assert_eq!(site(&source, 1).await, 1);
    })
    .await;
}
