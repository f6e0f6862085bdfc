//! Processes that share a Redis. Run this program twice with `REDIS_URL` set: the first run
//! computes the values, and the second run gets them from Redis.

use std::error::Error;
use std::time::{Duration, Instant};

use cachekit::{Stats, cached};

#[cached(key = "population:{city}", ttl = 60)]
async fn population(city: &str) -> Result<u32, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(50)).await; // a slow query
    Ok(if city == "Oslo" { 724_290 } else { 526_502 })
}

/// Returns, in words, what answered the single call between `before` and `after`: memory, Redis or
/// the function.
fn answered(before: &Stats, after: &Stats) -> &'static str {
    if after.memory_hits > before.memory_hits {
        "came from memory"
    } else if after.redis_hits > before.redis_hits {
        "came from Redis"
    } else {
        "ran the function"
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    cachekit::init_from_env().await?;
    let cache = cachekit::global();
    if !cache.stats().redis.is_up {
        return Err("set REDIS_URL to a Redis that can be reached".into());
    }
    for city in ["Oslo", "Skopje", "Oslo"] {
        let (before, start) = (cache.stats(), Instant::now());
        let people = population(city).await?;
        let took = start.elapsed();
        let what = answered(&before, &cache.stats());
        println!("{city:<8} {people:>8}   {what:<18} {took:>8.1?}");
    }
    // The last value may still be on its way to Redis, because no call waits until Redis has stored
    // its value.
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}
