//! A function that is not `async` says that it is cached in memory only.

use cachekit::{cached, invalidates};

#[cached]
fn plain(id: u64) -> u64 { //~ a function that is not `async` can only be cached in memory
    id
}

#[cached(key = "user:{id}", ttl = 300)]
fn with_options(id: u64) -> Option<u64> { //~ a function that is not `async` can only be cached in memory
    Some(id)
}

pub struct Repo;

impl Repo {
    #[cached(skip(self))]
    pub fn method(&self, id: u64) -> u64 { //~ a function that is not `async` can only be cached in memory
        id
    }
}

#[cached(tier = redis)] //~ a function that is not `async` can only be cached in memory
fn other_tier(id: u64) -> u64 {
    id
}

#[cached(tier = both)] //~ a function that is not `async` can only be cached in memory
fn both_tiers(id: u64) -> u64 {
    id
}

/// One mistake is reported, not the absence of `async` as well.
#[cached(tier = "memory")] //~ write `tier = memory`, without quotes
fn in_quotes(id: u64) -> u64 {
    id
}

#[cached(tier = memory)]
fn right(id: u64) -> u64 {
    id
}

/// A write needs no tier.
#[invalidates(right(id))]
fn write(id: u64) {
    let _ = id;
}

fn main() {}
