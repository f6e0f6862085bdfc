//! What statistics count, on a manual clock: why calls missed, how long computations take, how old
//! values are, and what left memory.

use std::collections::BTreeMap;
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, Capacity, FunctionStats, Histogram, MissStats, Policy, Stats, cached};
use cachekit_tests::on_new_thread;

const SECOND: Duration = Duration::from_secs(1);

/// So many removed entries may still have their memory.
const UNFREED: u64 = 150;

async fn cache(clock: &ManualClock) -> Cache {
    let builder = cachekit_tests::builder().clock(clock.clone());
    builder.build().await.expect("a valid set-up")
}

fn function(stats: &Stats, name: &str) -> FunctionStats {
    let found = stats.functions.iter().find(|it| it.name == name);
    found.expect("the function was called").clone()
}

struct Product {
    category: u64,
}

#[cached(
    key = "product:{id}",
    name = "stats_product",
    ttl = 60,
    early = false,
    tier = memory,
    tags = ["catalogue", "shelf-{id}", "category:{ret.category}"],
    events = ["sold"]
)]
async fn product(id: u64) -> std::sync::Arc<Product> {
    std::sync::Arc::new(Product { category: id })
}

#[cached(key = "page:{id}", name = "stats_page", tier = memory, early = false)]
async fn page(id: u64) -> u64 {
    product(id).await.category
}

/// The causes of the calls' misses, by what was done to the entry since the call before.
async fn causes_after(step: impl AsyncFn(&Cache, &ManualClock)) -> MissStats {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        page(7).await;
        let before = cache.stats();
        step(&cache, &clock).await;
        product(7).await;
        let since = cache.stats().since(&before);
        let causes = function(&since, "stats_product").calls.by_cause;
        assert_eq!(since.by_cause.total(), since.computations, "{since:?}");
        causes
    })
    .await
}

fn tagged(family: &str) -> MissStats {
    let mut causes = MissStats::default();
    causes.tags = BTreeMap::from([(family.to_owned(), 1)]);
    causes
}

fn only(set: impl Fn(&mut MissStats) -> &mut u64) -> MissStats {
    let mut causes = MissStats::default();
    *set(&mut causes) = 1;
    causes
}

#[tokio::test]
async fn a_hit_has_no_cause() {
    let causes = causes_after(async |_, _| {}).await;
    assert_eq!(causes, MissStats::default());
}

#[tokio::test]
async fn an_entry_that_was_never_there_is_absent() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    scope(cache.clone(), product(1)).await;
    assert_eq!(cache.stats().by_cause, only(|it| &mut it.absent));
}

#[tokio::test]
async fn an_entry_whose_life_is_over_has_expired() {
    let causes = causes_after(async |_, clock| clock.advance(61 * SECOND)).await;
    assert_eq!(causes, only(|it| &mut it.expired));
}

#[tokio::test]
async fn an_invalidated_key_is_the_cause_of_one_miss() {
    let causes = causes_after(async |cache, _| cache.invalidate("product:7").await).await;
    assert_eq!(causes, only(|it| &mut it.key));
    let causes = causes_after(async |cache, _| {
        cache.invalidation().soft().keys(["product:7"]).await;
    });
    assert_eq!(causes.await, only(|it| &mut it.key));
    // The value that was put since is absent for another reason.
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let policy = Policy::new().ttl(SECOND);
    cache.invalidate("row").await;
    cache.put("row", 1_u64, &policy).await;
    clock.advance(2 * SECOND);
    assert_eq!(cache.get::<u64>("row").await, None);
    assert_eq!(cache.stats().by_cause, only(|it| &mut it.expired));
}

/// The constant tag and the one without a colon are named by their templates, and the third by its
/// own text.
#[tokio::test]
async fn an_invalidated_tag_is_counted_by_its_family() {
    for (tag, family) in [
        ("category:7", "category:"),
        ("catalogue", "catalogue"),
        ("shelf-7", "shelf-"),
    ] {
        let causes = causes_after(async |cache, _| cache.invalidate_tags([tag]).await).await;
        assert_eq!(causes, tagged(family), "{tag}");
        let softly = causes_after(async |cache, _| {
            cache.invalidation().soft().tags([tag]).await;
        });
        assert_eq!(softly.await, tagged(family), "{tag}, softly");
    }
}

