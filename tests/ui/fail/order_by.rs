//! What tells a newer write from an older one is a number.

use cachekit::{cached, write_through};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct User {
    pub name: String,
    pub score: f64,
    pub version: Option<i64>,
    pub wide: u128,
}

#[cached(key = "user:{id}")]
async fn get_user(id: u64) -> Result<User, String> {
    Err(format!("no user {id}"))
}

#[write_through(get_user(id), order_by = ret.name)] //~ `String` cannot order writes
async fn by_name(id: u64, user: User) -> Result<User, String> {
    let _ = id;
    Ok(user)
}

#[write_through(get_user(id), order_by = ret.score)] //~ `f64` cannot order writes
async fn by_score(id: u64, user: User) -> Result<User, String> {
    let _ = id;
    Ok(user)
}

#[write_through(get_user(id), order_by = ret.version)] //~ Option<i64>` cannot order writes
async fn by_option(id: u64, user: User) -> Result<User, String> {
    let _ = id;
    Ok(user)
}

#[write_through(get_user(id), order_by = ret.wide)] //~ `u128` cannot order writes
async fn by_wide(id: u64, user: User) -> Result<User, String> {
    let _ = id;
    Ok(user)
}

#[write_through(get_user(id), order_by = ret.versoin)] //~ no field `versoin` on type
async fn misspelt(id: u64, user: User) -> Result<User, String> {
    let _ = id;
    Ok(user)
}

#[write_through(get_user(ret.id))] //~ `ret`: the entry is needed before
async fn hidden(user: User) -> Result<User, String> {
    Ok(user)
}

fn main() {}
