//! A miss in memory, of a function that returns at once: what remains is what the cache does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::{Cache, Capacity, Engine, cached};
use tokio::runtime::Handle;

use super::ROOM;
use crate::Fail;
use crate::candidate::Candidate;
use crate::report::{Kind, Table};
use crate::rounds::{self, Rounds};
use crate::user::User;

#[cached(
    key = "new:{id}",
    ttl = 300,
    tags = ["users", "org:{ret.org}"],
    cache = cache,
    skip(cache)
)]
async fn new_user(cache: &Cache, id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

/// A page of users, which the function has at hand: what remains is what the cache does with a
/// large value.
#[cached(key = "page:{id}", ttl = 300, tags = ["users"], cache = cache, skip(cache, page))]
async fn page(cache: &Cache, page: &Arc<Vec<User>>, id: u64) -> Arc<Vec<User>> {
    Arc::clone(page)
}

/// Numbers that nobody asked for before.
#[derive(Debug, Default)]
pub(super) struct Fresh(AtomicU64);

impl Fresh {
    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// cachekit, in memory alone, with the default engine.
///
/// # Errors
///
/// If the cache cannot be built.
pub async fn ours() -> Result<Candidate, Fail> {
    on("cachekit", Engine::default()).await
}

async fn on(name: &str, engine: Engine) -> Result<Candidate, Fail> {
    let room = Capacity::entries(ROOM as u64);
    let builder = Cache::builder().memory_capacity(room).engine(engine);
    let state = (builder.build().await?, Arc::new(Fresh::default()));
    Ok(candidate!(name, state, |(cache, fresh), _key| {
        new_user(&cache, fresh.next()).await
    }))
}

/// A miss of a value of 100 users.
///
/// # Errors
///
/// If the cache cannot be built.
pub async fn pages() -> Result<Candidate, Fail> {
    let room = Capacity::entries(ROOM as u64);
    let cache = Cache::builder().memory_capacity(room).build().await?;
    let users: Vec<User> = (0..100).map(User::new).collect();
    let state = (cache, Arc::new((Arc::new(users), Fresh::default())));
    Ok(candidate!("cachekit", state, |(cache, pages), _key| {
        page(&cache, &pages.0, pages.1.next()).await
    }))
}

/// All that can miss, full: each stores what it computed, and something else leaves.
///
/// # Errors
///
/// What a cache says when it is set up.
pub fn candidates(runtime: &Handle) -> Result<Vec<Candidate>, Fail> {
    let other = on("cachekit, engine quick_cache", Engine::QuickCache);
    let mut all = vec![
        runtime.block_on(ours())?.of(Kind::Ours),
        runtime.block_on(other)?.of(Kind::Ours),
    ];
    #[cfg(feature = "rivals")]
    all.extend(super::rivals::misses::all());
    all.shrink_to_fit();
    Ok(all)
}

/// Misses of one thread and of two.
///
/// # Errors
///
/// What a cache says when it is set up.
pub fn table(runtime: &Handle, rounds: Rounds) -> Result<Table, Fail> {
    let candidates = candidates(runtime)?;
    for _ in 0..=ROOM / 10_000 {
        rounds::warm(runtime, &candidates);
    }
    let speeds = rounds::misses(runtime, &candidates, rounds);
    Ok(Table {
        title:
            "Miss in memory: `Arc<User>` by `u64`, the function returns at once, the cache is full"
                .to_owned(),
        notes: Vec::new(),
        columns: super::COLUMNS.map(Into::into).to_vec(),
        rows: super::rows(&speeds),
    })
}
