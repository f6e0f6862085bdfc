//! The statistics as metrics, and the documents that name them.

mod documents;
mod promql;
mod recorder;

use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, Histogram, Policy, QueueError, cached, testing, write_behind};
use cachekit_tests::redis::Redis;
use recorder::Recorded;

#[cached(key = "metrics:{id}", tags = ["metrics-family:{id}"])]
async fn tagged(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(2)).await;
    id
}

/// An id whose write takes long.
const LONG: u64 = 1;

#[write_behind(key = "queued:{id}", every = "20ms", retries = 0)]
async fn queued(id: u64) -> Result<(), QueueError> {
    match id {
        0 => Err(QueueError::Full),
        LONG => std::future::pending().await,
        _ => Ok(()),
    }
}

const TAGGED: (&str, &str) = ("function", "operating::metrics::tagged");

/// One miss of an absent entry, two hits, and one miss because of a tag.
async fn four_calls(cache: &Cache) {
    for _ in 0..3 {
        tagged(7).await;
    }
    cache.invalidate_tags(["metrics-family:7"]).await;
    tagged(7).await;
}

async fn alone(namespace: &str) -> Cache {
    let cache = Cache::builder().namespace(namespace).build().await;
    cache.expect("a valid set-up")
}

#[tokio::test]
async fn calls_are_counted_by_tier_and_misses_by_cause() {
    let cache = alone("of_calls").await;
    testing::scope(cache.clone(), four_calls(&cache)).await;
    let recorded = Recorded::of(&cache);
    let of = ("namespace", "of_calls");
    let count = |name, label| recorded.one(name, &[of, TAGGED, label]);
    let tier = |tier| count("cachekit_hits_total", ("tier", tier)).to_string();
    assert_eq!([tier("memory"), tier("redis")], ["2", "0"]);
    let plain = |name| recorded.one(name, &[of, TAGGED]).to_string();
    let counts = [
        plain("cachekit_misses_total"),
        plain("cachekit_computations_total"),
        plain("cachekit_entries"),
        recorded
            .one("cachekit_invalidations_total", &[of])
            .to_string(),
    ];
    assert_eq!(counts, ["2", "2", "1", "1"]);
    let causes = recorded.all("cachekit_misses_by_cause_total", &[of, TAGGED]);
    let mut causes: Vec<_> = causes
        .iter()
        .filter(|(_, count)| *count > 0.0)
        .map(|(labels, count)| (labels["cause"].as_str(), labels.get("family"), *count))
        .map(|(cause, family, count)| format!("{cause} {family:?} {count}"))
        .collect();
    causes.sort();
    assert_eq!(
        causes,
        ["absent None 1", "tags Some(\"metrics-family:\") 1"]
    );
}

