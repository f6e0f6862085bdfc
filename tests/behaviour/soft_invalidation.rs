//! Soft invalidations: no earlier value is fresh, and stale values are served as their functions
//! allow.

use std::pin::Pin;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Cache, CacheBuilder, Policy, cached};
use cachekit_tests::{Source, settle};

use crate::spawn;
use crate::stale::Moody;

const SECOND: Duration = Duration::from_secs(1);

fn builder(clock: &ManualClock) -> CacheBuilder {
    cachekit_tests::builder()
        .clock(clock.clone())
        .__seed_random(1)
}

async fn cache(clock: &ManualClock) -> Cache {
    builder(clock).build().await.expect("a valid set-up")
}

type Step = fn(Cache) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every way to invalidate the entry `soft:3` softly.
const WAYS: [Step; 10] = [
    |cache| Box::pin(async move { cache.soft().invalidate("soft:3").await }),
    |_| Box::pin(async { row::entry(3).expire().await }),
    |cache| Box::pin(async move { cache.soft().invalidate_tags(["all"]).await }),
    |cache| Box::pin(async move { cache.soft().invalidate_tags(["value:3"]).await }),
    |cache| Box::pin(async move { cache.soft().emit("row.changed").await }),
    |cache| {
        Box::pin(async move {
            let soft = cache.soft();
            soft.emit_about("row.changed", [("id", 3)]).await;
        })
    },
    |_| Box::pin(row::expire_all()),
    |cache| {
        Box::pin(async move {
            let soft = cache.soft();
            assert!(soft.invalidate_function("soft_row").await);
        })
    },
    |cache| Box::pin(async move { cache.soft().clear().await }),
    |cache| {
        Box::pin(async move {
            assert!(cache.acknowledged().soft().invalidate("soft:3").await);
        })
    },
];

const HARD: [Step; 2] = [
    |cache| Box::pin(async move { cache.invalidate("soft:3").await }),
    |cache| Box::pin(async move { cache.invalidate_tags(["all"]).await }),
];

#[cached(
    name = "soft_row",
    key = "soft:{id}",
    ttl = 100,
    stale = 60,
    tags = ["all", "value:{ret}"],
    events = ["row.changed", "row.changed {id}"],
    skip(moody)
)]
async fn row(moody: &Moody, id: u64) -> Result<u64, String> {
    moody.read().await.map(|value| value + id)
}

/// A clock, a cache on it, and a source that does not stop.
async fn open() -> (ManualClock, Cache, Moody) {
    let clock = ManualClock::new();
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    let cache = cache(&clock).await;
    (clock, cache, moody)
}

#[tokio::test]
async fn the_old_value_is_served_while_one_computes() {
    for (way, soften) in WAYS.into_iter().enumerate() {
        let cache = cache(&ManualClock::new()).await;
        let moody = Moody::default();
        scope(cache.clone(), async {
            moody.source.gate.open();
            assert_eq!(row(&moody, 3).await, Ok(3));
            moody.source.write(100);
            soften(cache).await;
            let entry = row::entry(3);
            assert_eq!(entry.get().await, None, "it is not fresh: {way}");
            assert_eq!(entry.ttl().await, None);
            for _ in 0..5 {
                assert_eq!(row(&moody, 3).await, Ok(3), "{way}");
                settle().await;
            }
            assert_eq!(moody.source.runs(), 2, "one computes for all: {way}");
            moody.source.gate.open_for_all();
            settle().await;
            assert_eq!(row(&moody, 3).await, Ok(103), "{way}");
            let stats = row::stats();
            assert_eq!((stats.stale_hits, stats.memory_hits), (5, 1));
        })
        .await;
    }
}

#[tokio::test]
async fn its_windows_begin_with_the_invalidation() {
    for (way, soften) in WAYS.into_iter().enumerate() {
        let (clock, cache, moody) = open().await;
        scope(cache.clone(), async {
            row(&moody, 3).await.unwrap();
            moody.fail(true);
            clock.advance(10 * SECOND);
            soften(cache.clone()).await;
            for _ in 0..5 {
                clock.advance(10 * SECOND);
                assert_eq!(row(&moody, 3).await, Ok(3), "{way}");
                settle().await;
                // Another one does not give it more time.
                soften(cache.clone()).await;
            }
            clock.advance(10 * SECOND);
            assert!(row(&moody, 3).await.is_err(), "{way}: after 60 seconds");
        })
        .await;
    }
}

