//! Early expiration, by draws that a seed decides.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, Policy, cached};
use cachekit_tests::{Source, settle};

const SECOND: Duration = Duration::from_secs(1);

async fn cache(clock: &ManualClock, seed: u64) -> Cache {
    let builder = cachekit_tests::builder()
        .clock(clock.clone())
        .__seed_random(seed);
    builder.build().await.expect("a valid set-up")
}

const TTL: u32 = 60;
/// How long the computation takes, in seconds.
const DELTA: u32 = 4;
const RUNS: u32 = 2_000;

/// How long before its end, in half seconds, an entry is computed again that is read twice a
/// second; zero: not before it ended.
async fn lead(seed: u64, policy: &Policy) -> u32 {
    let clock = ManualClock::new();
    let cache = cache(&clock, seed).await;
    let runs = AtomicU64::new(0);
    let read = async || {
        let compute = || async {
            runs.fetch_add(1, Ordering::SeqCst);
            clock.advance(DELTA * SECOND);
        };
        cache.get_or_compute("k", policy, compute).await;
        runs.load(Ordering::SeqCst)
    };
    assert_eq!(read().await, 1);
    for left in (0..2 * TTL).rev() {
        clock.advance(SECOND / 2);
        if read().await == 2 {
            return left;
        }
    }
    unreachable!("its life is over");
}

/// Greatest distance between the shares of `leads` and those that the formula gives: a read that
/// comes `t` before the end computes with probability `exp(-t / (delta * beta))`.
fn distance(leads: &[u32], beta: f64) -> f64 {
    let half = |left: u32| f64::from(left) / 2.0;
    let mut survives = 1.0;
    let mut greatest = 0.0_f64;
    for left in (0..2 * TTL).rev() {
        survives *= 1.0 - (-half(left) / (f64::from(DELTA) * beta)).exp();
        let not_yet: u32 = leads.iter().map(|lead| u32::from(*lead < left)).sum();
        let share = f64::from(not_yet) / f64::from(RUNS);
        greatest = greatest.max((share - survives).abs());
    }
    greatest
}

#[tokio::test]
async fn the_times_of_computations_are_distributed_as_xfetch_has_them() {
    // Kolmogorov and Smirnov: a right sample is further off with a probability below 1 %.
    let bound = 1.63 / f64::from(RUNS).sqrt();
    for beta in [1.0_f32, 0.5, 2.0] {
        let policy = Policy::new().ttl(TTL * SECOND).early(beta);
        let mut leads = vec![];
        for seed in 0..RUNS {
            leads.push(lead(u64::from(seed), &policy).await);
        }
        let off = distance(&leads, f64::from(beta));
        assert!(off < bound, "beta {beta}: {off} of {bound}");
        for wrong in [0.8, 1.25] {
            let off = distance(&leads, f64::from(beta) * wrong);
            assert!(
                off > bound,
                "the test tells {wrong} times {beta} apart: {off}"
            );
        }
    }
}

#[tokio::test]
async fn nothing_is_computed_early_where_that_is_off() {
    let policy = Policy::new().ttl(TTL * SECOND).early(0.0);
    for seed in 0..RUNS {
        assert_eq!(lead(u64::from(seed), &policy).await, 0);
    }
}

/// Takes `DELTA` seconds at its first run.
async fn slow(clock: &ManualClock, source: &Source) -> Result<u64, String> {
    if source.runs() == 0 {
        clock.advance(DELTA * SECOND);
    }
    match source.read().await {
        u64::MAX => Err("broken".to_owned()),
        value => Ok(value),
    }
}

/// Just before the end: of a thousand draws all but one succeed.
const NEARLY: Duration = Duration::from_millis(59_996);

#[cached(key = "by-caller", ttl = 60, skip(clock, source))]
async fn by_caller(clock: &ManualClock, source: &Source) -> Result<u64, String> {
    slow(clock, source).await
}

#[tokio::test]
async fn who_drew_it_computes_and_the_others_have_the_old_value() {
    let clock = ManualClock::new();
    let source = Source::default();
    scope(cache(&clock, 1).await, async {
        source.gate.open();
        by_caller(&clock, &source).await.unwrap();
        source.write(1);
        clock.advance(NEARLY);
        let others = async {
            settle().await;
            for _ in 0..10 {
                assert_eq!(by_caller(&clock, &source).await, Ok(0));
            }
            assert_eq!(source.runs(), 2);
            source.gate.open_for_all();
        };
        let (drew, ()) = tokio::join!(by_caller(&clock, &source), others);
        assert_eq!(drew, Ok(1));
        let stats = by_caller::stats();
        assert_eq!((stats.early_refreshes, stats.computations), (1, 2));
        assert_eq!((stats.memory_hits, stats.misses), (10, 1));
    })
    .await;
}

#[tokio::test]
async fn who_computes_early_in_vain_has_the_old_value() {
    let clock = ManualClock::new();
    let source = Source::default();
    source.gate.open_for_all();
    scope(cache(&clock, 1).await, async {
        by_caller(&clock, &source).await.unwrap();
        source.write(u64::MAX);
        clock.advance(NEARLY);
        for _ in 0..10 {
            assert_eq!(by_caller(&clock, &source).await, Ok(0));
        }
        let stats = by_caller::stats();
        assert_eq!(stats.refresh_failures, 1, "and is not at it again at once");
        by_caller::entry().invalidate().await;
        assert!(by_caller(&clock, &source).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_body_of_its_own_computes_in_the_background() {
    #[cached(key = "apart", ttl = 60, stale = 60, skip(clock, source))]
    async fn apart(clock: &ManualClock, source: &Source) -> Result<u64, String> {
        slow(clock, source).await
    }
    let clock = ManualClock::new();
    let source = Source::default();
    scope(cache(&clock, 1).await, async {
        source.gate.open();
        apart(&clock, &source).await.unwrap();
        source.write(1);
        clock.advance(NEARLY);
        assert_eq!(apart(&clock, &source).await, Ok(0), "it does not wait");
        settle().await;
        assert_eq!(source.runs(), 2);
        source.gate.open_for_all();
        settle().await;
        assert_eq!(apart(&clock, &source).await, Ok(1));
        assert_eq!(apart::stats().early_refreshes, 1);
    })
    .await;
}

#[tokio::test]
async fn false_is_never() {
    #[cached(key = "never", ttl = 60, early = false, skip(clock, source))]
    async fn never(clock: &ManualClock, source: &Source) -> Result<u64, String> {
        slow(clock, source).await
    }
    let clock = ManualClock::new();
    let source = Source::default();
    source.gate.open_for_all();
    scope(cache(&clock, 1).await, async {
        never(&clock, &source).await.unwrap();
        clock.advance(NEARLY);
        for _ in 0..10 {
            never(&clock, &source).await.unwrap();
        }
        assert_eq!(source.runs(), 1);
    })
    .await;
}

#[test]
fn a_sync_function_computes_early_too() {
    #[cached(key = "sync", tier = memory, ttl = 60, skip(clock, runs))]
    fn blocking(clock: &ManualClock, runs: &AtomicU64) -> u64 {
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            clock.advance(DELTA * SECOND);
        }
        runs.load(Ordering::SeqCst)
    }
    let clock = ManualClock::new();
    let runs = AtomicU64::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(scope(runtime.block_on(cache(&clock, 1)), async {
        assert_eq!(blocking(&clock, &runs), 1);
        clock.advance(NEARLY);
        assert_eq!(blocking(&clock, &runs), 2);
        assert_eq!(blocking(&clock, &runs), 2);
    }));
}
