//! `crate = path` is where cachekit is.

use cachekit::cached;

#[cached(crate = kit)] //~ cannot find module or crate `kit` in this scope
async fn get(id: u64) -> u64 {
    id
}

fn main() {}
