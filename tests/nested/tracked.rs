//! `tracked(..)` makes a spawned task part of the computation, and `untracked(..)` takes a part of a
//! body out of it.

use cachekit::testing::scope;
use cachekit::{cached, tracked, untracked};
use cachekit_tests::Source;
use tokio::task::JoinSet;

use crate::levels::user;
use crate::world::{SECOND, cache, on_clock, quick};

/// A future for another task, with the cache of this one.
fn ask(source: &Source, id: u64) -> impl Future<Output = u64> + Send + use<> {
    let source = source.clone();
    let ask = async move { user(&source, id).await };
    tracked(scope(cachekit::global(), ask))
}

#[cached(name = "tracked_task", key = "tracked:task:{id}", skip(source))]
async fn task(source: &Source, id: u64) -> u64 {
    tokio::spawn(ask(source, id)).await.expect("no panic")
}

/// A level above it.
#[cached(name = "tracked_above", key = "tracked:above:{id}", skip(source))]
async fn above(source: &Source, id: u64) -> u64 {
    task(source, id).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tracked_task_takes_counts() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(above(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        assert_eq!(task(&source, 1).await, 1);
        assert_eq!(above(&source, 1).await, 1);
    })
    .await;
}

#[cached(name = "tracked_many", key = "tracked:many", skip(source))]
async fn many(source: &Source) -> u64 {
    let tasks: JoinSet<u64> = (0..100).map(|id| ask(source, id)).collect();
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_hundred_tracked_tasks_counts() {
    for id in [0, 50, 99] {
        let source = quick();
        scope(cache().await, async {
            assert_eq!(many(&source).await, 0);
            source.write(1);
            user::entry(id).invalidate().await;
            assert_eq!(many(&source).await, 1, "user {id}");
        })
        .await;
    }
}

/// Waits on a thread that blocks.
#[cached(name = "tracked_thread", key = "tracked:thread:{id}", skip(source))]
async fn thread(source: &Source, id: u64) -> u64 {
    let (runtime, ask) = (tokio::runtime::Handle::current(), ask(source, id));
    let task = tokio::task::spawn_blocking(move || runtime.block_on(ask));
    task.await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tracked_future_takes_on_another_thread_counts() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(thread(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        assert_eq!(thread(&source, 1).await, 1);
    })
    .await;
}

/// Takes a user by itself and another one apart.
#[cached(name = "tracked_partly", key = "tracked:partly:{a}:{b}", skip(source))]
async fn partly(source: &Source, a: u64, b: u64) -> (u64, u64) {
    let apart = untracked(user(source, b)).await;
    (user(source, a).await, apart)
}

#[tokio::test]
async fn what_an_untracked_part_takes_does_not_count() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(partly(&source, 1, 2).await, (0, 0));
        source.write(1);
        user::entry(2).invalidate().await;
        assert_eq!(partly(&source, 1, 2).await, (0, 0));
        user::entry(1).invalidate().await;
        assert_eq!(partly(&source, 1, 2).await, (1, 1));
    })
    .await;
}

#[cached(name = "tracked_banner", key = "tracked:banner", ttl = 5, skip(source))]
async fn banner(source: &Source) -> u64 {
    source.read().await
}

#[cached(name = "tracked_page", key = "tracked:page", ttl = 300, skip(source))]
async fn page(source: &Source) -> u64 {
    untracked(banner(source)).await
}

#[tokio::test]
async fn what_an_untracked_part_takes_shortens_no_life() {
    let source = quick();
    let (_, cache) = on_clock(None).await;
    scope(cache, async {
        page(&source).await;
        assert_eq!(page::entry().ttl().await, Some(300 * SECOND));
    })
    .await;
}

/// Leaves a task behind that asks when its computation has ended.
#[cached(name = "tracked_left", key = "tracked:left:{id}", skip(source, go_on))]
async fn left_behind(source: &Source, go_on: &cachekit_tests::Gate, id: u64) -> u64 {
    let (ask, go_on) = (ask(source, id), go_on.clone());
    tokio::spawn(tracked(async move {
        go_on.pass().await;
        ask.await
    }));
    7
}

#[tokio::test]
async fn a_tracked_task_that_outlives_its_computation_changes_nothing() {
    let (source, gate) = (quick(), cachekit_tests::Gate::new());
    let cache = cache().await;
    scope(cache.clone(), async {
        assert_eq!(left_behind(&source, &gate, 1).await, 7);
        gate.arrived().await;
        gate.open();
        cachekit_tests::settle().await;
        assert_eq!(source.runs(), 1, "it has asked");
        user::entry(1).invalidate().await;
        let computations = left_behind::stats().computations;
        assert_eq!(left_behind(&source, &gate, 1).await, 7);
        assert_eq!(left_behind::stats().computations, computations);
    })
    .await;
}

#[tokio::test]
async fn outside_of_computations_both_change_nothing() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(tracked(user(&source, 1)).await, 0);
        assert_eq!(untracked(user(&source, 1)).await, 0);
        assert_eq!(user::stats().memory_hits, 1);
    })
    .await;
}
