//! Every option of `#[cached]`.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cachekit::{Cache, CacheKey, cached};

/// A request.
#[derive(Debug, Clone, CacheKey)]
pub struct Request {
    /// Of whom.
    pub tenant: String,
    /// Which part.
    pub page: u32,
}

impl Request {
    /// Where the page begins.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.page * 10
    }
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, Default, CacheKey)]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// By price.
    Price {
        /// The lowest first.
        up: bool,
    },
}

/// What is found.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// Its number.
    pub id: u64,
    /// Where it belongs.
    pub groups: Vec<u64>,
}

/// Where it comes from.
#[derive(Debug)]
pub struct Pool;

static CACHE: LazyLock<Option<Cache>> = LazyLock::new(|| None);

fn cache() -> Cache {
    CACHE.clone().unwrap_or_else(cachekit::global)
}

/// Every option that a function without an `Option` may have.
///
/// # Errors
///
/// Never.
#[cached(
    key = "find:{request.tenant}:{request.offset()}:{sort}:{id}",
    ttl = 300,
    tags = [
        "found",
        "tenant:{request.tenant}",
        "found:{ret.id}",
        "both:{ret.id}:{request.page}",
        ..ret.groups.iter().map(|group| format!("group:{group}")),
        ..[sort == Sort::default(), id > ret.id],
    ],
    events = ["found", "found.{id}"],
    skip(trace),
    name = "options::find",
    version = 2,
    cache = cache(),
    when = id > 0,
    store_if = !ret.groups.is_empty() && id > 1,
    jitter = 0.1,
    tier = memory,
    memory_ttl = 60,
    single_flight = process,
    lock_timeout = "5s",
    companion = find_cache,
    crate = ::cachekit
)]
pub async fn find(
    _pool: &Pool,
    request: Request,
    sort: Sort,
    id: u64,
    trace: &str,
) -> Result<Found, std::fmt::Error> {
    let Request { tenant, page: _ } = request;
    if tenant.is_empty() || trace.is_empty() || matches!(sort, Sort::Price { up: true }) {
        return Err(std::fmt::Error);
    }
    Ok(Found { id, groups: vec![] })
}

impl PartialEq for Sort {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Newest, Self::Newest))
    }
}

const SHORT: Duration = Duration::from_secs(60);

/// An absence that is remembered, a time that depends on the value.
#[cached(none_ttl = "30s", single_flight = off, codec = bincode, compress = true, redis_ttl = SHORT, ttl = Duration::from_secs(ret.id.max(id)))]
pub async fn maybe(id: u64) -> Option<Found> {
    (id > 0).then(|| Found { id, groups: vec![] })
}

/// Both, and a time that depends on the arguments.
///
/// # Errors
///
/// Never.
#[cached(key = "<id>:<name>", none_ttl = 5, ttl = Duration::from_secs(*id), companion = false)]
pub async fn both(id: &u64, name: &str) -> Result<Option<String>, std::fmt::Error> {
    Ok((*id > 0).then(|| name.to_owned()))
}

/// A computation that owns what it needs.
#[cached(key = "{name}", stale = 60, detach = true)]
pub async fn apart(pool: &Arc<Pool>, name: &str) -> u64 {
    u64::from(name.is_empty()) + Arc::strong_count(pool) as u64
}

/// No argument, no value.
#[cached]
pub async fn nothing() {}

/// Uses everything.
///
/// # Errors
///
/// Those of [`find()`].
pub async fn all() -> Result<(), std::fmt::Error> {
    let request = Request {
        tenant: "t".into(),
        page: 1,
    };
    let found = find(&Pool, request.clone(), Sort::Newest, 1, "x").await?;
    find_cache::entry(request, Sort::Newest, 1).put(found).await;
    find_cache::invalidate_all().await;
    nothing().await;
    let _ = apart(&Arc::new(Pool), "x").await;
    nothing::refresh().await;
    drop(maybe(1).await);
    drop(both(&1, "x").await?);
    Ok(())
}
