//! What a reference names must be a cached function.

use cachekit::{cached, invalidates, write_through};

#[cached(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

async fn plain(id: u64) -> u64 {
    id
}

mod users {
    #[cachekit::cached(key = "other:{id}")]
    pub async fn get_other(id: u64) -> u64 {
        id
    }
}

#[invalidates(get_usr(id))] //~ `get_usr`
async fn unknown(id: u64) {
    let _ = id;
}

#[invalidates(users::get_othr(id))] //~ `get_othr`
async fn unknown_in_a_module(id: u64) {
    let _ = id;
}

#[invalidates(get_other(id))] //~ `get_other`
async fn not_imported(id: u64) {
    let _ = id;
}

#[invalidates(plain(id))] //~ `plain`
async fn not_cached(id: u64) {
    let _ = id;
}

#[invalidates(plain(..))] //~ `plain`
async fn all_of_one_that_is_not_cached() {}

#[write_through(plain(id))] //~ `plain`
async fn write_through_not_cached(id: u64) -> u64 {
    id
}

#[invalidates(get_user(nobody))] //~ cannot find value `nobody` in this scope
async fn unknown_value(id: u64) {
    let _ = id;
}

#[invalidates(tags = ["users"], if = nobody)] //~ cannot find value `nobody` in this scope
async fn unknown_in_a_condition(id: u64) {
    let _ = id;
}

#[cached(store_if = nobody)] //~ cannot find value `nobody` in this scope
async fn unknown_in_store_if(id: u64) -> u64 {
    id
}

#[cached(ttl = TTL)] //~ cannot find value `TTL` in this scope
async fn unknown_ttl(id: u64) -> u64 {
    id
}

#[cached(none_ttl = TTL)] //~ cannot find value `TTL` in this scope
async fn unknown_none_ttl(id: u64) -> Option<u64> {
    Some(id)
}

#[cached(cache = CACHE)] //~ cannot find value `CACHE` in this scope
async fn unknown_cache(id: u64) -> u64 {
    id
}

fn main() {}