#[tokio::test]
async fn a_tag_of_no_template_is_counted_by_its_first_colon() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let policy = Policy::new().tag("org:7:x").tag("alice");
    for (tag, _) in [("none", 0), ("org:7:x", 1), ("alice", 2)] {
        cache.invalidate_tags([tag]).await;
        cache
            .get_or_compute("row", &policy, || async { 1_u64 })
            .await;
    }
    let causes = cache.stats().calls.by_cause;
    assert_eq!(causes.tags, BTreeMap::from([("org:".to_owned(), 1)]));
    assert_eq!((causes.other_tags, causes.absent), (1, 1));
}

#[tokio::test]
async fn events_functions_and_sources_are_told_apart() {
    let causes = causes_after(async |cache, _| cache.emit("sold").await).await;
    assert_eq!(causes, only(|it| &mut it.event));
    let causes = causes_after(async |cache, _| {
        cache.invalidate_function("stats_product").await;
    });
    assert_eq!(causes.await, only(|it| &mut it.function));

    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        page(7).await;
        cache.invalidate("product:7").await;
        page(7).await;
    })
    .await;
    let stats = cache.stats();
    let page = function(&stats, "stats_page").calls.by_cause;
    assert_eq!((page.absent, page.source, page.total()), (1, 1, 2));
}

#[tokio::test]
async fn a_forced_computation_has_its_own_cause() {
    let causes = causes_after(async |_, _| {
        product::refresh(7).await;
    });
    assert_eq!(causes.await, only(|it| &mut it.forced));
}

#[tokio::test]
async fn a_value_of_another_type_is_no_absent_one() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    cache.put("row", 1_u64, &Policy::new()).await;
    assert_eq!(cache.get::<String>("row").await, None);
    assert_eq!(cache.stats().by_cause, only(|it| &mut it.changed));
}

/// Those that are replaced, removed or invalidated leave memory without an eviction.
#[tokio::test]
async fn evictions_are_those_for_room() {
    let policy = Policy::new().ttl(SECOND);
    for engine in [cachekit::Engine::Moka, cachekit::Engine::QuickCache] {
        let clock = ManualClock::new();
        let builder = cachekit_tests::builder()
            .clock(clock.clone())
            .engine(engine)
            .memory_capacity(Capacity::entries(100));
        let cache = builder.build().await.expect("a valid set-up");
        let compute = async |key: u64| {
            let key = key.to_string();
            cache
                .get_or_compute(&key, &policy, || async { 1_u64 })
                .await;
        };
        for key in 0..50 {
            compute(key).await;
        }
        clock.advance(2 * SECOND);
        for key in 0..50 {
            compute(key).await;
        }
        for key in 0..50_u64 {
            cache.put(&key.to_string(), 2_u64, &policy).await;
        }
        for key in 0..20_u64 {
            cache.invalidate(&key.to_string()).await;
        }
        let stats = cache.stats();
        assert_eq!((stats.evictions, stats.entries), (0, 30), "{engine:?}");
        let is_near = |one: u64, other: u64| one.abs_diff(other) <= UNFREED;
        assert!(is_near(function(&stats, "(direct)").entries, 30));
        for key in 1_000..6_000 {
            compute(key).await;
        }
        let stats = cache.stats();
        assert!(stats.entries <= 100, "{engine:?}: {}", stats.entries);
        let gone = 5_030 - stats.entries;
        assert!(is_near(stats.evictions, gone), "{}", stats.evictions);
        let own = function(&stats, "(direct)");
        assert!(is_near(own.entries, stats.entries), "{}", own.entries);
        cache.clear().await;
        // moka frees them while others are inserted.
        for key in 0..1_000 {
            compute(key % 50).await;
        }
        let own = function(&cache.stats(), "(direct)").clone();
        assert!(is_near(own.entries, 50), "{engine:?}: {}", own.entries);
        // Some that were evicted before the statistics were read are freed and counted later.
        let evicted = stats.evictions..=gone;
        assert!(
            evicted.contains(&own.evictions),
            "{engine:?}: {}",
            own.evictions
        );
    }
}

#[tokio::test]
async fn bytes_are_counted_for_each_function() {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder()
        .clock(clock.clone())
        .memory_capacity(Capacity::bytes(1 << 20));
    let cache = builder.build().await.expect("a valid set-up");
    cache.put("row", vec![0_u8; 5_000], &Policy::new()).await;
    cache.region("other").set(1, 1_u64).await;
    let stats = cache.stats();
    let of = |name| function(&stats, name).bytes;
    assert!(of("(direct)") > 5_000 && of("region other") > 0);
    assert_eq!(of("(direct)") + of("region other"), stats.bytes);
}

