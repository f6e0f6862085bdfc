//! Types that a queue or a worker cannot use.

use cachekit::{QueueError, cached, write_behind};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Cart {
    pub user: u64,
}

#[derive(Clone)]
pub struct Pool;

impl Pool {
    fn save(&self, _: u64) -> Result<(), QueueError> {
        Ok(())
    }
}

#[derive(Debug)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

#[derive(Debug)]
pub struct Silent;

impl From<QueueError> for Silent {
    fn from(_: QueueError) -> Self {
        Self
    }
}

#[cached(key = "cart:{user}")]
async fn get_cart(user: u64) -> Cart {
    Cart { user }
}

#[write_behind(key = "cart:{user}")]
async fn pool_not_skipped(pool: Pool, user: u64) -> Result<(), QueueError> { //~ `Pool` cannot be queued
    pool.save(user)
}

#[write_behind(key = "cart:{user}")]
async fn lent_pool(pool: &Pool, user: u64) -> Result<(), QueueError> { //~ `Pool` cannot be queued
    pool.save(user)
}

#[write_behind(get_cart(user), value = user)] //~ mismatched types
async fn other_value(user: u64) -> Result<(), QueueError> {
    let _ = user;
    Ok(())
}

#[write_behind(get_cart(user), value = Some(Cart { user })?)] //~ the `?` operator can only be used in a closure that returns `Result` or `Option`
async fn no_value(user: u64) -> Result<(), QueueError> {
    let _ = user;
    Ok(())
}

#[write_behind(key = "cart:{user}")] //~ `Failed` cannot be the error of a write-behind function
async fn no_from(user: u64) -> Result<(), Failed> {
    let _ = user;
    Ok(())
}

#[write_behind(key = "cart:{user}")] //~ `Silent` cannot be the error of a write-behind function
async fn no_display(user: u64) -> Result<(), Silent> {
    let _ = user;
    Ok(())
}

#[write_behind(key = "cart:{user}")]
async fn a_value(user: u64) -> Result<u64, QueueError> { //~ a write-behind function returns `Result<(), E>`
    Ok(user)
}

#[write_behind(key = "cart:{user}")]
async fn nothing(user: u64) { //~ a write-behind function returns `Result<(), E>`
    let _ = user;
}

fn main() {}
