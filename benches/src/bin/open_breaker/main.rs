//! What a call costs while Redis is too slow and its circuit breaker is open, as a multiple of the
//! same call with caching off.
//!
//! Every call misses: each has a key of its own, and a function that takes 50 microseconds. So
//! each pays for a store in memory too; where that is full, also for an eviction.
//!
//!     RUSTFLAGS= ./scripts/with-redis cargo run --release -p cachekit-benches --bin open_breaker

mod slow_proxy;

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cachekit::{BreakerState, Cache, Capacity, cached};

use self::slow_proxy::SlowProxy;

/// How long the function takes, and how many calls make a round.
const LOADER: Duration = Duration::from_micros(50);
const CALLS: u64 = 100;
const ROUNDS: u64 = 401;

fn load(id: u64) -> u64 {
    let start = Instant::now();
    while start.elapsed() < LOADER {
        std::hint::spin_loop();
    }
    id
}

#[cached(key = "on:{id}", tags = ["rows"], cache = cache, skip(cache))]
async fn row(cache: &Cache, id: u64) -> u64 {
    load(id)
}

/// The mean of one round of calls, in nanoseconds.
async fn round(cache: &Cache, first: u64) -> u128 {
    let start = Instant::now();
    for id in first..first + CALLS {
        black_box(row(cache, black_box(id)).await);
    }
    start.elapsed().as_nanos() / u128::from(CALLS)
}

fn median(mut rounds: Vec<u128>) -> u128 {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// A cache whose Redis has just become too slow, found out by calls.
async fn broken(socket: PathBuf, capacity: Capacity) -> Result<Cache, Box<dyn Error>> {
    let way = SlowProxy::to(socket).await?;
    let settings = Cache::builder()
        .redis(format!("redis://{}", way.addr))
        .memory_capacity(capacity);
    let cache = settings.build().await?;
    if !cache.stats().redis.is_up {
        return Err("Redis does not answer before it was cut off".into());
    }
    way.slow_down();
    for id in 0..1_000 {
        if cache.stats().redis.breaker != BreakerState::Closed {
            return Ok(cache);
        }
        row(&cache, u64::MAX - id).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("the breaker did not open: {:?}", cache.stats().redis).into())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    cachekit_benches::refuse_switches();
    let url = std::env::var("REDIS_URL").unwrap_or_default();
    let Some(socket) = url.strip_prefix("unix://") else {
        return Err("REDIS_URL names no unix socket: run it by scripts/with-redis".into());
    };
    let off = Cache::builder().enabled(false).build().await?;
    println!("a call with a function of {LOADER:?}, medians of {ROUNDS} rounds of {CALLS} calls");
    for (what, capacity) in [("room in memory", 100_000), ("memory full", 1_000)] {
        let broken = broken(socket.into(), Capacity::entries(capacity)).await?;
        compare(what, &off, &broken).await?;
    }
    Ok(())
}

async fn compare(what: &str, off: &Cache, broken: &Cache) -> Result<(), Box<dyn Error>> {
    let (mut without, mut with, mut ratios) = (vec![], vec![], vec![]);
    for turn in 0..ROUNDS {
        // One after the other, and compared with each other, so that what slows the machine
        // down slows both.
        let pair = [
            round(off, turn * CALLS).await,
            round(broken, turn * CALLS).await,
        ];
        without.push(pair[0]);
        with.push(pair[1]);
        // Thousandths, without floating point.
        ratios.push(pair[1] * 1_000 / pair[0]);
    }
    let redis = broken.stats().redis;
    if redis.is_up || redis.breaker_openings == 0 {
        return Err("the breaker is not open".into());
    }
    let (without, with, ratio) = (median(without), median(with), median(ratios));
    println!("{what}");
    println!("  caching off                    {without:>8} ns");
    println!("  Redis slow, breaker open       {with:>8} ns");
    println!(
        "  ratio                          {:>4}.{:03}",
        ratio / 1_000,
        ratio % 1_000
    );
    Ok(())
}
