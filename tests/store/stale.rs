//! Values past, or near, the end of their time to live, which several nodes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op};
use cachekit::{Cache, CacheBuilder, Policy, Tier};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::world::{ENTRY, node, policy, settings, sleep, timed};

const SECOND: Duration = Duration::from_secs(1);

fn stale() -> Policy {
    policy().ttl(10 * SECOND).stale(60 * SECOND)
}

fn on_error() -> Policy {
    policy().ttl(10 * SECOND).stale_if_error(60 * SECOND)
}

/// One call, which may go on without its caller.
async fn read(cache: &Cache, source: &Source, policy: &Policy) -> u64 {
    let source = source.clone();
    let compute = || async move { source.read().await };
    cache.get_or_refresh("row", policy, compute).await
}

/// The same, for a source that fails where it has the largest number.
async fn try_read(cache: &Cache, source: &Source, policy: &Policy) -> Result<u64, String> {
    let source = source.clone();
    let compute = || async move {
        match source.read().await {
            u64::MAX => Err("broken".to_owned()),
            value => Ok(value),
        }
    };
    cache.try_get_or_refresh("row", policy, compute).await
}

fn call(cache: &Cache, source: &Source, policy: &Policy) -> JoinHandle<u64> {
    let (cache, source, policy) = (cache.clone(), source.clone(), policy.clone());
    tokio::spawn(async move { read(&cache, &source, &policy).await })
}

/// A store with an entry that is over, the node that stored it, and the source: stopped, and
/// with a new value.
async fn expired(
    policy: &Policy,
    builder: fn(&FakeStore) -> CacheBuilder,
) -> (FakeStore, Cache, Source) {
    let store = FakeStore::new();
    let one = builder(&store).build().await.expect("a valid set-up");
    let source = Source::default();
    source.gate.open();
    read(&one, &source, policy).await;
    settle().await;
    source.write(1);
    sleep(10_500).await;
    (store, one, source)
}

#[tokio::test(start_paused = true)]
async fn a_node_that_finds_it_expired_serves_it_and_one_computes() {
    for tier in [Tier::Both, Tier::Redis] {
        let policy = stale().tier(tier);
        let (store, one, source) = expired(&policy, settings).await;
        let other = node(&store).await;
        let calls: Vec<_> = [&one, &other]
            .into_iter()
            .flat_map(|cache| {
                (0..20)
                    .map(|_| call(cache, &source, &policy))
                    .collect::<Vec<_>>()
            })
            .collect();
        let (took, ()) = timed(async {
            for call in calls {
                assert_eq!(call.await.unwrap(), 0);
            }
        })
        .await;
        assert!(took < Duration::from_millis(5), "nobody waits: {took:?}");
        settle().await;
        assert_eq!(source.runs(), 2, "{tier:?}");
        source.gate.open_for_all();
        sleep(1_500).await;
        for cache in [&one, &other] {
            read(cache, &source, &policy).await;
            settle().await;
            assert_eq!(read(cache, &source, &policy).await, 1);
        }
        assert_eq!(source.runs(), 2, "{tier:?}");
        assert!(other.stats().stale_hits >= 1);
    }
}

/// How often two nodes compute that both have an entry that is over.
async fn computations(builder: fn(&FakeStore) -> CacheBuilder) -> usize {
    let policy = stale();
    let (store, one, source) = expired(&policy, builder).await;
    let other = builder(&store).build().await.expect("a valid set-up");
    for cache in [&one, &other] {
        read(cache, &source, &policy).await;
        settle().await;
    }
    source.runs() - 1
}

#[tokio::test(start_paused = true)]
async fn g3_one_refresh_for_all_nodes() {
    assert_eq!(computations(settings).await, 1);
    let broken = |store: &FakeStore| settings(store).__seed(Fault::RefreshWithoutLease);
    assert_eq!(computations(broken).await, 2);
}

/// How often a node asks for the lease in five seconds while another computes.
async fn questions(builder: fn(&FakeStore) -> CacheBuilder) -> usize {
    let policy = stale();
    let (store, one, source) = expired(&policy, builder).await;
    let other = builder(&store).build().await.expect("a valid set-up");
    read(&one, &source, &policy).await;
    settle().await;
    store.take_log();
    for _ in 0..500 {
        assert_eq!(read(&other, &source, &policy).await, 0);
        sleep(10).await;
    }
    assert_eq!(source.runs(), 2);
    store.count(Op::Acquire) + store.count(Op::ReadOrAcquire)
}

#[tokio::test(start_paused = true)]
async fn a_node_remembers_that_another_computes() {
    let asked = questions(settings).await;
    assert!((1..=7).contains(&asked), "{asked}");
    let broken = |store: &FakeStore| settings(store).__seed(Fault::ForgetRefreshes);
    let asked = questions(broken).await;
    assert!(asked > 100, "{asked}");
}

