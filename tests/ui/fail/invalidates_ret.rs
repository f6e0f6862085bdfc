//! Where there is no value, nothing can be made from it.

use cachekit::{cached, invalidates};

pub struct User {
    pub id: u64,
}

#[cached(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[invalidates(get_user(ret.id), on = always)] //~ `ret`: with `on = always` there may be no value
async fn reference_always() -> User {
    User { id: 1 }
}

#[invalidates(get_user(ret.id), on = before)] //~ `ret`: with `on = before` there is no value yet
async fn reference_before() -> User {
    User { id: 1 }
}

#[invalidates(tags = ["user:{ret.id}"], on = always)] //~ `{ret.id}`: with `on = always` there may be no value
async fn tag_always() -> User {
    User { id: 1 }
}

#[invalidates(key = "user:{ret.id}", on = before)] //~ `{ret.id}`: with `on = before` there is no value yet
async fn key_before() -> User {
    User { id: 1 }
}

#[invalidates(tags = ["users"], if = ret.id > 1, on = before)] //~ `ret`: with `on = before` there is no value yet
async fn if_before() -> User {
    User { id: 1 }
}

#[invalidates(tags = ["users"], cache = ret)] //~ `ret`: the cache is needed before the call gives a value
async fn cache_of_ret() -> User {
    User { id: 1 }
}

fn main() {}
