//! A recorder tells what a cache did since the recorder was created.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use cachekit::testing::{ManualClock, Recorder, scope};
use cachekit::{Cache, Policy, cached, invalidates};

mod shop {
    #[cachekit::cached(name = "recorder::shop::price", key = "recorder-price:{id}", ttl = 60)]
    pub(crate) async fn price(id: u64) -> u64 {
        id * 100
    }
}

mod bank {
    #[cachekit::cached(name = "recorder::bank::price", key = "recorder-bank:{id}")]
    pub(crate) async fn price(id: u64) -> u64 {
        id
    }
}

use shop::price;

#[cached(
    name = "recorder::never_called",
    key = "recorder-never:{id}",
    tags = ["recorder-tag"]
)]
async fn never_called(id: u64) -> u64 {
    id
}

#[invalidates(price(id), never_called(..), tags = ["recorder-tag"], events = ["recorder.changed"])]
async fn change(id: u64) {
    let _ = id;
}

async fn cache() -> Cache {
    Cache::builder().build().await.expect("a valid set-up")
}

/// Returns the message of a panic of `run`.
fn panic_of(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(run).expect_err("it panics");
    let text = panic.downcast_ref::<String>().expect("a formatted message");
    text.clone()
}

#[tokio::test]
async fn calls_and_stores_are_counted_by_function_from_its_creation_on() {
    let cache = cache().await;
    scope(cache.clone(), price(7)).await;
    let seen = Recorder::new(&cache);
    scope(cache.clone(), async {
        price(7).await;
        price(8).await;
        price(8).await;
        bank::price(1).await;
    })
    .await;

    seen.assert_computed("shop::price", 1);
    seen.assert_computed("recorder::shop::price", 1);
    let price = seen.function("shop::price");
    assert_eq!((price.memory_hits, price.misses, price.stores), (2, 1, 1));
    assert_eq!(seen.stats().computations, 2);
}

#[tokio::test]
async fn a_call_that_another_cache_got_is_hinted_at() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    let spawned = scope(cache.clone(), async { tokio::spawn(price(9)).await });
    spawned.await.expect("it ends");
    let hint = "in a spawned task, uses the global cache";
    let told = panic_of(AssertUnwindSafe(|| seen.assert_computed("shop::price", 1)));
    assert!(told.contains(hint), "{told}");
    scope(cache.clone(), price(9)).await;
    let told = panic_of(AssertUnwindSafe(|| seen.assert_computed("shop::price", 2)));
    assert!(!told.contains(hint), "{told}");
}

/// The counters are those of the cache, so what runs elsewhere is seen too.
#[tokio::test]
async fn a_task_that_is_spawned_in_the_scope_again_is_seen() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    let spawned = scope(cache.clone(), async {
        let task = tokio::spawn(scope(cachekit::global(), price(7)));
        task.await.expect("it ends")
    });
    assert_eq!(spawned.await, 700);
    seen.assert_computed("shop::price", 1);
}

#[tokio::test]
async fn a_value_that_expired_on_the_clock_of_the_test_is_computed_again() {
    let clock = ManualClock::new();
    let built = Cache::builder().clock(clock.clone()).build().await;
    let cache = built.expect("a valid set-up");
    let seen = Recorder::new(&cache);
    scope(cache.clone(), price(7)).await;
    clock.advance(Duration::from_secs(61));
    scope(cache.clone(), price(7)).await;
    seen.assert_computed("shop::price", 2);
    assert_eq!(seen.function("shop::price").by_cause.expired, 1);
}

#[tokio::test]
async fn each_invalidated_name_is_a_line_in_order() {
    let cache = cache().await;
    let before = Recorder::new(&cache);
    cache.invalidate_tags(["early"]).await;
    let seen = Recorder::new(&cache);
    scope(cache.clone(), change(7)).await;
    cache.invalidation().tags(["late"]).soft().await;
    cache.clear().await;

    let mut lines = seen.invalidated();
    let last = lines.split_off(4);
    lines.sort();
    assert_eq!(
        lines,
        [
            "entry recorder-price:7",
            "event recorder.changed",
            "function recorder::never_called",
            "tag recorder-tag",
        ]
    );
    assert_eq!(last, ["tag late (soft)", "everything"]);
    assert_eq!(before.invalidated().len(), 7);
    assert_eq!(before.invalidated()[0], "tag early");
}

#[tokio::test]
async fn computations_stores_and_invalidations_are_in_their_order() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    scope(cache.clone(), async {
        price(7).await;
        price(7).await;
        change(7).await;
        price(7).await;
    })
    .await;
    let policy = Policy::new();
    let overtaken = cache.get_or_compute("overtaken", &policy, async || {
        cache.invalidate("overtaken").await;
        1_u64
    });
    overtaken.await;
    cache.put("overtaken", 2_u64, &policy).await;

    let lines: Vec<_> = seen.events();
    let (change, rest): (Vec<_>, Vec<_>) = lines.iter().partition(|line| {
        ["event recorder", "function rec", "tag rec"]
            .iter()
            .any(|name| line.starts_with(&format!("invalidates {name}")))
    });
    assert_eq!(change.len(), 3, "{lines:?}");
    assert_eq!(
        rest,
        [
            "computes recorder::shop::price recorder-price:7",
            "stores recorder::shop::price recorder-price:7",
            "invalidates entry recorder-price:7",
            "computes recorder::shop::price recorder-price:7",
            "stores recorder::shop::price recorder-price:7",
            "computes (direct) overtaken",
            "invalidates entry overtaken",
            "refuses (direct) overtaken",
            "stores (direct) overtaken",
        ]
    );
}

#[tokio::test]
async fn a_wrong_number_of_computations_fails_with_what_happened() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    scope(cache.clone(), async {
        price(7).await;
        cache.invalidate("recorder-price:7").await;
        price(7).await;
    })
    .await;
    let check = std::panic::AssertUnwindSafe(|| seen.assert_computed("shop::price", 1));
    let message = panic_of(check);
    let start = "`recorder::shop::price` was computed 2 times, not 1: 0 hits in memory, 0 in Redis";
    assert!(message.starts_with(start), "{message}");
    assert!(
        message.contains("invalidated: [\"entry recorder-price:7\"]"),
        "{message}"
    );
    assert!(message.contains("key: 1,"), "{message}");
}

/// Otherwise `assert_computed("tpyo", 0)` would hold for ever.
#[tokio::test]
async fn a_name_that_no_function_has_fails() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    seen.assert_computed("never_called", 0);
    for unknown in ["never_caled", "ever_called", ""] {
        let check = std::panic::AssertUnwindSafe(|| seen.assert_computed(unknown, 0));
        let message = panic_of(check);
        let start = format!("no cached function is named `{unknown}`; there are [");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.contains("\"recorder::never_called\""), "{message}");
    }
}

#[tokio::test]
async fn an_end_that_several_functions_have_fails() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    let check = std::panic::AssertUnwindSafe(|| seen.assert_computed("price", 0));
    let message = panic_of(check);
    assert!(message.contains("\"recorder::bank::price\""), "{message}");
    assert!(message.ends_with("write more of the name"), "{message}");
}

#[tokio::test]
async fn a_region_is_found_by_its_name_in_the_statistics() {
    let cache = cache().await;
    let seen = Recorder::new(&cache);
    let region = cache.region::<u64>("recorded");
    region.set("a", 1).await;
    assert_eq!(region.get("a").await, Some(1));
    assert_eq!(seen.function("region recorded").memory_hits, 1);
}
