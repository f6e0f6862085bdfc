//! Options of an inner function, each with an outer one above it.

use std::time::Duration;

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::redis::Redis;
use cachekit_tests::{Source, settle};

use crate::world::{SECOND, cache, node, on_clock, quick, quiet, told};

/// What the source holds while it is away.
const AWAY: u64 = u64::MAX;

async fn answer(source: &Source) -> Result<u64, String> {
    match source.read().await {
        AWAY => Err("away".to_owned()),
        value => Ok(value),
    }
}

#[cached(
    name = "forms_copied",
    key = "forms:copied:{id}",
    tier = redis,
    replicas = 3,
    tags = ["forms"],
    skip(source)
)]
async fn copied(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "forms_above_copied",
    key = "forms:above-copied:{id}",
    skip(source)
)]
async fn above_copied(source: &Source, id: u64) -> u64 {
    copied(source, id).await
}

#[tokio::test]
async fn an_entry_in_several_copies_counts() {
    for by_tag in [false, true] {
        let redis = Redis::start();
        let (one, other, source) = (node(&redis).await, node(&redis).await, quick());
        for cache in [&one, &other, &one, &other] {
            scope((*cache).clone(), above_copied(&source, 1)).await;
            quiet(cache).await;
        }
        source.write(1);
        scope(one.clone(), async {
            if by_tag {
                one.invalidate_tags(["forms"]).await;
            } else {
                copied::entry(1).invalidate().await;
            }
        })
        .await;
        told(&one, &other).await;
        for cache in [&one, &other, &node(&redis).await] {
            let got = scope((*cache).clone(), above_copied(&source, 1)).await;
            assert_eq!(got, 1, "by tag: {by_tag}");
        }
    }
}

#[cached(
    name = "forms_roomy",
    key = "forms:roomy:{id}",
    capacity = 10,
    skip(source)
)]
async fn roomy(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "forms_above_roomy",
    key = "forms:above-roomy:{id}",
    skip(source)
)]
async fn above_roomy(source: &Source, id: u64) -> u64 {
    roomy(source, id).await
}

#[tokio::test]
async fn an_entry_in_a_memory_of_its_own_counts() {
    let (cache, source) = (cache().await, quick());
    scope(cache.clone(), async {
        for version in 1..=3 {
            above_roomy(&source, 1).await;
            source.write(version);
            match version {
                1 => roomy::entry(1).invalidate().await,
                2 => roomy::invalidate_all().await,
                _ => cache.invalidate("forms:roomy:1").await,
            }
            assert_eq!(above_roomy(&source, 1).await, version);
        }
    })
    .await;
}

#[cached(
    name = "forms_failing",
    key = "forms:failing",
    err_ttl = 60,
    skip(source)
)]
async fn failing(source: &Source) -> Result<u64, String> {
    answer(source).await
}

#[cached(
    name = "forms_fallback",
    key = "forms:fallback",
    ttl = 300,
    skip(source)
)]
async fn fallback(source: &Source) -> u64 {
    failing(source).await.unwrap_or_default()
}

/// The error is remembered for longer than what is made in its place.
#[tokio::test]
async fn e1_a_remembered_error_counts_as_an_error() {
    let (clock, cache) = on_clock(None).await;
    let source = quick();
    scope(cache, async {
        source.write(AWAY);
        failing(&source).await.expect_err("away");
        clock.advance(10 * SECOND);
        assert_eq!(fallback(&source).await, 0);
        source.write(7);
        failing::entry().invalidate().await;
        assert_eq!(fallback(&source).await, 7, "it hangs on the error's name");
        source.write(AWAY);
        failing::entry().invalidate().await;
        fallback(&source).await;
        let left = fallback::entry().ttl().await;
        assert!(left <= Some(SECOND), "{left:?}");
    })
    .await;
}

#[cached(
    name = "forms_slow",
    key = "forms:slow",
    ttl = 10,
    stale_if_error = 600,
    soft_timeout = "50ms",
    skip(source)
)]
async fn slow(source: &Source) -> Result<u64, String> {
    answer(source).await
}

#[cached(
    name = "forms_above_slow",
    key = "forms:above-slow",
    ttl = 300,
    skip(source)
)]
async fn above_slow(source: &Source) -> Result<u64, String> {
    slow(source).await
}

/// The computation goes on in the background, and the call gets the old value.
#[tokio::test(start_paused = true)]
async fn c1_a_value_served_in_place_of_a_slow_one_is_old() {
    let (clock, cache) = on_clock(None).await;
    let source = Source::default();
    scope(cache, async {
        source.gate.open();
        slow(&source).await.expect("it answers");
        source.write(1);
        clock.advance(100 * SECOND);
        assert_eq!(above_slow(&source).await, Ok(0));
        assert_eq!(above_slow::entry().get().await, None);
        source.gate.open_for_all();
        settle().await;
        assert_eq!(above_slow(&source).await, Ok(1));
        // What went on in the background belongs to the inner entry alone.
        assert_eq!(above_slow::entry().ttl().await, Some(10 * SECOND));
    })
    .await;
}

#[cached(name = "forms_hurried", key = "forms:hurried", timeout = "50ms", timeout_error = "late".to_owned(), skip(source))]
async fn hurried(source: &Source) -> Result<u64, String> {
    answer(source).await
}

#[cached(
    name = "forms_above_hurried",
    key = "forms:above-hurried",
    ttl = 300,
    skip(source)
)]
async fn above_hurried(source: &Source) -> u64 {
    hurried(source).await.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn e1_a_computation_that_takes_too_long_counts_as_an_error() {
    let (clock, cache) = on_clock(None).await;
    let source = Source::default();
    scope(cache, async {
        source.write(7);
        assert_eq!(above_hurried(&source).await, 0);
        source.gate.open_for_all();
        clock.advance(SECOND);
        assert_eq!(above_hurried(&source).await, 7);
    })
    .await;
}

#[cached(name = "forms_adaptive", key = "forms:adaptive", ttl = Duration::from_secs(*ret), skip(source))]
async fn adaptive(source: &Source) -> u64 {
    source.read().await
}

#[cached(
    name = "forms_capped",
    key = "forms:capped",
    ttl = 300,
    jitter = 0.5,
    skip(source)
)]
async fn above_adaptive(source: &Source) -> u64 {
    adaptive(source).await
}

/// A life that the value decides, inside of one that chance shortens.
#[tokio::test]
async fn c6_the_shorter_of_two_lives_wins_whatever_decides_it() {
    let source = quick();
    for (inner, longest) in [(20, 20), (9_000, 300)] {
        let (_, cache) = on_clock(None).await;
        source.write(inner);
        scope(cache, async {
            above_adaptive(&source).await;
            let left = above_adaptive::entry().ttl().await.expect("it is there");
            assert!(left <= longest * SECOND, "{left:?}");
            assert!(left >= longest / 2 * SECOND, "{left:?}");
        })
        .await;
    }
}