/// The next one that fails is followed by a short pause again.
#[tokio::test(start_paused = true)]
async fn what_another_node_computed_ends_the_failures_here() {
    let policy = stale();
    let (store, one, source) = expired(&policy, settings).await;
    let other = node(&store).await;
    let fails = |cache: &Cache| {
        let before = cache.stats().refresh_failures;
        let (cache, source, policy) = (cache.clone(), source.clone(), policy.clone());
        async move {
            try_read(&cache, &source, &policy).await.unwrap();
            settle().await;
            cache.stats().refresh_failures > before
        }
    };
    source.gate.open_for_all();
    source.write(u64::MAX);
    for pause in [1_000, 2_000, 4_000] {
        assert!(fails(&one).await);
        sleep(pause).await;
    }
    source.write(2);
    read(&other, &source, &policy).await;
    settle().await;
    read(&one, &source, &policy).await;
    settle().await;
    assert_eq!(read(&one, &source, &policy).await, 2, "found in the store");
    source.write(u64::MAX);
    sleep(10_500).await;
    assert!(fails(&one).await);
    sleep(1_000).await;
    assert!(fails(&one).await, "not eight seconds");
}

#[tokio::test(start_paused = true)]
async fn g1_what_another_node_invalidated_is_not_served() {
    for by_key in [true, false] {
        for policy in [stale(), on_error()] {
            let (store, one, source) = expired(&policy, settings).await;
            let other = node(&store).await;
            source.write(u64::MAX);
            source.gate.open_for_all();
            if by_key {
                other.invalidate("row").await;
            } else {
                other.invalidate_tags(["rows"]).await;
            }
            settle().await;
            for cache in [&node(&store).await, &one, &other] {
                let got = try_read(cache, &source, &policy).await;
                assert_eq!(got, Err("broken".to_owned()), "{by_key} {policy:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_answered_with_what_the_store_has() {
    for tier in [Tier::Both, Tier::Redis] {
        let policy = on_error().tier(tier);
        let (store, _one, source) = expired(&policy, settings).await;
        let other = node(&store).await;
        source.write(u64::MAX);
        source.gate.open_for_all();
        assert_eq!(try_read(&other, &source, &policy).await, Ok(0));
        assert_eq!((source.runs(), other.stats().stale_hits), (2, 1));
        sleep(60_000).await;
        assert!(try_read(&other, &source, &policy).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn g1_not_if_it_is_invalidated_while_the_computation_fails() {
    for by_key in [true, false] {
        let policy = on_error();
        let (store, one, source) = expired(&policy, settings).await;
        let other = node(&store).await;
        source.write(u64::MAX);
        let invalidate = async {
            settle().await;
            assert_eq!(source.runs(), 2);
            if by_key {
                one.invalidate("row").await;
            } else {
                one.invalidate_tags(["rows"]).await;
            }
            settle().await;
            source.gate.open_for_all();
        };
        let (got, ()) = tokio::join!(try_read(&other, &source, &policy), invalidate);
        assert_eq!(got, Err("broken".to_owned()), "{by_key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_soft_timeout_serves_what_the_store_has() {
    for tier in [Tier::Both, Tier::Redis] {
        let policy = on_error()
            .tier(tier)
            .soft_timeout(Duration::from_millis(50));
        let (store, _one, source) = expired(&policy, settings).await;
        let other = node(&store).await;
        let (took, got) = timed(read(&other, &source, &policy)).await;
        assert_eq!(got, 0);
        assert!((50..60).contains(&took.as_millis()), "{took:?}");
        source.gate.open_for_all();
        settle().await;
        assert_eq!(read(&other, &source, &policy).await, 1);
        assert_eq!(source.runs(), 2, "it went on");
    }
}

#[tokio::test(start_paused = true)]
async fn the_store_keeps_it_as_long_as_it_may_be_served() {
    let (store, _one, source) = expired(&stale(), settings).await;
    sleep(59_000).await;
    assert!(store.has(ENTRY));
    let cache = node(&store).await;
    assert_eq!(
        cache.get::<u64>("row").await,
        None,
        "`get` serves nothing that is over"
    );
    assert_eq!(read(&cache, &source, &stale()).await, 0);
    sleep(1_000).await;
    source.gate.open_for_all();
    assert_eq!(read(&node(&store).await, &source, &stale()).await, 1);
}

#[tokio::test(start_paused = true)]
async fn near_the_end_one_node_computes_and_nobody_waits() {
    let policy = policy().ttl(20 * SECOND).stale(SECOND);
    let store = FakeStore::new();
    let nodes = [
        node(&store).await,
        settings(&store).__seed_random(2).build().await.unwrap(),
    ];
    let [running, most, runs] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
    let read = async |cache: &Cache| {
        let (running, most, runs) = (running.clone(), most.clone(), runs.clone());
        let compute = || async move {
            runs.fetch_add(1, Ordering::SeqCst);
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(1_000).await;
            running.fetch_sub(1, Ordering::SeqCst);
        };
        cache.get_or_refresh("row", &policy, compute).await;
    };
    read(&nodes[0]).await;
    let start = Instant::now();
    while start.elapsed() < 200 * SECOND {
        for cache in &nodes {
            let (took, ()) = timed(read(cache)).await;
            assert!(took < Duration::from_millis(5), "{took:?}");
        }
        sleep(10).await;
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    // A hundred reads a second of each node begin five or six seconds before the end.
    let runs = runs.load(Ordering::SeqCst);
    assert!((11..=16).contains(&runs), "{runs}");
    let stats = nodes.map(|cache| cache.stats());
    let early: u64 = stats.iter().map(|stats| stats.early_refreshes).sum();
    assert_eq!(early, runs as u64 - 1);
}
