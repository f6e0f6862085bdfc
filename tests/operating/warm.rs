//! The filling of the cache before traffic comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::{Cache, WarmReport, cached, testing, warm};
use cachekit_tests::Gate;
use cachekit_tests::redis::Redis;
use tokio::time::Instant;

#[cached(key = "warm:{id}", skip(delay))]
async fn slow(id: u64, delay: Duration) -> Result<u64, String> {
    tokio::time::sleep(delay).await;
    match id {
        13 => Err("unlucky".to_owned()),
        66 => panic!("of its own"),
        _ => Ok(id),
    }
}

async fn alone() -> Cache {
    Cache::builder().build().await.expect("a valid set-up")
}

/// Everything of `report` but the time.
fn counts(report: &WarmReport) -> [u64; 7] {
    [
        report.calls,
        report.from_memory,
        report.from_redis,
        report.computed,
        report.not_cached,
        report.failed,
        report.panics,
    ]
}

#[tokio::test(start_paused = true)]
async fn the_report_says_where_the_values_came_from() {
    testing::scope(alone().await, async {
        let second = Duration::from_secs(1);
        let report = warm(0..20, |id| slow(id, second))
            .failed_if(Result::is_err)
            .await;
        assert_eq!(counts(&report), [20, 0, 0, 20, 0, 1, 0]);
        assert_eq!(report.elapsed, Duration::from_secs(2), "two rounds of ten");
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["elapsed"], 2.0, "in seconds");
        let again = warm(0..20, |id| slow(id, second))
            .failed_if(Result::is_err)
            .await;
        assert_eq!(
            counts(&again),
            [20, 19, 0, 1, 0, 1, 0],
            "an error is not kept"
        );
        let nothing = warm(0..3, |_| async {}).await;
        assert_eq!(counts(&nothing), [3, 0, 0, 0, 3, 0, 0]);
        assert_eq!(counts(&warm(0..0, |id| slow(id, second)).await), [0; 7]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_call_ends_that_call_alone() {
    testing::scope(alone().await, async {
        let report = warm(60..70, |id| slow(id, Duration::ZERO)).await;
        assert_eq!(counts(&report), [10, 0, 0, 9, 0, 0, 1]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_at_once_than_wanted() {
    testing::scope(alone().await, async {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, most) = (&running, &most);
        let call = |id| async move {
            most.fetch_max(
                running.fetch_add(1, Ordering::Relaxed) + 1,
                Ordering::Relaxed,
            );
            let value = slow(id, Duration::from_millis(100 + id)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            value
        };
        let report = warm(100..150, call).concurrency(7).await;
        assert_eq!((report.calls, most.load(Ordering::Relaxed)), (50, 7));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_spares_the_database() {
    testing::scope(alone().await, async {
        let began = Instant::now();
        warm(0..100, |id| slow(1000 + id, Duration::ZERO))
            .rate(50)
            .await;
        let took = began.elapsed().as_secs_f64();
        assert!((1.95..2.1).contains(&took), "{took}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_after_each_call() {
    testing::scope(alone().await, async {
        let told = Arc::new(AtomicUsize::new(0));
        let teller = Arc::clone(&told);
        let run = warm(0..30, |id| slow(2000 + id, Duration::ZERO)).on_progress(move |report| {
            let before = teller.fetch_add(1, Ordering::Relaxed);
            assert_eq!(report.calls, before as u64 + 1);
        });
        run.await;
        assert_eq!(told.load(Ordering::Relaxed), 30);
    })
    .await;
}

/// Ids may have no end, and a run may be dropped.
#[tokio::test(start_paused = true)]
async fn a_dropped_run_stops() {
    testing::scope(alone().await, async {
        let gate = Gate::new();
        let run = warm(0.., |_| gate.pass()).concurrency(3);
        let dropped = tokio::time::timeout(Duration::from_secs(1), run).await;
        assert!(dropped.is_err(), "the gate is closed");
        for _ in 0..3 {
            gate.arrived().await;
        }
        assert_eq!(gate.waiting(), 0, "and nothing is left");
    })
    .await;
}

/// Memory answers at once, and other tasks run all the same.
#[tokio::test]
async fn hits_do_not_hold_up_other_tasks() {
    testing::scope(alone().await, async {
        slow(3000, Duration::ZERO).await.expect("a value");
        let run = warm(0..100_000, |_| slow(3000, Duration::ZERO));
        let other = async {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = run => panic!("the other task did not run"),
            () = other => {}
        }
    })
    .await;
}

#[tokio::test]
async fn values_of_redis_come_into_memory_without_a_run() {
    let redis = Redis::start();
    let node = || async {
        let builder = cachekit_tests::patient(redis.url());
        builder.build().await.expect("a valid set-up")
    };
    let (first, second) = (node().await, node().await);
    let fill = || warm(5000..6000, |id| slow(id, Duration::ZERO)).concurrency(50);
    let filled = testing::scope(first.clone(), fill()).await;
    assert_eq!(filled.computed, 1000);
    cachekit_tests::until("all are in Redis", || first.stats().redis.stores == 1000).await;
    let loaded = testing::scope(second.clone(), fill()).await;
    assert_eq!((loaded.from_redis, loaded.computed), (1000, 0));
    let warm = testing::scope(second.clone(), fill()).await;
    assert_eq!(warm.from_memory, 1000);
    assert_eq!(second.stats().computations, 0);
}