/// One write is carried out, one is put aside, and the body of one takes long.
#[tokio::test(start_paused = true)]
async fn queues_are_recorded_by_function() {
    let cache = alone("of_queues").await;
    testing::scope(cache.clone(), async {
        for id in [7, 0, LONG] {
            queued(id).await.expect("there is room");
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        cache.workers().start().await.expect("workers");
        tokio::time::sleep(Duration::from_secs(2)).await;
    })
    .await;
    let labels = [
        ("namespace", "of_queues"),
        ("function", "operating::metrics::queued"),
    ];
    let recorded = Recorded::of(&cache);
    let count = |name: &str| recorded.one(&format!("cachekit_queue_{name}"), &labels);
    for (name, expected) in [
        ("accepted_total", 3.0),
        ("refused_total", 0.0),
        ("written_total", 1.0),
        ("runs_total", 3.0),
        ("failures_total", 1.0),
        ("put_aside_total", 1.0),
        ("queued", 1.0),
        ("dead", 1.0),
    ] {
        assert!(
            (count(name) - expected).abs() < 0.5,
            "{name}: {}",
            count(name)
        );
    }
    let lag = count("lag_seconds");
    assert!((30.0..33.0).contains(&lag), "{lag}");
}

/// A counter that appears with its first event shows no increase.
#[tokio::test]
async fn counters_of_queues_are_there_before_the_first_write() {
    let cache = alone("of_no_queue").await;
    let recorded = Recorded::of(&cache);
    let labels = [
        ("namespace", "of_no_queue"),
        ("function", "operating::metrics::queued"),
    ];
    for name in ["accepted", "refused", "runs", "put_aside"] {
        let name = format!("cachekit_queue_{name}_total");
        assert_eq!(recorded.one(&name, &labels).to_string(), "0", "{name}");
    }
}

#[tokio::test]
async fn buckets_are_cumulative() {
    let cache = alone("of_times").await;
    testing::scope(cache.clone(), four_calls(&cache)).await;
    let stats = tagged_stats(&cache);
    let recorded = Recorded::of(&cache);
    for (name, lengths) in [
        ("cachekit_compute_time_seconds", &stats.compute_time),
        ("cachekit_age_seconds", &stats.age),
    ] {
        let part = |part: &str| recorded.one(&format!("{name}_{part}"), &[TAGGED]);
        let all = lengths.count().to_string();
        let sum = lengths.sum().as_secs_f64().to_string();
        assert_eq!(
            [part("count"), part("sum")].map(|it| it.to_string()),
            [all.clone(), sum]
        );
        let buckets = recorded.all(&format!("{name}_bucket"), &[TAGGED]);
        assert!(buckets.len() > 10, "{buckets:?}");
        for (labels, count) in buckets {
            let below = below(lengths, &labels["le"]).to_string();
            assert_eq!(count.to_string(), below, "{name} {labels:?}");
        }
        let infinite = recorded.one(&format!("{name}_bucket"), &[TAGGED, ("le", "+Inf")]);
        assert_eq!(infinite.to_string(), all, "{name}");
    }
    assert_eq!(stats.compute_time.count(), 2);
}

/// The number of `lengths` below the bound `le`, which is a bound of the histogram.
fn below(lengths: &Histogram, le: &str) -> u64 {
    let limit: f64 = le.trim_start_matches('+').parse().expect("a number");
    let bounds: Vec<_> = lengths.buckets().collect();
    let is_bound = |it: &(Duration, u64)| it.0.as_secs_f64().to_string() == le;
    assert!(limit.is_infinite() || bounds.iter().any(is_bound), "{le}");
    let below = bounds.iter().filter(|it| it.0.as_secs_f64() <= limit);
    below.map(|(_, count)| count).sum()
}

fn tagged_stats(cache: &Cache) -> cachekit::FunctionStats {
    let functions = cache.stats().functions;
    let found = functions.into_iter().find(|it| it.name == TAGGED.1);
    found.expect("it was called")
}

/// Puts one entry with a tag into the region `name`, finds it, and drops it by its tag.
async fn use_region(cache: &Cache, name: &str) {
    let region = cache.region::<u64>(name).tag(format!("{name}:1"));
    region.set("key", 1).await;
    assert_eq!(region.get("key").await, Some(1));
    cache.invalidate_tags([format!("{name}:1")]).await;
    assert_eq!(region.get("key").await, None);
}

#[tokio::test]
async fn functions_beyond_a_hundred_are_summed() {
    let cache = alone("of_many").await;
    for n in 0..103 {
        use_region(&cache, &format!("r{n}")).await;
    }
    let recorded = Recorded::of(&cache);
    let memory = ("tier", "memory");
    let hits = |labels: &[(&str, &str)]| recorded.all("cachekit_hits_total", labels);
    assert_eq!(hits(&[memory]).len(), 101);
    let others = ("function", "(others)");
    let of_others = |name, label| recorded.one(name, &[others, label]).to_string();
    assert_eq!(of_others("cachekit_hits_total", memory), "3");
    assert_eq!(
        hits(&[memory, ("function", "region r99")])[0].1.to_string(),
        "1"
    );
    let causes = "cachekit_misses_by_cause_total";
    assert_eq!(of_others(causes, ("cause", "other_tags")), "3");
    assert!(
        recorded
            .all(causes, &[others, ("cause", "tags")])
            .is_empty()
    );

    // Its name comes first, and it displaces nobody: a counter never falls, nor counts twice.
    use_region(&cache, "a").await;
    recorded.again(&cache);
    assert_eq!(hits(&[memory]).len(), 101);
    assert_eq!(of_others("cachekit_hits_total", memory), "4");
}

#[tokio::test]
async fn caches_are_told_apart_by_their_namespaces() {
    let (one, two) = (alone("one").await, alone("two").await);
    testing::scope(one.clone(), four_calls(&one)).await;
    testing::scope(two.clone(), tagged(1)).await;
    let recorded = Recorded::of(&one);
    recorded.again(&two);
    let computed = |namespace| {
        let labels = [("namespace", namespace), TAGGED];
        recorded
            .one("cachekit_computations_total", &labels)
            .to_string()
    };
    assert_eq!([computed("one"), computed("two")], ["2", "1"]);
    let of_redis = recorded.shapes();
    let mut of_redis = of_redis
        .keys()
        .filter(|it| it.starts_with("cachekit_redis_"));
    assert_eq!(of_redis.next(), None, "these caches have no Redis");
}

#[tokio::test]
async fn a_lost_redis_is_seen() {
    let redis = Redis::start();
    let cache = cachekit_tests::patient(redis.url()).namespace("of_redis");
    let cache = cache.build().await.expect("a valid set-up");
    cache.put("key", 1, &Policy::new()).await;
    let recorded = Recorded::of(&cache);
    let closed = [("state", "closed")];
    let value = |name, labels: &[_]| recorded.one(name, labels).to_string();
    assert_eq!(value("cachekit_redis_up", &[]), "1");
    assert_eq!(value("cachekit_redis_stores_total", &[]), "1");
    assert_eq!(value("cachekit_redis_breaker_state", &closed), "1");
    redis.kill();
    let start = std::time::Instant::now();
    while value("cachekit_redis_up", &[]) == "1" {
        assert!(start.elapsed() < Duration::from_secs(20), "still up");
        let _: Option<u64> = cache.get("other").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        recorded.again(&cache);
    }
    let states = recorded.all("cachekit_redis_breaker_state", &[]);
    let sum: f64 = states.iter().map(|(_, value)| value).sum();
    assert_eq!((states.len(), sum.to_string()), (3, "1".to_owned()));
}

/// One thread records while another one, which began before, has read the statistics and sets gauges.
#[tokio::test]
async fn a_sum_does_not_fall_when_two_threads_record() {
    const SUM: &str = "cachekit_compute_time_seconds_sum";
    let cache = alone("of_threads").await;
    let policy = Policy::new();
    let compute = |key: &'static str| {
        let computed = async || tokio::time::sleep(Duration::from_millis(2)).await;
        cache.get_or_compute(key, &policy, computed)
    };
    compute("a").await;
    let (reached, slow) = std::sync::mpsc::channel();
    let mut recorded = Recorded::default();
    recorded.before_gauge = Some(Box::new(move |name| {
        if name == SUM && std::thread::current().name() == Some("slow") {
            reached.send(()).expect("the test waits");
            std::thread::sleep(Duration::from_millis(300));
        }
    }));
    let recorded = Arc::new(recorded);
    let record = || {
        let (recorded, cache) = (Arc::clone(&recorded), cache.clone());
        move || recorded.again(&cache)
    };
    let named = std::thread::Builder::new().name("slow".to_owned());
    let late = named.spawn(record()).expect("a thread");
    slow.recv()
        .expect("it reads the statistics, and comes to the sum");
    compute("b").await;
    record()();
    late.join().expect("no panic");
    let sum = recorded.all(SUM, &[]).iter().map(|it| it.1).sum::<f64>();
    let whole: Duration = cache
        .stats()
        .functions
        .iter()
        .map(|it| it.compute_time.sum())
        .sum();
    assert!((sum - whole.as_secs_f64()).abs() < 1e-6, "{sum} {whole:?}");
}
