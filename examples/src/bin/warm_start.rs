//! A process that begins with what the one before used most: at its end it writes down the hottest
//! keys, at its start it fetches their values from Redis into memory. Run it twice with `REDIS_URL`
//! set: `warm_start FILE`.

use std::error::Error;
use std::fs;
use std::time::Duration;

use cachekit::cached;
use tokio::task::JoinSet;

#[cached(key = "product:{id}", name = "product", ttl = 600)]
async fn product(id: u64) -> Result<String, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(5)).await; // a slow query
    Ok(format!("product {id}"))
}

/// Fetches the values of these keys, as far as Redis has them: no function runs. Says how many.
async fn prefetch(keys: &str) -> usize {
    let ids = keys.lines().filter_map(|key| key.strip_prefix("product:"));
    let ids = ids.filter_map(|id| id.parse().ok());
    // All at once: the cache asks Redis for them together.
    let fetches: JoinSet<_> = ids
        .map(|id: u64| async move { product::entry(id).get().await })
        .collect();
    fetches.join_all().await.into_iter().flatten().count()
}

/// The service: most of its calls are about few products.
async fn serve() -> Result<(), std::io::Error> {
    for call in 0..2_000 {
        product(if call % 4 == 0 { call % 100 } else { call % 5 }).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name a file for the keys")?;
    cachekit::init_from_env().await?;
    let cache = cachekit::global();

    let keys = fs::read_to_string(&file).unwrap_or_default();
    println!("{} values fetched at the start", prefetch(&keys).await);
    serve().await?;
    println!("{} calls missed", cache.stats().misses);

    let hot = cache.hot_keys(20).into_iter();
    let keys: Vec<_> = hot
        .filter(|hot| hot.function == "product")
        .map(|hot| hot.key)
        .collect();
    // Keys may be personal data, and then such a file is, too.
    fs::write(&file, keys.join("\n"))?;
    cache.shutdown().await;
    Ok(())
}
