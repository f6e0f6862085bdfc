//! The instances of the shop: each has a cache and a server on loopback. They share a database and,
//! with `--redis`, a Redis.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use cachekit::{Cache, OnDisconnect};
use cachekit_examples::program::Fail;
use cachekit_examples::truth::BUS_TIMEOUT;
use tokio::net::TcpListener;

use crate::args::Args;
use crate::database::Database;
use crate::products::Shop;
use crate::service::router;

/// A shop: its instances and their database.
#[derive(Debug)]
pub(crate) struct Nodes {
    pub(crate) database: Arc<Database>,
    pub(crate) shops: Vec<Shop>,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Nodes {
    /// Starts a shop with caches, the first of which becomes the global cache, and with a worker of
    /// queued writes.
    pub(crate) async fn with_cache(args: &Args) -> Result<Self, Fail> {
        let mut caches = Vec::new();
        for _ in 0..args.nodes {
            caches.push(cache(args).await?);
        }
        let first = caches[0].clone();
        // An earlier run with this namespace had another database.
        first.clear().await;
        cachekit::init(first.clone())?;
        let nodes = Self::start(args, caches, true).await?;
        let database = Arc::clone(&nodes.database);
        first.workers().provide(database).start().await?;
        Ok(nodes)
    }

    /// Starts a shop without caches, with as many instances and a database of its own.
    pub(crate) async fn without_cache(args: &Args) -> Result<Self, Fail> {
        let mut caches = Vec::new();
        for _ in 0..args.nodes {
            caches.push(Cache::builder().enabled(false).build().await?);
        }
        Self::start(args, caches, false).await
    }

    async fn start(args: &Args, caches: Vec<Cache>, is_cached: bool) -> Result<Self, Fail> {
        let database = Arc::new(Database::create(&args.size).await?);
        let mut nodes = Self {
            database: Arc::clone(&database),
            shops: vec![],
            addresses: vec![],
        };
        for cache in caches {
            let shop = Shop {
                database: Arc::clone(&database),
                cache,
                is_cached,
            };
            let token = args.token.as_ref().filter(|_| is_cached);
            let token = token.map(|token| &*token.text);
            nodes.addresses.push(serve(&shop, token).await?);
            nodes.shops.push(shop);
        }
        Ok(nodes)
    }

    /// Invalidates all entries.
    pub(crate) async fn clear(&self) {
        for shop in &self.shops {
            shop.cache.clear().await;
        }
    }

    /// Ends the workers of the queued writes after they have written all.
    pub(crate) async fn shut_down(&self) {
        for shop in &self.shops {
            shop.cache.shutdown().await;
        }
    }

    /// Returns the calls that were answered from memory or Redis, and all calls.
    pub(crate) fn hits(&self) -> (u64, u64) {
        let stats = self.shops.iter().map(|shop| shop.cache.stats());
        stats.fold((0, 0), |(hits, calls), it| {
            let from_cache = it.memory_hits + it.redis_hits + it.stale_hits;
            (hits + from_cache, calls + it.calls())
        })
    }
}

/// Starts the server of an instance.
async fn serve(shop: &Shop, token: Option<&str>) -> Result<SocketAddr, Fail> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let service = router(shop.clone(), token)?;
    let listener = listener.tap_io(|connection| {
        // Without this, small answers wait for acknowledgements. A failure only costs time.
        let _ = connection.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

async fn cache(args: &Args) -> Result<Cache, Fail> {
    let Some(url) = &args.redis else {
        return Ok(Cache::builder().build().await?);
    };
    let builder = Cache::builder().redis(url).namespace(&args.namespace);
    let builder = builder
        .bus_timeout(BUS_TIMEOUT)
        // The carts of this program are worth nothing, so their queue may be lost with the Redis.
        .volatile_queues(true)
        // With any other choice, an instance that loses its Redis serves invalid entries by design.
        .on_disconnect(OnDisconnect::Bypass);
    let cache = builder.build().await?;
    if !cache.stats().redis.is_up {
        return Err("--redis: cannot be reached; start it, or correct the address".into());
    }
    Ok(cache)
}
