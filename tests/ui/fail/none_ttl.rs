//! `none_ttl` needs a return type that can say `None`.

use cachekit::cached;

#[cached(key = "plain:{id}", none_ttl = 5)] //~ `none_ttl` is for functions that return an `Option`
async fn plain(id: u64) -> u64 {
    id
}

#[cached(
    key = "fallible:{id}",
    none_ttl = "5s", //~ `none_ttl` is for functions that return an `Option`
)]
async fn fallible(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(key = "right:{id}", none_ttl = 5)]
async fn right(id: u64) -> Result<Option<u64>, String> {
    Ok(Some(id))
}

fn main() {}
