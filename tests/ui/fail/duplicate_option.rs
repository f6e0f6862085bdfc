//! Every option stands once; the second error shows the first place.

use cachekit::{cached, invalidates, write_through};

#[cached(
    key = "user:{id}", //~ first given here
    key = "users:{id}", //~ `key` is given twice
)]
async fn key(id: u64) -> u64 {
    id
}

#[cached(
    ttl = 300, //~ first given here
    tags = ["users"],
    ttl = 300, //~ `ttl` is given twice
)]
async fn ttl(id: u64) -> u64 {
    id
}

#[cached(
    key = "all",
    skip(id), //~ first given here
    skip(page), //~ `skip` is given twice
)]
async fn skip(id: u64, page: u64) -> u64 {
    id + page
}

#[invalidates(
    tags = ["users"], //~ first given here
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
    value = *ret, //~ first given here
    value = *ret, //~ `value` is given twice
)]
async fn save(id: u64) -> u64 {
    id
}

fn main() {}
