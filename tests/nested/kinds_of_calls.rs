//! Every way in which a computation is given something by the cache.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cachekit::testing::scope;
use cachekit::{Cache, Policy, cached};
use cachekit_tests::Source;

use crate::levels::{site, user};
use crate::world::{SECOND, cache, on_clock, quick};

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

/// A way to end the inner entry.
type Invalidate = fn(Cache) -> Pin<Box<dyn Future<Output = ()>>>;

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
        clock.advance(Duration::from_millis(2_999));
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
