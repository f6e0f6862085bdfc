//! What is inside of `deferred(..)`, and what is not.

use std::convert::Infallible;

use cachekit::testing::scope;
use cachekit::{Cache, Policy, cached, deferred, tracked, untracked};
use cachekit_tests::Source;

use crate::levels::{page, site, user};
use crate::world::{cache, quick};

/// Runs `future` as a transaction that succeeds.
async fn transaction<T>(future: impl Future<Output = T>) -> T {
    let future = async { Ok::<_, Infallible>(future.await) };
    let Ok(value) = deferred(future).await;
    value
}

/// What a call gets after a transaction in which the user was 1 and is 0 again.
async fn afterwards(cache: &Cache) -> (u64, u64) {
    let committed = quick();
    let read = async { user(&committed, 1).await };
    (scope(cache.clone(), read).await, cache.stats().memory_hits)
}

fn open() -> Source {
    let open = quick();
    open.write(1);
    open
}

#[tokio::test]
async fn an_untracked_part_is_inside() {
    let (cache, open) = (cache().await, open());
    let got = scope(cache.clone(), transaction(untracked(user(&open, 1))));
    assert_eq!(got.await, 1);
    assert_eq!(afterwards(&cache).await, (0, 0));
}

#[tokio::test]
async fn a_tracked_task_is_inside() {
    let (cache, open) = (cache().await, open());
    scope(cache.clone(), async {
        let ask = scope(cache.clone(), async move { site(&open, 1).await });
        // The future is wrapped where the transaction runs.
        let got = transaction(async { tokio::spawn(tracked(ask)).await });
        assert_eq!(got.await.expect("no panic"), 1);
    })
    .await;
    assert_eq!(afterwards(&cache).await, (0, 0));
}

#[tokio::test]
async fn a_refresh_stores_nothing() {
    let (cache, open) = (cache().await, open());
    let got = scope(
        cache.clone(),
        transaction(async { user::refresh(&open, 1).await }),
    );
    assert_eq!(got.await, 1);
    assert_eq!(afterwards(&cache).await, (0, 0));
}

#[tokio::test]
async fn calls_without_macros_are_inside() {
    let (cache, open) = (cache().await, open());
    let policy = Policy::new();
    let region = cache.region::<u64>("rows");
    let both = transaction(async {
        let row = cache.get_or_compute("row", &policy, || open.read()).await;
        (row, region.get_or_compute("row", || open.read()).await)
    });
    assert_eq!(both.await, (1, 1));
    assert_eq!(cache.get::<u64>("row").await, None);
    assert_eq!(region.get("row").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_block_in_place_is_inside() {
    let (cache, open) = (cache().await, open());
    let blocking = transaction(async {
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| runtime.block_on(user(&open, 1)))
    });
    assert_eq!(scope(cache.clone(), blocking).await, 1);
    assert_eq!(afterwards(&cache).await, (0, 0));
}

/// Another future of the same task, while the transaction waits.
#[tokio::test]
async fn what_runs_beside_a_transaction_in_one_task_is_not_inside() {
    let (cache, committed) = (cache().await, quick());
    let open = Source::default();
    open.write(1);
    scope(cache.clone(), async {
        let beside = async {
            open.gate.arrived().await;
            assert_eq!(page(&committed, 1).await, 0);
            assert_eq!(page(&committed, 1).await, 0);
            open.gate.open_for_all();
        };
        let (inside, ()) = tokio::join!(transaction(user(&open, 1)), beside);
        assert_eq!(inside, 1);
    })
    .await;
    let stats = cache.stats();
    assert_eq!((stats.memory_hits, stats.bypassed), (1, 1));
}

/// The scope ends with its future.
#[tokio::test]
async fn calls_after_a_transaction_are_cached() {
    let (cache, committed) = (cache().await, quick());
    scope(cache.clone(), async {
        transaction(user(&committed, 1)).await;
        for _ in 0..3 {
            user(&committed, 1).await;
        }
    })
    .await;
    let stats = cache.stats();
    assert_eq!(
        (stats.bypassed, stats.computations, stats.memory_hits),
        (1, 1, 2)
    );
}

/// Runs a transaction in its body, and takes a user after it.
#[cached(name = "scopes_around", key = "scopes:around", skip(source, open))]
async fn around(source: &Source, open: &Source) -> (u64, u64) {
    let inside = transaction(user(open, 1)).await;
    (inside, user(source, 1).await)
}

#[tokio::test]
async fn a_computation_goes_on_taking_after_a_transaction() {
    let (source, open) = (quick(), open());
    scope(cache().await, async {
        assert_eq!(around(&source, &open).await, (1, 0));
        source.write(2);
        user::entry(1).invalidate().await;
        assert_eq!(around(&source, &open).await, (1, 2));
    })
    .await;
}

/// A transaction that was dropped in the middle leaves nothing of itself on the thread.
#[tokio::test]
async fn after_a_dropped_transaction_calls_are_cached() {
    let (cache, committed, open) = (cache().await, quick(), Source::default());
    scope(cache.clone(), async {
        let mut dropped = Box::pin(transaction(user(&open, 1)));
        assert!(cachekit_tests::poll_once(dropped.as_mut()).is_pending());
        drop(dropped);
        user(&committed, 1).await;
        user(&committed, 1).await;
    })
    .await;
    assert_eq!(cache.stats().memory_hits, 1);
}
