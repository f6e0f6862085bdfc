//! An outer entry is fresh no longer than the first of those that it was made of, and not fresh if
//! one of them was not (C1, C1b, C1c, C6).

use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Clock, cached, invalidates};
use cachekit_tests::{Source, settle};

use crate::world::{SECOND, on_clock, quick};

#[cached(
    name = "ages_0",
    key = "ages:0:{id}",
    ttl = 300,
    stale = 600,
    skip(source)
)]
async fn level_0(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "ages_1",
    key = "ages:1:{id}",
    ttl = 300,
    stale = 600,
    skip(source)
)]
async fn level_1(source: &Source, id: u64) -> u64 {
    level_0(source, id).await
}

#[cached(
    name = "ages_2",
    key = "ages:2:{id}",
    ttl = 300,
    stale = 600,
    skip(source)
)]
async fn level_2(source: &Source, id: u64) -> u64 {
    level_1(source, id).await
}

#[cached(
    name = "ages_3",
    key = "ages:3:{id}",
    ttl = 300,
    stale = 600,
    skip(source)
)]
async fn level_3(source: &Source, id: u64) -> u64 {
    level_2(source, id).await
}

/// Writes, and says so of all levels softly.
#[invalidates(level_0(_, id), level_1(_, id), level_2(_, id), level_3(_, id), soft)]
async fn touch(source: &Source, id: u64) {
    source.write(1);
}

async fn level(number: usize, source: &Source) -> u64 {
    match number {
        0 => level_0(source, 1).await,
        1 => level_1(source, 1).await,
        2 => level_2(source, 1).await,
        _ => level_3(source, 1).await,
    }
}

/// How many seconds after a soft invalidation the calls of one level alone, one a second, get the
/// new value.
pub(crate) async fn seconds_until_right(number: usize, fault: Option<Fault>) -> Option<u64> {
    let (clock, cache) = on_clock(fault).await;
    let source = quick();
    scope(cache, async {
        level(number, &source).await;
        touch(&source, 1).await;
        for second in 0..2_000 {
            let got = level(number, &source).await;
            settle().await;
            if got == 1 {
                return Some(second);
            }
            clock.advance(SECOND);
        }
        None
    })
    .await
}

#[tokio::test]
async fn c1_one_refresh_makes_an_outer_entry_right() {
    for number in 0..4 {
        let seconds = seconds_until_right(number, None).await;
        assert_eq!(seconds, Some(1), "level {number}");
    }
}

/// No invalidation: the inner value is only over.
#[tokio::test]
async fn c1b_made_of_a_stale_value_it_is_not_fresh() {
    let (clock, cache) = on_clock(None).await;
    let source = quick();
    scope(cache, async {
        level_0(&source, 1).await;
        source.write(1);
        clock.advance(899 * SECOND);
        assert_eq!(level_1(&source, 1).await, 0, "as old as one level may be");
        let entry = level_1::entry(1);
        assert_eq!(entry.get().await, None);
        assert_eq!(entry.ttl().await, None);
        settle().await;
        level_1(&source, 1).await;
        settle().await;
        assert_eq!(level_1(&source, 1).await, 1);
    })
    .await;
}

/// The windows of two levels do not add up.
#[tokio::test]
async fn c1b_no_call_gets_a_value_that_is_older_than_one_level_promises() {
    let (clock, cache) = on_clock(None).await;
    let source = quick();
    scope(cache, async {
        level_0(&source, 1).await;
        source.write(1);
        clock.advance(899 * SECOND);
        level_1(&source, 1).await;
        clock.advance(2 * SECOND);
        assert_eq!(level_1(&source, 1).await, 1, "901 s old, of 300 and 600");
    })
    .await;
}

/// A source that answers or fails.
#[cached(
    name = "ages_rate",
    key = "ages:rate",
    ttl = 10,
    stale_if_error = 7200,
    skip(source)
)]
async fn rate(source: &Source) -> Result<u64, String> {
    match source.read().await {
        u64::MAX => Err("away".to_owned()),
        rate => Ok(rate),
    }
}

#[cached(name = "ages_price", key = "ages:price", ttl = 300, skip(source))]
async fn price(source: &Source) -> Result<u64, String> {
    rate(source).await
}

#[tokio::test]
async fn c1c_made_of_a_rescued_value_it_is_not_fresh() {
    let (clock, cache) = on_clock(None).await;
    let source = quick();
    scope(cache, async {
        rate(&source).await.expect("it answers");
        source.write(u64::MAX);
        clock.advance(3600 * SECOND);
        assert_eq!(price(&source).await, Ok(0), "rescued");
        assert_eq!(price::entry().get().await, None);
        source.write(2);
        // A failed computation is not repeated at once.
        clock.advance(10 * SECOND);
        assert_eq!(price(&source).await, Ok(2));
    })
    .await;
}

/// The `ttl` of the levels below, in seconds.
const TTL: u32 = 300;

/// One level says when it was computed; what is above says when that was.
#[cached(
    name = "ages_time_0",
    key = "ages:time:0",
    ttl = 300,
    early = false,
    skip(clock)
)]
async fn time_0(clock: &ManualClock) -> Duration {
    clock.now()
}

#[cached(
    name = "ages_time_1",
    key = "ages:time:1",
    ttl = 300,
    early = false,
    skip(clock)
)]
async fn time_1(clock: &ManualClock) -> Duration {
    time_0(clock).await
}

#[cached(
    name = "ages_time_2",
    key = "ages:time:2",
    ttl = 300,
    early = false,
    skip(clock)
)]
async fn time_2(clock: &ManualClock) -> Duration {
    time_1(clock).await
}

/// The greatest age of a value of the outermost level, where each is called for the first time when
/// the one below is nearly over.
pub(crate) async fn oldest(fault: Option<Fault>) -> Duration {
    let (clock, cache) = on_clock(fault).await;
    scope(cache, async {
        time_0(&clock).await;
        clock.advance((TTL - 1) * SECOND);
        time_1(&clock).await;
        clock.advance((TTL - 1) * SECOND);
        let mut oldest = Duration::ZERO;
        for _ in 0..2 * TTL {
            oldest = oldest.max(clock.now().saturating_sub(time_2(&clock).await));
            clock.advance(SECOND);
        }
        oldest
    })
    .await
}

#[tokio::test]
async fn c6_ages_do_not_add_up() {
    let oldest = oldest(None).await;
    assert!(oldest <= 300 * SECOND, "{oldest:?}");
}
