//! Counts the computed values that Redis refuses because another tag with their tag's prefix was
//! invalidated meanwhile, at several rates of such invalidations.
//!
//! ```text
//! cargo run --release -p cachekit-tests --bin refusals
//! ```
//!
//! A tag made from a value is not known before the value is. The computation is therefore guarded
//! by the tag's prefix, the text before the first placeholder: `org:` of `org:{ret.org}`. If any
//! tag with this prefix is invalidated while the function runs, the value is refused, although only
//! the value's own tag required that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachekit::{Cache, OnDisconnect, cached, testing};
use cachekit_tests::redis::Redis;

/// How long each function runs.
const TOOK: Duration = Duration::from_millis(5);
/// How long each rate is measured.
const LENGTH: Duration = Duration::from_secs(5);
/// Tags of the family, and entries, so many that callers miss most of the time.
const TAGS: u64 = 1_000;
const ENTRIES: u64 = 1_000_000;
const CALLERS: usize = 8;

#[cached(key = "user:{id}", ttl = 60, tags = ["org:{ret.1}"], tier = redis)]
async fn user(id: u64) -> (u64, u64) {
    tokio::time::sleep(TOOK).await;
    (id, id % TAGS)
}

/// A node.
async fn node(redis: &Redis) -> Cache {
    let builder = Cache::builder().namespace("refusals").redis(redis.url());
    let built = builder.on_disconnect(OnDisconnect::Bypass).build().await;
    built.expect("a valid set-up")
}

async fn call(cache: Cache, until: Instant) {
    while Instant::now() < until {
        testing::scope(cache.clone(), user(fastrand::u64(..ENTRIES))).await;
    }
}

/// Invalidates so many tags a second of the family.
async fn invalidate(cache: Cache, rate: u32, until: Instant) -> u64 {
    let mut count = 0;
    if rate == 0 {
        return count;
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    while Instant::now() < until {
        ticks.tick().await;
        let tag = format!("org:{}", fastrand::u64(..TAGS));
        cache.invalidate_tags([tag]).await;
        count += 1;
    }
    count
}

async fn measure(redis: &Redis, rate: u32) {
    let (computing, other) = (node(redis).await, node(redis).await);
    // The family is known from the first value on.
    testing::scope(computing.clone(), user(0)).await;
    tokio::time::sleep(TOOK * 4).await;
    let before = computing.stats().redis;
    let until = Instant::now() + LENGTH;
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call(computing.clone(), until)))
        .collect();
    let invalidated = invalidate(other, rate, until).await;
    for caller in callers {
        caller.await.expect("it ends well");
    }
    tokio::time::sleep(TOOK * 4).await;
    let after = computing.stats().redis;
    let stored = after.stores - before.stores;
    let refused = after.refused_stores - before.refused_stores;
    let here = computing.stats().refused_stores;
    print(rate, invalidated, stored, refused, here);
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn print(rate: u32, invalidated: u64, stored: u64, refused: u64, here: u64) {
    let all = (stored + refused).max(1) as f64;
    let share = refused as f64 / all * 100.0;
    println!("{rate:>8} {invalidated:>12} {stored:>8} {refused:>8} {share:>8.2} % {here:>8}");
}

#[tokio::main]
async fn main() {
    let redis = Arc::new(Redis::start());
    println!("each function takes {TOOK:?}, {TAGS} tags of one family, {CALLERS} callers");
    println!("a second  invalidated   stored  refused     share     here");
    for rate in [0, 10, 100] {
        measure(&redis, rate).await;
    }
}
