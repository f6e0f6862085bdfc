//! Copies of what memory keeps, and too few or too many of them.

use cachekit::cached;

#[cached(replicas = 4)] //~ write `tier = redis` too, or take it out
async fn in_both(id: u64) -> u64 {
    id
}

#[cached(tier = both, replicas = 4)] //~ write `tier = redis` too, or take it out
async fn in_both_in_words(id: u64) -> u64 {
    id
}

#[cached(tier = memory, replicas = 4)] //~ write `tier = redis` too, or take it out
async fn in_memory(id: u64) -> u64 {
    id
}

#[cached(tier = redis, replicas = 1)] //~ expected a whole number from 2 to 16, like `4`
async fn one(id: u64) -> u64 {
    id
}

#[cached(tier = redis, replicas = 17)] //~ expected a whole number from 2 to 16, like `4`
async fn too_many(id: u64) -> u64 {
    id
}

#[cached(tier = redis, replicas = "4")] //~ expected a whole number from 2 to 16, like `4`
async fn in_quotes(id: u64) -> u64 {
    id
}

fn main() {}
