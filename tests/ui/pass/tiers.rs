//! What each tier asks of a value.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use std::borrow::Cow;
use std::sync::Arc;

use cachekit::{cached, write_through};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value of this process.
#[derive(Clone)]
pub struct Handle(fn(u64) -> u64);

/// A value that can travel.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
}

#[cached(tier = memory)]
async fn handle(id: u64) -> Result<Option<Handle>, Handle> {
    Ok((id > 0).then_some(Handle(|id| id)))
}

#[cached(tier = memory)]
async fn name(id: u64) -> &'static str {
    if id > 0 { "one" } else { "none" }
}

#[cached(tier = memory, key = "local:{id}")]
fn local<T: Default + Clone + Send + Sync + 'static>(id: u64) -> Option<T> {
    (id > 0).then(T::default)
}

#[cached(tier = redis, tags = ["org:{ret.id}"])]
async fn user(id: u64) -> Result<Arc<User>, Handle> {
    Ok(Arc::new(User { id }))
}

#[cached(tier = both)]
async fn text(id: u64) -> Cow<'static, str> {
    if id > 0 { "one".into() } else { id.to_string().into() }
}

#[cached(key = "travels:{id}")]
async fn travels<T>(id: u64) -> Vec<T>
where
    T: Default + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let _ = id;
    vec![T::default()]
}

#[write_through(handle(id))]
async fn save(id: u64) -> Option<Handle> {
    (id > 0).then_some(Handle(|id| id))
}

/// Methods, and a type named like a trait of the cache's.
pub struct Storable;

impl Storable {
    #[cached(skip(self), tier = memory)]
    pub async fn get(&self, id: u64) -> Handle {
        let _ = id;
        Handle(|id| id)
    }
}

async fn companions() {
    let _ = (handle::entry(1).get().await, user::entry(1).get().await);
    let _ = (local::entry::<&str>(1).get().await, travels::entry::<User>(1).get().await);
    let _ = Storable.get_entry(1).get().await;
}

fn main() {}
