//! `crate = path` is where cachekit is.

use cachekit::cached;

#[cached(crate = kit)] //~ cannot find module or crate `kit` in this scope
async fn get(id: u64) -> u64 { //~ cannot find module or crate `kit` in this scope //~ cannot find module or crate `get` in this scope
    id
}

fn main() {}
