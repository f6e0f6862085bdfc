//! What cannot go on without its caller.

use cachekit::cached;

struct Pool;

#[cached(key = "a:{id}", detach)]
async fn by_pool(_pool: &Pool, id: u64) -> u64 { //~ a computation in the background needs its own clone of this argument
    id
}

fn main() {}
