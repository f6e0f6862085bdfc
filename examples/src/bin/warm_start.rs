//! A process that begins with the entries that the previous process used most. Run this program
//! twice with `REDIS_URL` set: the first run stores its hottest keys in Redis at its end, and the
//! second run loads the entries of these keys into memory at its start.

use std::error::Error;
use std::time::Duration;

use cachekit::cached;

#[cached(key = "product:{id}", name = "product", ttl = 600)]
async fn product(id: u64) -> Result<String, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(5)).await; // a slow query
    Ok(format!("product {id}"))
}

/// Calls the cached function as a service would: most calls are about a few products.
async fn serve() -> Result<(), std::io::Error> {
    for call in 0..2_000 {
        product(if call % 4 == 0 { call % 100 } else { call % 5 }).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    cachekit::init_from_env().await?;
    let report = product::warm_start(500).await;
    println!(
        "{} of {} values loaded at the start, in {:?}",
        report.loaded, report.remembered, report.elapsed
    );
    serve().await?;
    let cache = cachekit::global();
    println!("{} calls missed", cache.stats().misses);
    cache.shutdown().await;
    Ok(())
}
