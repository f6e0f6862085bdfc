//! One `#[cached]` is enough for one function.

use cachekit::cached;

#[cached(key = "twice:{id}")]
#[cached(key = "again:{id}")] //~ `#[cached]` stands here twice; take one away
async fn get(id: u64) -> u64 {
    id
}

fn main() {}