#[tokio::test]
async fn what_had_expired_before_is_served_no_longer() {
    for soften in WAYS {
        let (clock, cache, moody) = open().await;
        scope(cache.clone(), async {
            row(&moody, 3).await.unwrap();
            moody.fail(true);
            clock.advance(130 * SECOND);
            soften(cache).await;
            assert_eq!(row(&moody, 3).await, Ok(3));
            clock.advance(30 * SECOND);
            assert!(row(&moody, 3).await.is_err());
        })
        .await;
    }
}

/// What a call gets after a soft invalidation and a hard one, in one order or the other.
async fn after_both(builder: CacheBuilder, soften: Step, harden: Step, hard_first: bool) -> u64 {
    let cache = builder.build().await.expect("a valid set-up");
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    scope(cache.clone(), async {
        row(&moody, 3).await.expect("it does not fail");
        moody.source.write(100);
        let steps = if hard_first {
            [harden, soften]
        } else {
            [soften, harden]
        };
        for step in steps {
            step(cache.clone()).await;
        }
        row(&moody, 3).await.expect("it does not fail")
    })
    .await
}

#[tokio::test]
async fn g1_a_hard_invalidation_wins_before_a_soft_one_and_after_it() {
    let clock = ManualClock::new();
    for hard_first in [true, false] {
        for soften in WAYS {
            for harden in HARD {
                let got = after_both(builder(&clock), soften, harden, hard_first).await;
                assert_eq!(got, 103);
            }
        }
        let broken = builder(&clock).__seed(Fault::ServeInvalidated);
        assert_eq!(after_both(broken, WAYS[2], HARD[1], hard_first).await, 3);
    }
}

/// Whether a refresh that began before a soft invalidation is stored.
async fn refresh_over(builder: CacheBuilder, soften: Step) -> (u64, usize) {
    let clock = ManualClock::new();
    let moody = Moody::default();
    let cache = builder
        .clock(clock.clone())
        .build()
        .await
        .expect("a valid set-up");
    scope(cache.clone(), async {
        moody.source.gate.open();
        row(&moody, 3).await.expect("it does not fail");
        clock.advance(100 * SECOND);
        row(&moody, 3).await.expect("it does not fail");
        settle().await;
        assert_eq!(moody.source.runs(), 2, "it is on its way");
        moody.source.write(100);
        soften(cache).await;
        moody.source.gate.open_for_all();
        settle().await;
        row(&moody, 3).await.expect("it does not fail");
        settle().await;
        (
            row(&moody, 3).await.expect("it does not fail"),
            moody.source.runs(),
        )
    })
    .await
}

#[tokio::test]
async fn g1_a_refresh_that_began_before_is_not_stored() {
    for soften in WAYS {
        assert_eq!(
            refresh_over(cachekit_tests::builder(), soften).await,
            (103, 3)
        );
    }
    for (fault, soften) in [
        (Fault::LeaveFlight, WAYS[0]),
        (Fault::EpochsAfterCompute, WAYS[2]),
        (Fault::EpochsAfterCompute, WAYS[6]),
    ] {
        let broken = cachekit_tests::builder().__seed(fault);
        assert_eq!(refresh_over(broken, soften).await, (3, 2), "{fault:?}");
    }
}

/// A refresh from before is of no use, and keeps nobody from beginning another.
#[tokio::test]
async fn a_refresh_that_can_be_stored_begins_at_once() {
    for (way, soften) in WAYS.into_iter().enumerate() {
        let clock = ManualClock::new();
        let cache = builder(&clock).build().await.expect("a valid set-up");
        let moody = Moody::default();
        scope(cache.clone(), async {
            moody.source.gate.open();
            row(&moody, 3).await.unwrap();
            clock.advance(100 * SECOND);
            row(&moody, 3).await.unwrap();
            settle().await;
            assert_eq!(moody.source.runs(), 2, "it is on its way");
            moody.source.write(100);
            soften(cache).await;
            for _ in 0..5 {
                assert_eq!(row(&moody, 3).await, Ok(3), "{way}");
                settle().await;
            }
            // That it hangs on its value's tag is known at its end.
            let begun = if way == 3 { 2 } else { 3 };
            assert_eq!(moody.source.runs(), begun, "{way}");
            moody.source.gate.open_for_all();
            settle().await;
            row(&moody, 3).await.unwrap();
            settle().await;
            assert_eq!(row(&moody, 3).await, Ok(103), "{way}");
            assert_eq!(moody.source.runs(), 3, "{way}");
        })
        .await;
    }
}

#[cached(key = "soft-error", ttl = 100, stale_if_error = 60, tags = ["e"], skip(moody))]
async fn on_error(moody: &Moody) -> Result<u64, String> {
    moody.read().await
}

