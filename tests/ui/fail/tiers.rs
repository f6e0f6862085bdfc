//! Options about a tier in which the function stores nothing, and words that do not exist.

use cachekit::cached;

#[cached(
    tier = memory,
    redis_ttl = 300, //~ `redis_ttl` is about Redis, where `tier = memory` stores nothing
    codec = bincode, //~ `codec` is about Redis, where `tier = memory` stores nothing
    compress, //~ `compress` is about Redis, where `tier = memory` stores nothing
    single_flight = cluster, //~ other processes are met in Redis, which `tier = memory` never asks
)]
async fn in_memory(id: u64) -> u64 {
    id
}

#[cached(
    tier = redis,
    memory_ttl = 300, //~ `memory_ttl` is about memory, where `tier = redis` stores nothing
)]
async fn in_redis(id: u64) -> u64 {
    id
}

#[cached(
    tier = disk, //~ unknown tier `disk`; expected `memory`, `redis` or `both`
    single_flight = global, //~ unknown single_flight `global`; expected `process`, `cluster` or `off`
    compress = 1024, //~ expected `true` or `false`
    codec = xml, //~ unknown codec `xml`; expected `bincode`, `msgpack` or `json`
)]
async fn unknown_words(id: u64) -> u64 {
    id
}

#[cached(
    tier = "both", //~ write `tier = both`, without quotes
    single_flight = "off", //~ write `single_flight = off`, without quotes
    codec = "json", //~ write `codec = json`, without quotes
)]
async fn quoted_words(id: u64) -> u64 {
    id
}

#[cached(
    memory_ttl = 0, //~ a `memory_ttl` of 0 keeps nothing in memory
    redis_ttl = "0s", //~ a `redis_ttl` of 0 keeps nothing in Redis
    lock_timeout = 0, //~ a `lock_timeout` of 0 waits for nobody
)]
async fn nothing(id: u64) -> u64 {
    id
}

#[cached(
    memory_ttl = std::time::Duration::from_secs(id), //~ `memory_ttl` is a constant and cannot depend on `id`
    lock_timeout = 1.5, //~ `1.5` is not a whole number of seconds
)]
async fn not_constant(id: u64) -> u64 {
    id
}

fn main() {}
