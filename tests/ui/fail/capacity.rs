//! Options about memory that say nothing, or that other caches write otherwise.

use cachekit::cached;

#[cached(
    tier = redis,
    idle = 60, //~ `idle` is about memory, where `tier = redis` stores nothing
    capacity = 100, //~ `capacity` is about memory, where `tier = redis` stores nothing
    err_ttl = 5, //~ `err_ttl` is about memory, where `tier = redis` stores nothing
)]
async fn in_redis(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(
    idle = 0, //~ an `idle` of 0 keeps nothing in memory
    capacity = 0, //~ with `capacity = 0` memory keeps nothing
    err_ttl = "0s", //~ an `err_ttl` of 0 remembers nothing; leave it out
)]
async fn nothing(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(ttl = 60, idle = 60)] //~ an entry ends with its `ttl`, also if it is used
async fn as_long_as_its_ttl(id: u64) -> u64 {
    id
}

#[cached(memory_ttl = 30, idle = "1m")] //~ an entry ends with its `memory_ttl`, also if it is used
async fn longer_than_memory(id: u64) -> u64 {
    id
}

#[cached(
    idle = std::time::Duration::from_secs(id), //~ `idle` is a constant and cannot depend on `id`
    err_ttl = std::time::Duration::from_secs(id), //~ `err_ttl` is a constant and cannot depend on `id`
    capacity = "1000", //~ expected how many entries of this function memory keeps
)]
async fn not_constant(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(capacity = 1_000 * 2)] //~ expected `,`
async fn computed(id: u64) -> u64 {
    id
}

#[cached(capacity = -1)] //~ expected how many entries of this function memory keeps
async fn negative(id: u64) -> u64 {
    id
}

/// As other caches write it.
#[cached(
    cache_err = true, //~ there is no option `cache_err`; write `err_ttl = 5`
    cache_none = true, //~ there is no option `cache_none`; write `none_ttl = 30`
    result_fallback = true, //~ there is no option `result_fallback`; write `stale_if_error = "1h"`
    time_to_idle = 60, //~ there is no option `time_to_idle`; write `idle = 300`
    refresh = true, //~ there is no option `refresh`; write `idle = 300`
    max_size = 100, //~ there is no option `max_size`; write `capacity = 1000`
    unbound, //~ there is no option `unbound`; leave it out; memory is bounded
    with_cached_flag = true, //~ there is no option `with_cached_flag`; leave it out
    disk = true, //~ there is no option `disk`; leave it out
    ty = "LruCache<u64, u64>", //~ there is no option `ty`; leave it out
    create = "{ LruCache::new() }", //~ there is no option `create`; leave it out
    map_error = "|error| error", //~ there is no option `map_error`; leave it out
    force_refresh = "{ id == 0 }", //~ there is no option `force_refresh`; call `get_user::refresh(..)`
)]
async fn foreign(id: u64) -> u64 {
    id
}

fn main() {}
