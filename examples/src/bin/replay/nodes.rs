//! The nodes: each has a cache of its own, as a process of a service has. What they share is
//! the database and, where there is one, a Redis.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cachekit::{Cache, Capacity, OnDisconnect};

use crate::Fail;
use crate::args::Args;
use crate::database::Database;
use crate::shop::Shop;

/// The longest that a node's memory may go on with what another node invalidated.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_secs(1);

/// A cache for each node.
pub(crate) async fn caches(args: &Args) -> Result<Vec<Cache>, Fail> {
    let namespace = namespace();
    let mut caches = Vec::with_capacity(args.nodes);
    for _ in 0..args.nodes {
        caches.push(cache(args, &namespace).await?);
    }
    Ok(caches)
}

/// The shop as each node has it.
pub(crate) fn open(caches: &[Cache], database: &Arc<Database>) -> Vec<Arc<Shop>> {
    let shop = |cache: &Cache| Shop {
        database: Arc::clone(database),
        cache: cache.clone(),
    };
    caches.iter().map(|cache| Arc::new(shop(cache))).collect()
}

/// Leaves nothing of use in Redis.
pub(crate) async fn clear(caches: &[Cache]) {
    for cache in caches {
        cache.clear().await;
    }
}

async fn cache(args: &Args, namespace: &str) -> Result<Cache, Fail> {
    let mut builder = Cache::builder().memory_capacity(Capacity::entries(args.capacity));
    if let Some(eviction) = args.eviction {
        builder = builder.eviction(eviction);
    }
    let Some(url) = &args.redis else {
        return Ok(builder.build().await?);
    };
    let builder = builder.redis(url).namespace(namespace);
    let builder = builder
        .bus_timeout(BUS_TIMEOUT)
        // Any other choice serves, by design, what is invalid if Redis goes away: then a
        // stale read would say nothing.
        .on_disconnect(OnDisconnect::Bypass);
    let cache = builder.build().await?;
    // A service goes on without its Redis; here that would be a report about something else.
    if !cache.stats().redis.is_up {
        let why = "--redis: cannot be reached; start it, or correct the address";
        return Err(why.into());
    }
    Ok(cache)
}

/// A namespace that no other run has: in containers process ids come again.
fn namespace() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |now| now.as_millis());
    format!("replay-{}-{millis:x}", std::process::id())
}
