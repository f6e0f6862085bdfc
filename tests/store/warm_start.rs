//! The warm start, at given moments and with a store in trouble.

use std::thread;
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{Cache, cached};
use cachekit_tests::settle;

use crate::world::{node, sleep};

#[cached(key = "warm-row:{id}", tags = ["row-tag:{id}"], cache = cache, skip(cache))]
async fn row(cache: &Cache, id: u64) -> u64 {
    id
}

/// Calls `row` on a new thread, all of whose first calls are counted for the hot keys.
fn call(cache: &Cache, ids: u64) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.expect("a runtime").block_on(async {
                for id in 0..ids {
                    assert_eq!(row(cache, id).await, id);
                }
            });
        });
    });
}

/// A store with the entries and the list of a process that still runs.
async fn served(ids: u64) -> (FakeStore, Cache) {
    let store = FakeStore::new();
    let cache = node(&store).await;
    for id in 0..ids {
        row(&cache, id).await;
    }
    call(&cache, ids);
    row::warm_start(100, &cache).await;
    sleep(1_000).await;
    (store, cache)
}

#[tokio::test(start_paused = true)]
async fn the_list_is_stored_every_minute() {
    let (store, _cache) = served(3).await;
    assert_eq!(store.count(Op::Remember), 0);
    sleep(90_000).await;
    assert!(store.count(Op::Remember) >= 1);
    let fresh = node(&store).await;
    let report = row::warm_start(100, &fresh).await;
    assert_eq!((report.remembered, report.loaded, report.failed), (3, 3, 0));
    assert_eq!(row(&fresh, 2).await, 2);
    assert_eq!(
        (fresh.stats().memory_hits, fresh.stats().computations),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_during_the_loading_wins() {
    let (store, cache) = served(2).await;
    sleep(90_000).await;
    for by_tag in [false, true] {
        row(&cache, 0).await;
        sleep(1_000).await;
        let fresh = node(&store).await;
        store.always(Op::Read, Trouble::Slow(Duration::from_millis(50)));
        let loading = tokio::spawn({
            let fresh = fresh.clone();
            async move { row::warm_start(100, &fresh).await }
        });
        // The list was read after 50 ms, and the entries are on their way.
        sleep(75).await;
        settle().await;
        if by_tag {
            cache.invalidate_tags(["row-tag:0"]).await;
        } else {
            cache.invalidate("warm-row:0").await;
        }
        let report = loading.await.expect("no panic");
        store.heal();
        assert_eq!(
            (report.remembered, report.loaded),
            (2, 1),
            "by tag: {by_tag}"
        );
        row(&fresh, 0).await;
        assert_eq!(fresh.stats().computations, 1, "by tag: {by_tag}");
        sleep(1_000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn entries_that_cannot_be_read_are_counted() {
    let (store, _cache) = served(3).await;
    sleep(90_000).await;
    let fresh = node(&store).await;
    // The list arrives, and no entry.
    store.once(Op::Read, Trouble::Slow(Duration::ZERO));
    store.always(Op::Read, Trouble::Lost);
    let report = row::warm_start(100, &fresh).await;
    assert_eq!((report.remembered, report.loaded, report.failed), (3, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn tags_of_the_arguments_are_not_taken_for_those_of_values() {
    let (store, _cache) = served(3).await;
    sleep(90_000).await;
    let fresh = node(&store).await;
    assert_eq!(row::warm_start(100, &fresh).await.loaded, 3);
    for id in 50..53 {
        row(&fresh, id).await;
        sleep(1_000).await;
    }
    // A guard makes the store refuse values because of other tags with its prefix.
    let guards: Vec<_> = store
        .names()
        .into_iter()
        .filter(|it| it.starts_with("g:row-tag:"))
        .collect();
    assert_eq!(guards, [""; 0]);
}
