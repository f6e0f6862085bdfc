//! A free function has no `self`, in templates and in expressions.

use cachekit::cached;

#[cached(key = "cache:{id}", cache = self.cache)] //~ `self`: this function has no `self`
async fn in_cache(id: u64) -> u64 {
    id
}

#[cached(key = "when:{id}", when = self.on)] //~ `self`: this function has no `self`
async fn in_when(id: u64) -> u64 {
    id
}

#[cached(key = "store:{id}", store_if = self.wants(*ret))] //~ `self`: this function has no `self`
async fn in_store_if(id: u64) -> u64 {
    id
}

fn main() {}