#[tokio::test]
async fn an_error_is_answered_with_the_old_value() {
    for by_key in [true, false] {
        let (clock, cache, moody) = open().await;
        scope(cache.clone(), async {
            on_error(&moody).await.unwrap();
            moody.source.write(1);
            moody.fail(true);
            if by_key {
                on_error::entry().expire().await;
            } else {
                cache.soft().invalidate_tags(["e"]).await;
            }
            assert_eq!(on_error(&moody).await, Ok(0), "computed, in vain");
            assert_eq!(moody.source.runs(), 2);
            assert!(on_error::refresh(&moody).await.is_err(), "nothing old");
            clock.advance(60 * SECOND);
            assert!(on_error(&moody).await.is_err());
            moody.fail(false);
            assert_eq!(on_error(&moody).await, Ok(1));
        })
        .await;
    }
}

/// Of callers who all begin after a soft invalidation, one finds out that the source is away.
#[tokio::test]
async fn one_fails_for_all() {
    for by_key in [true, false] {
        let cache = cache(&ManualClock::new()).await;
        let moody = Moody::default();
        scope(cache.clone(), async {
            moody.source.gate.open();
            on_error(&moody).await.unwrap();
        })
        .await;
        moody.source.gate.arrived().await;
        moody.fail(true);
        if by_key {
            cache.soft().invalidate("soft-error").await;
        } else {
            cache.soft().invalidate_tags(["e"]).await;
        }
        let one = |moody: Moody| async move { on_error(&moody).await };
        let calls: Vec<_> = (0..20).map(|_| spawn(&cache, one(moody.clone()))).collect();
        settle().await;
        moody.source.gate.open_for_all();
        for call in calls {
            assert_eq!(call.await.expect("no panic"), Ok(0));
        }
        assert_eq!(moody.source.runs(), 2, "by key: {by_key}");
    }
}

#[cached(
    key = "soft-slow",
    ttl = 100,
    stale_if_error = 60,
    soft_timeout = "50ms",
    skip(moody)
)]
async fn slow(moody: &Moody) -> Result<u64, String> {
    moody.read().await
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_takes_long_is_answered_for() {
    let moody = Moody::default();
    scope(cache(&ManualClock::new()).await, async {
        moody.source.gate.open();
        slow(&moody).await.unwrap();
        moody.source.write(1);
        slow::entry().expire().await;
        let start = tokio::time::Instant::now();
        assert_eq!(slow(&moody).await, Ok(0));
        assert!(start.elapsed() >= SECOND / 20);
        moody.source.gate.open_for_all();
        settle().await;
        assert_eq!(slow(&moody).await, Ok(1), "it went on and was stored");
    })
    .await;
}

/// Memory that keeps less long than Redis has an old value for as long as that.
#[tokio::test]
async fn what_memory_may_not_keep_is_not_served_old() {
    #[cached(
        key = "soft-capped",
        ttl = 100,
        memory_ttl = 10,
        stale = 60,
        skip(source)
    )]
    async fn capped(source: &Source) -> u64 {
        source.read().await
    }
    for (before, expected) in [(5, 0), (15, 1)] {
        let clock = ManualClock::new();
        let source = Source::default();
        source.gate.open_for_all();
        scope(cache(&clock).await, async {
            capped(&source).await;
            source.write(1);
            clock.advance(before * SECOND);
            capped::entry().expire().await;
            clock.advance(20 * SECOND);
            assert_eq!(capped(&source).await, expected, "{before}");
        })
        .await;
    }
}

/// Without macros: regions and what has no window are emptied.
#[tokio::test]
async fn what_may_not_be_old_is_gone() {
    let (_, cache, _) = open().await;
    let windowless = Policy::new().tag("t");
    for by_key in [true, false] {
        cache.put("plain", 1, &windowless).await;
        if by_key {
            cache.soft().invalidate("plain").await;
        } else {
            cache.soft().invalidate_tags(["t"]).await;
        }
        assert_eq!(cache.get::<i32>("plain").await, None);
        let computed = async || 2;
        assert_eq!(
            cache.get_or_refresh("plain", &windowless, computed).await,
            2
        );
    }
    let windowed = Policy::new().tag("t").stale(60 * SECOND);
    let read = |value: i32| cache.get_or_refresh("wide", &windowed, move || async move { value });
    assert_eq!(read(1).await, 1);
    cache.soft().invalidate_tags(["t"]).await;
    assert_eq!(read(2).await, 1);
    settle().await;
    assert_eq!(read(3).await, 2);
}
