//! Expressions and templates are checked by their types, where they stand.

use cachekit::{cached, invalidates, write_through};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct User {
    pub id: u64,
}

#[cached]
async fn get(id: u64) -> u64 {
    id
}

#[cached(tags = ["org:{ret.org}"])] //~ no field `org` on type `&User`
async fn in_a_tag(id: u64) -> User {
    User { id }
}

#[cached(store_if = ret.org > 1)] //~ no field `org` on type `&User`
async fn in_store_if(id: u64) -> User {
    User { id }
}

#[cached(ttl = ret.lives)] //~ no field `lives` on type `&User`
async fn in_ttl(id: u64) -> Result<Option<User>, std::io::Error> {
    Ok(Some(User { id }))
}

#[invalidates(tags = ["org:{ret.org}"])] //~ no field `org` on type `&User`
async fn in_a_tag_of_a_write(id: u64) -> User {
    User { id }
}

#[invalidates(get(ret.org))] //~ no field `org` on type `&User`
async fn in_a_reference(id: u64) -> User {
    User { id }
}

#[write_through(get(id), value = ret.org)] //~ no field `org` on type `&User`
async fn in_a_value(id: u64) -> User {
    User { id }
}

fn main() {}
