//! cachekit as a service uses it: annotated functions, the global cache, two tags, one of them
//! made from the value.

use std::sync::Arc;

use cachekit::{Cache, Capacity, cached};

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

/// Makes the global cache: as by default, with room for the keys of all six functions.
///
/// # Errors
///
/// If there is one already.
pub async fn init() -> Result<(), Fail> {
    let room = Capacity::entries(100_000);
    cachekit::init(Cache::builder().memory_capacity(room).build().await?)?;
    Ok(())
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
