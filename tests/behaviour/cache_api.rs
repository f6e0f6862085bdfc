//! The cache without macros: direct calls, regions, capacities, statistics, set-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::{Cache, Capacity, Eviction, Policy};

use crate::cache;

#[tokio::test]
async fn get_or_compute_runs_once() {
    let cache = cache().await;
    let runs = AtomicU64::new(0);
    let compute = || async { runs.fetch_add(1, Ordering::SeqCst) };
    for _ in 0..3 {
        assert_eq!(cache.get_or_compute("n", &Policy::new(), compute).await, 0);
    }
    assert_eq!(cache.get::<u64>("n").await, Some(0));
    assert_eq!(
        cache.get::<String>("n").await,
        None,
        "another type reads as absent"
    );
    cache.invalidate("n").await;
    assert_eq!(cache.get_or_compute("n", &Policy::new(), compute).await, 1);
    let stats = cache.stats();
    assert_eq!(
        (stats.memory_hits, stats.computations, stats.invalidations),
        (3, 2, 1)
    );
}

#[tokio::test]
async fn errors_are_returned_and_not_stored() {
    let cache = cache().await;
    let policy = Policy::new();
    let failed = cache
        .try_get_or_compute("e", &policy, || async { Err::<u64, _>("no") })
        .await;
    assert_eq!(failed, Err("no"));
    let right = cache
        .try_get_or_compute("e", &policy, || async { Ok::<_, &str>(5_u64) })
        .await;
    assert_eq!(right, Ok(5));
    let hit = cache
        .try_get_or_compute("e", &policy, || async { Err::<u64, _>("no") })
        .await;
    assert_eq!(hit, Ok(5));
    assert_eq!(cache.stats().errors, 1);
}

