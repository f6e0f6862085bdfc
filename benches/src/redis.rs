//! Calls that go to Redis, beside the same commands sent by a plain client.

mod compressed;
mod encrypted;
mod hit;
mod invalidate;
mod load;
mod miss;
mod raw;
mod server;

use std::time::Duration;

use cachekit::{BreakerState, Cache};
use tokio::runtime::Handle;

pub use self::load::Operation;
pub use self::server::Server;
use crate::Fail;
use crate::report::Table;
use crate::rounds::Rounds;

/// Namespace of all keys of these tables.
const NAMESPACE: &str = "bench";

/// Hits, misses and invalidations, and large values with and without compression.
///
/// # Errors
///
/// If there is no Redis to start, or one of the two does not do what it should.
pub fn tables(runtime: &Handle, rounds: Rounds) -> Result<Vec<Table>, Fail> {
    let server = Server::start()?;
    runtime.block_on(async {
        let cache = cache(&server).await?;
        let mut tables = vec![
            hit::table(&server, &cache, rounds).await?,
            miss::table(&server, &cache, rounds).await?,
            invalidate::table(&server, &cache, rounds).await?,
        ];
        tables.extend(compressed::tables(&server, &cache, rounds).await?);
        tables.push(encrypted::table(&server, &cache, rounds).await?);
        healthy(&cache)?;
        cache.shutdown().await;
        Ok(tables)
    })
}

/// Cases of which a count of instructions makes the calls by itself: cachekit, and a plain client that
/// sends as many commands.
pub const SINGLE: [&str; 4] = ["redis-hit", "redis-hit-raw", "redis-miss", "redis-miss-raw"];

/// Returns the operation of one of [`SINGLE`], with the cache that it uses.
///
/// # Errors
///
/// If there is no such case, or Redis does not do what it should.
pub async fn single(server: &Server, case: &str) -> Result<(Cache, Operation), Fail> {
    let cache = cache(server).await?;
    let operation = match case {
        "redis-hit" => hit::single(server, &cache, true).await?,
        "redis-hit-raw" => hit::single(server, &cache, false).await?,
        "redis-miss" => miss::single(server, &cache, true).await?,
        "redis-miss-raw" => miss::single(server, &cache, false).await?,
        other => return Err(format!("no case {other}").into()),
    };
    Ok((cache, operation))
}

async fn cache(server: &Server) -> Result<Cache, Fail> {
    let cache = Cache::builder()
        .namespace(NAMESPACE)
        .redis(server.url())
        // More than by default: a machine that stands still for a moment is not what is measured.
        .redis_timeout(Duration::from_secs(2))
        .build()
        .await?;
    healthy(&cache)?;
    Ok(cache)
}

/// With the breaker open, calls go past Redis, and fast.
fn healthy(cache: &Cache) -> Result<(), Fail> {
    let stats = cache.stats();
    let redis = &stats.redis;
    if !redis.is_up || redis.breaker != BreakerState::Closed || redis.failures > 0 {
        return Err(format!("cachekit did without Redis for a while: {redis:?}").into());
    }
    if stats.background.refused > 0 {
        return Err(format!("cachekit left work undone: {:?}", stats.background).into());
    }
    Ok(())
}
