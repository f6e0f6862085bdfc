//! Writes by hand, with `Cache::writing`.

use std::time::Duration;

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, Policy, cached, deferred};
use cachekit_tests::{Gate, poll_once, settle};

use crate::world::{node, sleep, two};

#[cached(key = "hand:{id}", name = "by_hand", events = ["moved {id}"], ttl = "1h")]
async fn by_hand(id: u64) -> u64 {
    id
}

async fn put(cache: &Cache) {
    for (key, tag) in [("a", "x"), ("b", "y"), ("c", "z")] {
        let policy = Policy::new().tag(tag).ttl(Duration::from_secs(3600));
        cache.put(key, 1_u64, &policy).await;
    }
}

async fn left(cache: &Cache) -> Vec<&'static str> {
    let mut left = vec![];
    for key in ["a", "b", "c"] {
        if cache.get::<u64>(key).await.is_some() {
            left.push(key);
        }
    }
    left
}

#[tokio::test(start_paused = true)]
async fn the_targets_are_there_during_the_write_and_gone_after_it() {
    let (store, one, other) = two().await;
    put(&one).await;
    for result in [Ok(5), Err("no")] {
        put(&one).await;
        let write = async {
            assert_eq!(left(&one).await, ["a", "b", "c"]);
            assert_eq!(store.marks(), 1);
            result
        };
        let written = one.writing(|names| names.keys(["a"]).tags(["y"]), write);
        assert_eq!(written.await, result);
        settle().await;
        for node in [&one, &other] {
            assert_eq!(left(node).await, ["c"], "{result:?}");
        }
        assert_eq!(store.marks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn g12_who_dies_is_finished_by_another() {
    let (store, one, other) = two().await;
    put(&one).await;
    let gate = Gate::new();
    let names = |names: cachekit::InvalidationBuilder| names.soft().keys(["a"]).tags(["z"]);
    let mut writing = Box::pin(one.writing(names, gate.pass()));
    while gate.waiting() == 0 {
        assert!(poll_once(writing.as_mut()).is_pending());
        settle().await;
    }
    store.kill(0);
    sleep(500).await;
    assert_eq!(left(&other).await, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_write_invalidates() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    put(&cache).await;
    let gate = Gate::new();
    {
        let mut writing = Box::pin(cache.writing(|it| it.functions(["(direct)"]), gate.pass()));
        while gate.waiting() == 0 {
            assert!(poll_once(writing.as_mut()).is_pending());
            settle().await;
        }
    }
    settle().await;
    assert_eq!((left(&cache).await.len(), store.marks()), (0, 0));
}

/// A function that is called for the first time during the write.
#[tokio::test(start_paused = true)]
async fn events_with_data_reach_functions_that_are_new() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let inside = cache.clone();
    scope(cache.clone(), async {
        let write = async move {
            assert_eq!(scope(inside, by_hand(7)).await, 7);
            settle().await;
        };
        cache
            .writing(|it| it.event_about("moved", [("id", 7)]), write)
            .await;
        assert_eq!(by_hand::entry(7).get().await, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn inside_deferred_it_waits_for_the_end() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    put(&cache).await;
    let scoped = async {
        let acknowledged = cache.writing(|it| it.acknowledged().keys(["a"]), async { 3 });
        assert_eq!(acknowledged.await, 3);
        assert_eq!(left(&cache).await, ["a", "b", "c"]);
        assert_eq!(store.marks(), 1);
        Ok::<(), ()>(())
    };
    deferred(scoped).await.unwrap();
    assert_eq!(left(&cache).await, ["b", "c"]);
    settle().await;
    assert_eq!(store.marks(), 0);
}
