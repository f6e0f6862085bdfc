//! The nodes. Each node has a cache of its own, as a process of a service has. The nodes share the
//! database and, with `--redis`, a Redis.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cachekit::{Cache, Capacity, OnDisconnect};
use cachekit_examples::truth::BUS_TIMEOUT;

use crate::Fail;
use crate::args::Args;
use crate::database::Database;
use crate::shop::Shop;

/// Builds a cache for each node.
pub(crate) async fn caches(args: &Args) -> Result<Vec<Cache>, Fail> {
    let namespace = namespace();
    let mut caches = Vec::with_capacity(args.nodes);
    for _ in 0..args.nodes {
        caches.push(cache(args, &namespace).await?);
    }
    Ok(caches)
}

/// Returns the shop of each node.
pub(crate) fn open(caches: &[Cache], database: &Arc<Database>) -> Vec<Arc<Shop>> {
    let shop = |cache: &Cache| Shop {
        database: Arc::clone(database),
        cache: cache.clone(),
    };
    caches.iter().map(|cache| Arc::new(shop(cache))).collect()
}

/// Invalidates all entries, so that none remains usable in Redis.
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
        // With any other choice, a node that loses its Redis serves invalid entries by design, so a
        // stale read would not show a mistake.
        .on_disconnect(OnDisconnect::Bypass);
    let cache = builder.build().await?;
    // A service works without its Redis too, but this program would then report numbers of another
    // set-up.
    if !cache.stats().redis.is_up {
        let why = "--redis: cannot be reached; start it, or correct the address";
        return Err(why.into());
    }
    Ok(cache)
}

/// Returns a namespace that no other run has. A process id is not enough, because process ids
/// repeat in containers.
fn namespace() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |now| now.as_millis());
    format!("replay-{}-{millis:x}", std::process::id())
}
