//! cachekit as a service uses it: annotated functions, the global cache, two tags, one of them
//! made from the value.

use std::sync::Arc;

use cachekit::{Cache, Capacity, Engine, Policy, cached};

use super::Args;
use crate::Fail;
use crate::candidate::Candidate;
use crate::user::User;

/// The number of a user's name.
fn number(name: &str) -> u64 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().unwrap_or_default()
}

#[cached(key = "user:{id}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn owned_by_number(id: u64) -> User {
    User::load(id)
}

#[cached(key = "name:{name}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn owned_by_text(name: &str) -> User {
    User::load(number(name))
}

#[cached(key = "member:{org}:{name}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn owned_by_both(org: u64, name: &str) -> User {
    User::load(number(name))
}

#[cached(key = "shared user:{id}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn shared_by_number(id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

#[cached(key = "shared name:{name}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn shared_by_text(name: &str) -> Arc<User> {
    Arc::new(User::load(number(name)))
}

#[cached(key = "shared member:{org}:{name}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn shared_by_both(org: u64, name: &str) -> Arc<User> {
    Arc::new(User::load(number(name)))
}

#[cached(
    key = "other user:{id}",
    ttl = 300,
    tags = ["users", "org:{ret.org}"],
    cache = cache,
    skip(cache)
)]
async fn owned_on(cache: &Cache, id: u64) -> User {
    User::load(id)
}

#[cached(
    key = "other shared user:{id}",
    ttl = 300,
    tags = ["users", "org:{ret.org}"],
    cache = cache,
    skip(cache)
)]
async fn shared_on(cache: &Cache, id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

// A function of its own: with a second caller, the compiler would inline less of the first.
#[cached(key = "inside user:{id}", ttl = 300, tags = ["users", "org:{ret.org}"])]
async fn inside_by_number(id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

/// Has room for the keys of all functions, with entries to spare.
fn room() -> Capacity {
    Capacity::entries(100_000)
}

/// Makes the global cache: as by default, with room for the keys of all functions.
///
/// # Errors
///
/// If there is one already.
pub async fn init() -> Result<(), Fail> {
    cachekit::init(Cache::builder().memory_capacity(room()).build().await?)?;
    Ok(())
}

/// Calls of a function that returns an `Arc<User>`, of its number, inside of a computation: one
/// computation for `most` calls of a batch.
pub fn inside(most: usize) -> Candidate {
    let pages = Arc::new(std::sync::atomic::AtomicU64::new(0));
    Candidate::new("cachekit, inside of a computation", move |batch| {
        let pages = Arc::clone(&pages);
        Box::pin(async move {
            let cache = cachekit::global();
            let keys = &mut batch.keys().peekable();
            while keys.peek().is_some() {
                let calls = async || {
                    for key in keys.by_ref().take(most) {
                        std::hint::black_box(inside_by_number(key.id).await);
                    }
                };
                let page = pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let key = format!("page:{page}");
                cache.get_or_compute(&key, &Policy::new(), calls).await;
            }
        })
    })
}

/// A cache with the other engine.
async fn with_quick_cache() -> Result<Cache, Fail> {
    let cache = Cache::builder()
        .engine(Engine::QuickCache)
        .memory_capacity(room());
    Ok(cache.build().await?)
}

/// What that engine's rows are called.
const OTHER_ENGINE: &str = "cachekit, engine quick_cache";

/// A function that returns a `User`, of its number, with the other engine.
///
/// # Errors
///
/// If the cache cannot be built.
pub async fn owned_on_quick_cache() -> Result<Candidate, Fail> {
    let cache = with_quick_cache().await?;
    Ok(candidate!(OTHER_ENGINE, cache, |cache, key| owned_on(
        &cache, key.id
    )
    .await))
}

/// The same, and it returns an `Arc<User>`.
///
/// # Errors
///
/// If the cache cannot be built.
pub async fn shared_on_quick_cache() -> Result<Candidate, Fail> {
    let cache = with_quick_cache().await?;
    Ok(candidate!(OTHER_ENGINE, cache, |cache, key| shared_on(
        &cache, key.id
    )
    .await))
}

/// Functions that return a `User`.
pub fn owned(args: Args) -> Candidate {
    match args {
        Args::Number => candidate!("cachekit", (), |(), key| owned_by_number(key.id).await),
        Args::Text => candidate!("cachekit", (), |(), key| owned_by_text(key.name).await),
        Args::Both => {
            candidate!("cachekit", (), |(), key| {
                owned_by_both(key.org(), key.name).await
            })
        }
    }
}

/// Functions that return an `Arc<User>`.
pub fn shared(args: Args) -> Candidate {
    match args {
        Args::Number => candidate!("cachekit", (), |(), key| shared_by_number(key.id).await),
        Args::Text => candidate!("cachekit", (), |(), key| shared_by_text(key.name).await),
        Args::Both => {
            candidate!("cachekit", (), |(), key| {
                shared_by_both(key.org(), key.name).await
            })
        }
    }
}
