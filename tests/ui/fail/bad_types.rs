//! Expressions of the wrong type.

use cachekit::{cached, invalidates};

#[cached(when = 1)] //~ mismatched types
async fn when_number() -> u64 {
    1
}

#[cached(store_if = ret)] //~ mismatched types
async fn store_if_reference() -> bool {
    true
}

#[cached(ttl = "5m".to_owned())] //~ `String` is not a time to live
async fn ttl_text() -> u64 {
    1
}

#[cached(none_ttl = "5m".to_owned())] //~ mismatched types
async fn none_ttl_text() -> Option<u64> {
    Some(1)
}

#[cached(tags = [..5])] //~ `{integer}` is not an iterator
async fn tags_of_a_number() -> u64 {
    1
}

#[cached(cache = 5)] //~ mismatched types
async fn cache_number() -> u64 {
    1
}

#[invalidates(tags = ["users"], if = 1)] //~ mismatched types
async fn if_number() {}

fn main() {}
