//! Every option stands once; the second error shows the first place.

use cachekit::{cached, invalidates, write_through};

#[cached(
    key = "user:{id}",
    key = "users:{id}", //~ `key` is given twice
)]
async fn key(id: u64) -> u64 {
    id
}

#[cached(
    ttl = 300,
    tags = ["users"],
    ttl = 300, //~ `ttl` is given twice
)]
async fn ttl(id: u64) -> u64 {
    id
}

#[cached(
    key = "all",
    skip(id),
    skip(page), //~ `skip` is given twice
)]
async fn skip(id: u64, page: u64) -> u64 {
    id + page
}

#[invalidates(
    tags = ["users"],
    tags = ["orgs"], //~ `tags` is given twice
)]
async fn write(id: u64) {
    let _ = id;
}

#[cached]
async fn get(id: u64) -> u64 {
    id
}

#[write_through(
    get(id),
    value = *ret,
    value = *ret, //~ `value` is given twice
)]
async fn save(id: u64) -> u64 {
    id
}

fn main() {}
