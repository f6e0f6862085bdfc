//! What is stored in Redis crosses by serde.

use std::sync::Arc;

use cachekit::cached;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Clone)]
pub struct User {
    pub id: u64,
}

#[derive(Clone, Serialize)]
pub struct HalfWay;

pub struct NotEvenClone;

#[cached]
async fn plain(id: u64) -> User { //~ the value that this function returns cannot be stored in Redis
    User { id }
}

#[cached(tier = redis, tags = ["user:{ret.id}"], store_if = ret.id > 0)]
async fn in_option(id: u64) -> Option<User> { //~ the value that this function returns cannot be stored in Redis
    Some(User { id })
}

#[cached(tier = both, companion = false)]
async fn in_result(id: u64) -> Result<User, String> { //~ the value that this function returns cannot be stored in Redis
    Ok(User { id })
}

#[cached]
async fn in_arc(id: u64) -> Result<Option<Arc<User>>, String> { //~ the value that this function returns cannot be stored in Redis
    Ok(Some(Arc::new(User { id })))
}

#[cached]
async fn half_way() -> Vec<HalfWay> { //~ the value that this function returns cannot be stored in Redis
    vec![HalfWay]
}

#[cached]
async fn reference(id: u64) -> Option<&'static str> { //~ the value that this function returns cannot be stored in Redis
    (id > 0).then_some("right")
}

#[cached(key = "any:{id}")]
async fn generic<T: Default + Clone + Send + Sync + 'static>(id: u64) -> T { //~ the value that this function returns cannot be stored in Redis
    let _ = id;
    T::default()
}

pub struct Repo;

impl Repo {
    #[cached(skip(self))]
    pub async fn method(&self, id: u64) -> User { //~ the value that this function returns cannot be stored in Redis
        User { id }
    }
}

/// The first thing that it lacks.
#[cached]
async fn lacks_both(id: u64) -> Option<NotEvenClone> { //~ the value that this function returns cannot be cached
    (id > 0).then_some(NotEvenClone)
}

#[cached(tier = memory)]
async fn in_memory(id: u64) -> Option<User> {
    Some(User { id })
}

/// An error never leaves the process.
#[cached(key = "right:{id}")]
async fn right<T>(id: u64) -> Result<Arc<T>, User>
where
    T: Default + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let _ = id;
    Ok(Arc::default())
}

fn main() {}
