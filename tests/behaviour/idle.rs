//! Entries that expire when they are not used, on a manual clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, Policy, cached};
use cachekit_tests::settle;

const SECOND: Duration = Duration::from_secs(1);

async fn cache(clock: &ManualClock) -> Cache {
    let builder = cachekit_tests::builder().clock(clock.clone());
    builder.build().await.expect("a valid set-up")
}

#[cached(key = "idle:{id}", ttl = 300, idle = 40, tier = memory, early = false, skip(runs))]
async fn session(id: u64, runs: &AtomicU64) -> u64 {
    id + runs.fetch_add(1, Ordering::SeqCst)
}

/// Whenever the last use was, the entry lives for `idle` after it, and for a quarter more at most.
#[tokio::test]
async fn it_expires_so_long_after_its_last_use() {
    for last in 0..100 {
        for (later, lives) in [(39, true), (50, false)] {
            let clock = ManualClock::new();
            let runs = AtomicU64::new(0);
            scope(cache(&clock).await, async {
                session(1, &runs).await;
                // Uses that are near each other, and nearly too far.
                let mut now = 0;
                for used in (0..=last)
                    .step_by(if last % 2 == 0 { 7 } else { 39 })
                    .chain([last])
                {
                    clock.advance((used - now) * SECOND);
                    now = used;
                    assert_eq!(session(1, &runs).await, 1, "used at {used} of {last}");
                }
                clock.advance(later * SECOND);
                let got = session(1, &runs).await;
                assert_eq!(got == 1, lives, "{later} s after its use at {last}");
            })
            .await;
        }
    }
}

#[tokio::test]
async fn it_ends_with_its_ttl_however_it_is_used() {
    let clock = ManualClock::new();
    let runs = AtomicU64::new(0);
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        for _ in 0..30 {
            assert_eq!(session(1, &runs).await, 1);
            clock.advance(10 * SECOND);
        }
        assert_eq!(session(1, &runs).await, 2);
    })
    .await;
    assert_eq!(cache.stats().memory_hits, 29);
}

/// What reads without a call is no use.
#[tokio::test]
async fn a_peek_is_no_use_and_an_explicit_get_is() {
    let clock = ManualClock::new();
    let runs = AtomicU64::new(0);
    let cache = cache(&clock).await;
    scope(cache.clone(), async {
        session(1, &runs).await;
        clock.advance(30 * SECOND);
        assert_eq!(session::entry(1).get().await, Some(1));
        assert!(session::entry(1).ttl().await.is_some());
        clock.advance(20 * SECOND);
        assert_eq!(session::entry(1).get().await, None);
        assert_eq!(session::entry(1).ttl().await, None);
        assert_eq!(session(1, &runs).await, 2);
    })
    .await;
    let policy = Policy::new().idle(40 * SECOND);
    cache.put("idle-by-hand", 1_u64, &policy).await;
    let region = cache.region::<u64>("idle-region").idle(40 * SECOND);
    region.set(1, 1).await;
    for _ in 0..5 {
        clock.advance(39 * SECOND);
        assert_eq!(cache.get::<u64>("idle-by-hand").await, Some(1));
        assert_eq!(region.get(1).await, Some(1));
    }
    for _ in 0..2 {
        clock.advance(39 * SECOND);
        let computed = cache
            .get_or_compute("idle-by-hand", &policy, || async { 2_u64 })
            .await;
        assert_eq!(
            (computed, region.get_or_compute(1, || async { 2_u64 }).await),
            (1, 1)
        );
    }
    clock.advance(50 * SECOND);
    assert_eq!(cache.get::<u64>("idle-by-hand").await, None);
    assert_eq!(region.get(1).await, None);
}

/// Another thread's uses count, although each thread has the entry at hand by itself.
#[tokio::test]
async fn uses_by_every_thread_count() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let cache = cache(&clock).await;
    let on_another_thread = || {
        let cache = cache.clone();
        let call = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let call = scope(cache, session(3, &RUNS));
            runtime.expect("a runtime").block_on(call)
        };
        std::thread::spawn(call).join().expect("no panic")
    };
    assert_eq!(scope(cache.clone(), session(3, &RUNS)).await, 3);
    for _ in 0..5 {
        clock.advance(35 * SECOND);
        assert_eq!(on_another_thread(), 3);
    }
    clock.advance(35 * SECOND);
    assert_eq!(scope(cache.clone(), session(3, &RUNS)).await, 3);
}

/// What nobody used is gone: no window begins where it ends, and those after its `ttl` end with it.
#[tokio::test(start_paused = true)]
async fn what_was_not_used_is_not_served_old() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static FAILS: AtomicU64 = AtomicU64::new(0);
    #[cached(key = "idle-stale", ttl = 100, idle = 40, stale = 100, tier = memory, early = false)]
    async fn stale() -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst)
    }
    #[cached(
        key = "idle-failing", ttl = 100, idle = 40, stale_if_error = 100, tier = memory, early = false
    )]
    async fn failing() -> Result<u64, u64> {
        match FAILS.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(0),
            run => Err(run),
        }
    }
    let clock = ManualClock::new();
    scope(cache(&clock).await, async {
        assert_eq!((stale().await, failing().await), (0, Ok(0)));
        clock.advance(50 * SECOND);
        assert_eq!((stale().await, failing().await), (1, Err(1)));
    })
    .await;
    let clock = ManualClock::new();
    FAILS.store(0, Ordering::SeqCst);
    scope(cache(&clock).await, async {
        assert_eq!((stale().await, failing().await), (2, Ok(0)));
        for _ in 0..3 {
            clock.advance(33 * SECOND);
            assert_eq!((stale().await, failing().await), (2, Ok(0)));
        }
        clock.advance(33 * SECOND);
        // Over by `ttl`, and used not long ago.
        assert_eq!((stale().await, failing().await), (2, Ok(0)));
        settle().await;
        assert_eq!(stale().await, 3, "it was computed again");
        for _ in 0..2 {
            clock.advance(33 * SECOND);
            assert_eq!(failing().await, Ok(0), "such uses count too");
        }
    })
    .await;
}
