//! Functions with memory of their own, on nodes whose messages name keys and not their functions.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::{FakeStore, Fault, scope};
use cachekit::{Cache, cached};
use cachekit_tests::settle;

use crate::world::{node, settings};

static RUNS: AtomicU64 = AtomicU64::new(0);

#[cached(
    key = "own_memory:{id}",
    name = "own_memory",
    capacity = 10,
    early = false,
    tags = ["own_memory-rows", "own_memory-of:{ret}"],
    events = ["own_memory.changed {id}"],
)]
async fn own_memory(id: u64) -> u64 {
    id + RUNS.fetch_add(1, Ordering::SeqCst)
}

async fn call(cache: &Cache) -> u64 {
    let got = scope(cache.clone(), own_memory(1)).await;
    settle().await;
    got
}

type Step = fn(Cache) -> Pin<Box<dyn Future<Output = ()>>>;

const BY_KEY: [Step; 5] = [
    |cache| Box::pin(async move { cache.invalidate("own_memory:1").await }),
    |cache| Box::pin(async move { cache.soft().invalidate("own_memory:1").await }),
    |cache| {
        Box::pin(async move {
            assert!(cache.acknowledged().invalidate("own_memory:1").await);
        })
    },
    |_| Box::pin(async { own_memory::entry(1).invalidate().await }),
    |_| Box::pin(async { own_memory::entry(1).put(0).await }),
];

const BY_EPOCH: [Step; 5] = [
    |cache| Box::pin(async move { cache.invalidate_tags(["own_memory-rows"]).await }),
    |cache| Box::pin(async move { cache.emit("own_memory.changed 1").await }),
    |cache| {
        Box::pin(async move {
            cache.invalidate_function("own_memory").await;
        })
    },
    |cache| Box::pin(async move { cache.clear().await }),
    |_| Box::pin(own_memory::expire_all()),
];

/// An entry on one node, which another invalidates, or `itself`: whether the first serves it once
/// more.
async fn kept_after(step: Step, itself: bool, fault: Option<Fault>) -> bool {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let two = node(&store).await;
    let before = call(&one).await;
    // Read from the store, and at hand.
    assert_eq!((call(&two).await, call(&one).await), (before, before));
    let who = if itself { &one } else { &two };
    scope(who.clone(), step(who.clone())).await;
    settle().await;
    call(&one).await == before
}

#[tokio::test(start_paused = true)]
async fn what_any_node_invalidates_is_gone_from_them() {
    for (n, step) in BY_KEY.into_iter().chain(BY_EPOCH).enumerate() {
        for itself in [false, true] {
            assert!(!kept_after(step, itself, None).await, "{n} {itself}");
        }
        let deaf = kept_after(step, false, Some(Fault::Deaf)).await;
        assert!(deaf, "{n}: who hears nothing keeps it");
    }
    for (n, step) in BY_KEY.into_iter().enumerate() {
        let spared = kept_after(step, false, Some(Fault::SpareRooms)).await;
        assert!(spared, "{n}: it was never looked for there");
    }
}

/// What the cache reads from the store for a look is where the next call finds it.
#[tokio::test(start_paused = true)]
async fn what_is_read_comes_into_the_function_s_memory() {
    let store = FakeStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let value = call(&one).await;
    scope(two.clone(), async {
        assert_eq!(own_memory::entry(1).get().await, Some(value));
    })
    .await;
    assert_eq!(call(&two).await, value);
    let stats = two.stats();
    assert_eq!(
        (stats.memory_hits, stats.redis_hits, stats.entries),
        (1, 0, 1)
    );
    let entries = |cache: &Cache| cache.stats().entries;
    for id in 0..100 {
        scope(two.clone(), own_memory(id)).await;
    }
    assert_eq!(entries(&two), 10, "its own bound");
    two.clear().await;
    assert_eq!((entries(&two), entries(&one)), (0, 0));
}