#[tokio::test]
async fn one_invalidation_takes_targets_of_every_kind() {
    let cache = cache().await;
    let names = ["key", "tag", "event", "other"];
    let count = async || {
        let mut present = 0;
        for name in names {
            present += usize::from(cache.get::<u64>(name).await.is_some());
        }
        present
    };
    for name in names {
        let policy = match name {
            "tag" => Policy::new().tag("t"),
            "event" => Policy::new().event("e"),
            _ => Policy::new(),
        };
        cache.put(name, 1_u64, &policy).await;
    }
    let invalidation = cache.invalidation().keys(["key"]).tags(["t"]).events(["e"]);
    drop(invalidation.clone());
    drop(invalidation.clone().into_future());
    assert_eq!(count().await, 4, "nothing was awaited");
    assert!(invalidation.acknowledged().await);
    assert_eq!(count().await, 1);
    assert_eq!(cache.get::<u64>("other").await, Some(1));
    cache.invalidation().everything().await;
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn tags_and_events_of_a_policy() {
    let cache = cache().await;
    let policy = Policy::new().tag("a").tag("b").event("changed");
    for undo in 0..3 {
        cache.put("k", undo, &policy).await;
        assert_eq!(cache.get::<i32>("k").await, Some(undo));
        match undo {
            0 => cache.invalidate_tags(["b"]).await,
            1 => cache.emit("changed").await,
            _ => cache.clear().await,
        }
        assert_eq!(cache.get::<i32>("k").await, None);
    }
    cache.put("k", 9, &policy).await;
    cache.invalidate_tags(["changed"]).await;
    cache.emit("a").await;
    assert_eq!(
        cache.get::<i32>("k").await,
        Some(9),
        "tags and events have names of their own"
    );
}

#[tokio::test]
async fn a_million_entries_go_with_one_tag() {
    let cache = cachekit_tests::builder()
        .memory_capacity(Capacity::entries(2_000_000))
        .build()
        .await
        .expect("right");
    let policy = Policy::new().tag("all");
    for n in 0..1_000_000_u64 {
        cache.put(&n.to_string(), n, &policy).await;
    }
    assert_eq!(cache.get::<u64>("999999").await, Some(999_999));
    let tags = cache.stats().tags;
    assert_eq!(tags, 1, "a million entries share one epoch");
    cache.invalidate_tags(["all"]).await;
    for n in [0_u64, 1, 500_000, 999_999] {
        assert_eq!(cache.get::<u64>(&n.to_string()).await, None);
    }
}

#[tokio::test]
async fn caches_side_by_side_do_not_touch_each_other() {
    let (one, other) = (cache().await, cache().await);
    one.put("k", 1, &Policy::new()).await;
    other.put("k", 2, &Policy::new()).await;
    other.clear().await;
    assert_eq!(one.get::<i32>("k").await, Some(1));
    assert_eq!(other.get::<i32>("k").await, None);
}

#[tokio::test]
async fn a_region_is_found_again_by_its_name() {
    let cache = cache().await;
    let profiles = cache.region::<String>("profiles");
    profiles.set(1, "Ann".to_owned()).await;
    profiles.set("1:2", "Bob".to_owned()).await;
    assert_eq!(
        cache.region::<String>("profiles").get(1).await.as_deref(),
        Some("Ann")
    );
    assert_eq!(cache.region::<String>("others").get(1).await, None);
    assert_eq!(
        cache.region::<u8>("profiles").get(1).await,
        None,
        "another type"
    );
    assert_eq!(
        profiles
            .get_or_compute(2, || async { "Cyd".to_owned() })
            .await,
        "Cyd"
    );
    profiles.delete("1:2").await;
    assert_eq!(profiles.get("1:2").await, None);
    assert_eq!(profiles.get(2).await.as_deref(), Some("Cyd"));
    profiles.clear().await;
    assert_eq!((profiles.get(1).await, profiles.get(2).await), (None, None));
    let stats = profiles.stats();
    assert_eq!((stats.name.as_str(), stats.stores), ("region profiles", 3));
}

#[tokio::test]
async fn a_region_with_a_capacity_of_its_own() {
    let cache = cachekit_tests::builder()
        .memory_capacity(Capacity::entries(100))
        .build()
        .await
        .expect("right");
    let small = cache
        .region::<u64>("small")
        .capacity(Capacity::entries(2))
        .tag("small");
    for n in 0..50_u64 {
        small.set(n, n).await;
    }
    cache.put("mine", 1, &Policy::new()).await;
    assert_eq!(cache.stats().entries, 3, "two in the region, one beside it");
    assert_eq!(
        cache.get::<i32>("mine").await,
        Some(1),
        "it does not push others out"
    );
    small.set(50, 50).await;
    let again = cache.region::<u64>("small").capacity(Capacity::entries(7));
    assert_eq!(
        again.get(50).await,
        Some(50),
        "asked for again it is the same"
    );
    cache.invalidate("small:50").await;
    assert_eq!(small.get(50).await, None, "its keys are the cache's keys");
    small.set(51, 51).await;
    cache.invalidate_tags(["small"]).await;
    assert_eq!(small.get(51).await, None);
    small.set(52, 52).await;
    cache.clear().await;
    assert_eq!(small.get(52).await, None);
}

/// A clock that tells whether somebody still holds it.
#[derive(Debug)]
struct Held(#[expect(dead_code, reason = "held, not read")] Arc<()>);

impl cachekit::Clock for Held {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

#[tokio::test]
async fn a_dropped_cache_is_gone() {
    let held = Arc::new(());
    let cache = cachekit_tests::builder()
        .clock(Held(Arc::clone(&held)))
        .build()
        .await
        .expect("right");
    let region = cache.region::<u64>("own").capacity(Capacity::entries(5));
    region.set(1, 1).await;
    cache.put("k", 1, &Policy::new().tag("t")).await;
    cache
        .get_or_compute("n", &Policy::new(), || async { 1 })
        .await;
    assert_eq!(Arc::strong_count(&held), 2);
    drop((cache, region));
    assert_eq!(Arc::strong_count(&held), 1, "nothing refers to itself");
}

#[tokio::test]
async fn bounded_by_entries() {
    for eviction in [Eviction::Lru, Eviction::TinyLfu] {
        let builder = Cache::builder()
            .memory_capacity(Capacity::entries(100))
            .eviction(eviction);
        let cache = builder.build().await.expect("right");
        for n in 0..10_000_u64 {
            cache.put(&n.to_string(), n, &Policy::new()).await;
        }
        assert!(
            cache.stats().entries <= 100,
            "{eviction:?}: {}",
            cache.stats().entries
        );
    }
}

/// A string's bytes are on the heap: they are weighed by what they are when encoded.
#[tokio::test]
async fn bounded_by_bytes() {
    #[cachekit::cached(key = "blob:{id}")]
    async fn blob(id: u64) -> Arc<String> {
        Arc::new(id.to_string().repeat(10_000))
    }
    let cache = cachekit_tests::builder()
        .memory_capacity(Capacity::bytes(1 << 20))
        .build()
        .await
        .expect("right");
    cachekit::testing::scope(cache.clone(), async {
        for id in 10..500 {
            blob(id).await;
        }
    })
    .await;
    let stats = cache.stats();
    assert!(stats.bytes <= 1 << 20, "{}", stats.bytes);
    assert!(
        (20..=52).contains(&stats.entries),
        "of 20 to 30 KB each: {}",
        stats.entries
    );
}

#[tokio::test]
async fn bad_settings_are_explained() {
    let none = Capacity::entries(0);
    let told = cachekit_tests::builder()
        .memory_capacity(none)
        .build()
        .await
        .expect_err("zero")
        .to_string();
    assert!(
        told.contains("memory_capacity") && told.contains("at least 1"),
        "{told}"
    );
    let told = cachekit_tests::builder()
        .default_ttl(Duration::ZERO)
        .build()
        .await
        .expect_err("zero")
        .to_string();
    assert!(
        told.contains("default_ttl") && told.contains("enabled(false)"),
        "{told}"
    );
    let builder = cachekit_tests::builder().lock_timeout(Duration::ZERO);
    let told = builder.build().await.expect_err("zero").to_string();
    assert!(told.contains("lock_timeout"), "{told}");
}

#[tokio::test]
async fn a_disabled_cache_computes_and_still_invalidates() {
    let cache = cachekit_tests::builder()
        .enabled(false)
        .build()
        .await
        .expect("right");
    let runs = AtomicU64::new(0);
    let compute = || async { runs.fetch_add(1, Ordering::SeqCst) };
    assert_eq!(cache.get_or_compute("k", &Policy::new(), compute).await, 0);
    assert_eq!(cache.get_or_compute("k", &Policy::new(), compute).await, 1);
    cache.put("k", 1, &Policy::new()).await;
    assert_eq!(cache.get::<i32>("k").await, None);
    cache.invalidate("k").await;
    let stats = cache.stats();
    assert_eq!(
        (stats.bypassed, stats.invalidations, stats.entries),
        (2, 1, 0)
    );
}

#[tokio::test]
async fn keys_and_values_stay_out_of_debug_output() {
    let cache = cache().await;
    cache
        .put("key-of-ann", "secret".to_owned(), &Policy::new())
        .await;
    let shown = format!("{cache:?} {:?}", cache.stats());
    assert!(
        !shown.contains("secret") && !shown.contains("ann"),
        "{shown}"
    );
}
