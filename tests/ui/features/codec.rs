//! A codec needs its feature; this build has no `json`.

use cachekit::cached;

#[cached(
    codec = json, //~ `codec = json` needs the feature `json` of cachekit; turn it on
)]
async fn off(id: u64) -> u64 {
    id
}

#[cached(codec = bincode)]
async fn on(id: u64) -> u64 {
    id
}

fn main() {}