/// The 99th part of a hundred, when all are equal.
fn is_about(histogram: &Histogram, length: Duration) -> bool {
    let found = histogram.quantile(0.99).expect("something was recorded");
    length / 2 < found && found < length * 2
}

#[tokio::test]
async fn each_run_s_time_is_recorded() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    for key in ["a", "b", "b"] {
        let run = || async { clock.advance(30 * SECOND / 1_000) };
        cache.get_or_compute(key, &Policy::new(), run).await;
    }
    let failing = || async {
        clock.advance(SECOND);
        Err::<(), _>("no")
    };
    let _ = cache.try_get_or_compute("c", &Policy::new(), failing).await;
    let times = cache.stats().calls.compute_time;
    assert_eq!(times.count(), 3);
    assert_eq!(times.sum(), Duration::from_millis(1_060));
    assert!(is_about(&times, SECOND));
}

/// The first uses of a thread are all samples; after many, one of 256.
#[test]
fn ages_of_hits_are_sampled() {
    on_new_thread(async || {
        let clock = ManualClock::new();
        let cache = cache(&clock).await;
        scope(cache.clone(), async {
            page(7).await;
            clock.advance(10 * SECOND);
            for _ in 0..10 {
                page(7).await;
            }
            let ages = function(&cache.stats(), "stats_page").calls.age;
            assert_eq!((ages.count(), ages.sum()), (10, 100 * SECOND));
            for _ in 0..30_000 {
                page(7).await;
            }
        })
        .await;
        let stats = function(&cache.stats(), "stats_page");
        assert_eq!(stats.memory_hits, 30_010);
        let ages = &stats.calls.age;
        assert!(ages.count().abs_diff(30_010) < 6_000, "{}", ages.count());
        assert!(is_about(ages, 10 * SECOND), "{ages:?}");
    });
}

#[tokio::test]
async fn a_window_is_the_difference_of_two_results() {
    let clock = ManualClock::new();
    clock.advance(5 * SECOND);
    let cache = cache(&clock).await;
    let call = async |key: &str| {
        cache
            .get_or_compute(key, &Policy::new(), || async { 1_u64 })
            .await;
    };
    call("a").await;
    clock.advance(10 * SECOND);
    let earlier = cache.stats();
    assert_eq!(earlier.elapsed, 10 * SECOND);
    for key in ["a", "a", "a", "b"] {
        call(key).await;
    }
    cache.region("new").set(1, 1_u64).await;
    cache.invalidate("a").await;
    clock.advance(2 * SECOND);
    let window = cache.stats().since(&earlier);
    assert_eq!(window.elapsed, 2 * SECOND);
    let counted = (window.memory_hits, window.misses, window.invalidations);
    assert_eq!(counted, (3, 1, 1));
    assert_eq!((window.hit_rate(), window.calls.calls()), (0.75, 4));
    let rate = window.per_second(window.calls.calls());
    assert!((1.999..2.001).contains(&rate), "{rate}");
    assert_eq!(window.entries, 2, "those that exist now");
    assert_eq!(function(&window, "(direct)").memory_hits, 3);
    assert_eq!(function(&window, "region new").stores, 1);
    let rate = Stats::default().per_second(7);
    assert!(rate.abs() < f64::EPSILON, "{rate}");
}

#[tokio::test]
async fn statistics_are_serialized_flat_and_in_seconds() {
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let run = || async { clock.advance(SECOND) };
    cache.get_or_compute("a", &Policy::new(), run).await;
    cache.get::<()>("a").await;
    cache.get::<()>("a").await;
    cache.get::<()>("a").await;
    let json = serde_json::to_value(cache.stats()).expect("it is plain data");
    assert_eq!(json["elapsed"], 1.0);
    assert_eq!(
        (&json["memory_hits"], &json["hit_rate"]),
        (&3.into(), &0.75.into())
    );
    assert_eq!(json["by_cause"]["absent"], 1);
    assert_eq!(json["redis"]["breaker"], "closed");
    assert_eq!(json["functions"][0]["name"], "(direct)");
    assert_eq!(json["functions"][0]["stores"], 1);
    let time = &json["functions"][0]["compute_time"];
    assert_eq!((&time["count"], &time["sum"]), (&1.into(), &1.0.into()));
    assert_eq!(time["buckets"], serde_json::json!([[1.048_576, 1]]));
}
