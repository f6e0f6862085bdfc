//! Errors that one node remembers, and their effect on other nodes.

use std::pin::Pin;

use cachekit::testing::{FakeStore, Fault, scope};
use cachekit::{Cache, cached};
use cachekit_tests::{Source, settle};

use crate::world::{node, quick, settings, sleep, two};

/// Fails while the source is at version 0.
#[cached(
    key = "failing:{id}",
    name = "failing",
    ttl = 300,
    err_ttl = 5,
    early = false,
    tags = ["failing-rows"],
    events = ["failing.changed {id}"],
    skip(source)
)]
async fn failing(source: &Source, id: u64) -> Result<u64, String> {
    match source.read().await {
        0 => Err(format!("run {}", source.runs())),
        version => Ok(id + version),
    }
}

async fn call(cache: &Cache, source: &Source) -> Result<u64, String> {
    let got = scope(cache.clone(), failing(source, 1)).await;
    settle().await;
    got
}

#[tokio::test(start_paused = true)]
async fn each_node_remembers_its_own_and_then_asks_the_store() {
    let (store, one, two) = two().await;
    let source = quick(0);
    assert_eq!(call(&one, &source).await, Err("run 1".to_owned()));
    assert_eq!(call(&two, &source).await, Err("run 2".to_owned()));
    assert_eq!(call(&one, &source).await, Err("run 1".to_owned()));
    source.write(1);
    sleep(4_900).await;
    assert_eq!(call(&one, &source).await, Err("run 1".to_owned()));
    sleep(200).await;
    assert_eq!(call(&one, &source).await, Ok(2));
    assert_eq!(call(&two, &source).await, Ok(2));
    assert_eq!((source.runs(), two.stats().redis_hits), (3, 1));
    // Nothing of it was ever in the store.
    let third = node(&store).await;
    assert_eq!(call(&third, &source).await, Ok(2));
    assert_eq!(source.runs(), 3);
}

/// The value that another node computed meanwhile is seen by who looks for it, and takes the
/// error's place.
#[tokio::test(start_paused = true)]
async fn a_look_finds_the_value_of_another_node() {
    let (_store, one, two) = two().await;
    let source = quick(0);
    assert!(call(&one, &source).await.is_err());
    source.write(1);
    assert_eq!(call(&two, &source).await, Ok(2));
    assert!(call(&one, &source).await.is_err());
    scope(one.clone(), async {
        assert_eq!(failing::entry(1).get().await, Some(2));
    })
    .await;
    assert_eq!(call(&one, &source).await, Ok(2));
    assert_eq!(source.runs(), 2);
}

type Step = fn(Cache) -> Pin<Box<dyn Future<Output = ()>>>;

const WAYS: [Step; 7] = [
    |cache| Box::pin(async move { cache.invalidate("failing:1").await }),
    |cache| Box::pin(async move { cache.invalidate_tags(["failing-rows"]).await }),
    |cache| Box::pin(async move { cache.emit("failing.changed 1").await }),
    |cache| {
        Box::pin(async move {
            cache.invalidate_function("failing").await;
        })
    },
    |cache| Box::pin(async move { cache.clear().await }),
    |cache| Box::pin(async move { cache.soft().invalidate("failing:1").await }),
    |_| Box::pin(async { failing::entry(1).put(2).await }),
];

/// One node remembers an error, another invalidates it: whether the first gives that error once
/// more.
async fn remembered_after(step: Step, fault: Option<Fault>) -> bool {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let two = node(&store).await;
    let source = quick(0);
    assert!(call(&one, &source).await.is_err());
    source.write(1);
    scope(two.clone(), step(two.clone())).await;
    settle().await;
    match call(&one, &source).await {
        Ok(2) => false,
        Ok(other) => panic!("{other}"),
        Err(_) => true,
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_node_invalidates_is_forgotten() {
    for (n, step) in WAYS.into_iter().enumerate() {
        assert!(!remembered_after(step, None).await, "{n}");
        assert!(remembered_after(step, Some(Fault::Deaf)).await, "{n}");
    }
    for n in [1, 2, 3] {
        let free = Some(Fault::FreeErrors);
        assert!(remembered_after(WAYS[n], free).await, "{n}");
    }
}
