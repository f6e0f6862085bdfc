//! Every option once.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use std::time::Duration;

use cachekit::{Cache, CacheKey, Shared, cached, invalidates, write_through};

const TTL: Duration = Duration::from_secs(300);

pub struct Pool;

#[derive(Clone, CacheKey)]
pub enum Sort {
    Newest,
    Price { ascending: bool },
}

#[derive(Clone, CacheKey)]
pub struct Page<T> {
    pub number: u32,
    pub sort: Sort,
    pub filter: T,
}

#[derive(Clone)]
pub struct User {
    pub id: u64,
    pub org: u64,
    pub lives: Duration,
}

#[derive(Debug)]
pub struct Missing;

#[cached(
    key = "user:{id}",
    ttl = ret.lives.min(TTL),
    tags = ["users", "org:{ret.org}", ..[ret.id]],
    events = ["user.changed", "user.changed:{id}"],
    skip(trace),
    name = "users::get_user",
    version = 2,
    cache = cachekit::global(),
    when = id > 0,
    store_if = ret.org > 0,
    none_ttl = TTL,
    jitter = 0.1,
    tier = memory,
    memory_ttl = 60,
    single_flight = process,
    lock_timeout = TTL,
    timeout = TTL,
    timeout_error = Missing,
    max_computations = 64,
    companion = user,
    crate = cachekit,
)]
async fn get_user(pool: &Pool, id: u64, trace: &str) -> Result<Option<User>, Missing> {
    let _ = (pool, trace);
    let lives = TTL;
    Ok(Some(User { id, org: 1, lives }))
}

#[cached(
    ttl = "1h30m",
    none_ttl = 30,
    idle = "10m",
    capacity = 1_000,
    companion = false,
    tier = both,
    memory_ttl = TTL,
    redis_ttl = "1h",
    single_flight = cluster,
    lock_timeout = 5,
    codec = bincode,
    compress,
)]
async fn list(page: Page<String>, sort: Option<&Sort>) -> Option<u64> {
    let _ = sort;
    Some(u64::from(page.number))
}

#[cached(err_ttl = "5s", idle = TTL, tier = memory)]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

#[cached(tier = redis, replicas = 16, detach)]
async fn hot(id: u64) -> u64 {
    id
}

#[cached(key = "of:<pages.len()>:<N>")]
async fn count<T: Send + Sync + 'static, const N: usize>(pages: &[Page<T>]) -> usize {
    pages.len()
}

#[invalidates(
    user(_, id, _),
    count::<u8, 2>(..),
    key = "user:{id}",
    keys = ["user:{id}", ..[format!("user:{}", ret.id)]],
    tags = ["users", "org:{ret.org}", ..[ret.id]],
    events = ["user.changed"],
    on = ok,
    if = ret.id == id,
    intent = "10s",
    cache = cachekit::global(),
    crate = cachekit,
)]
async fn rename_user(id: u64) -> Result<User, Missing> {
    let lives = TTL;
    Ok(User { id, org: 1, lives })
}

#[invalidates(tags = ["users"], on = always)]
#[invalidates(tags = ["orgs"], on = before, intent = false)]
#[invalidates(soft, user(..), tags = ["lists"], ack, on = always, if = true)]
async fn import() {}

#[write_through(user(_, id, _), intent = std::time::Duration::from_secs(1))]
async fn save_user(id: u64) -> User {
    let lives = TTL;
    User { id, org: 1, lives }
}

#[write_through(user(_, id, _), value = User { id: *ret, org: 1, lives: TTL }, crate = cachekit)]
async fn add_user(id: u64) -> Result<u64, Missing> {
    Ok(id)
}

pub struct Repo {
    pub tenant: u64,
    pub cache: Cache,
}

impl Shared for Repo {}

impl Repo {
    #[cached(key = "{self.tenant}:{id}", cache = self.cache)]
    pub async fn get(&self, id: u64) -> u64 {
        self.tenant + id
    }

    #[cached(companion = fetched)]
    async fn fetch(&self, id: u64) -> u64 {
        self.tenant + id
    }

    #[invalidates(self.get(id), Self::get(self, id), self.get(..), Self::fetch(..))]
    pub async fn set(&self, id: u64) {
        let _ = id;
    }

    #[write_through(self.get(id))]
    pub async fn replace(&self, id: u64) -> u64 {
        id
    }
}

/// What the companions have.
async fn companions(repo: &Repo) {
    let entry = user::entry(7);
    let _ = (entry.get().await, entry.key(), entry.ttl().await);
    entry.invalidate().await;
    entry.expire().await;
    user::invalidate_all().await;
    user::expire_all().await;
    repo.get_cache().expire_all().await;
    let _ = (user::stats(), count::entry::<u8, 2>(&[]).get().await);
    let _ = (repo.get_entry(7).get().await, repo.get_cache().stats());
    let _ = repo.fetched_entry(7).get().await;
}

fn main() {}
