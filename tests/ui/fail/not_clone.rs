//! A stored value is handed to every caller: it must be `Clone`, and outlive the call.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use cachekit::cached;

pub struct User {
    pub name: String,
}

#[derive(Debug)]
pub struct NotFound;

#[cached]
async fn plain(id: u64) -> User { //~ the value that this function returns cannot be cached
    User { name: id.to_string() }
}

#[cached]
async fn in_result(id: u64) -> Result<User, NotFound> { //~ the value that this function returns cannot be cached
    Ok(User { name: id.to_string() })
}

#[cached]
async fn in_option(id: u64) -> Option<User> { //~ the value that this function returns cannot be cached
    Some(User { name: id.to_string() })
}

#[cached]
async fn in_result_of_option(id: u64) -> Result<Option<User>, NotFound> { //~ the value that this function returns cannot be cached
    Ok(Some(User { name: id.to_string() }))
}

#[cached]
async fn not_send(id: u64) -> Rc<u64> { //~ the value that this function returns cannot be cached
    Rc::new(id)
}

#[cached]
async fn not_sync(id: u64) -> Cell<u64> { //~ the value that this function returns cannot be cached
    Cell::new(id)
}

#[cached(key = "any:{id}")]
async fn generic<T: Default + Send + Sync + 'static>(id: u64) -> T { //~ the value that this function returns cannot be cached
    let _ = id;
    T::default()
}

/// An error need not be `Clone`, and neither need what an `Arc` holds.
#[cached(tier = memory)]
async fn right(id: u64) -> Result<Arc<User>, NotFound> {
    Ok(Arc::new(User { name: id.to_string() }))
}

#[cached(key = "with_labels:{id}", tags = ["user:{ret.name}"], store_if = ret.name.is_empty(), timeout = "1s")]
async fn with_labels(id: u64) -> Result<User, Timeout> { //~ the value that this function returns cannot be cached
    Ok(User { name: id.to_string() })
}

#[cached(stale = 5, tags = ["user:{ret.name}"], tier = memory)]
async fn in_the_background(id: u64) -> User { //~ the value that this function returns cannot be cached
    User { name: id.to_string() }
}

pub struct Timeout;

impl From<cachekit::ComputeTimeout> for Timeout {
    fn from(_: cachekit::ComputeTimeout) -> Self {
        Self
    }
}

fn main() {}
