//! The attributes of cachekit: `#[cached]`, `#[invalidates]`, `#[write_through]` and
//! `#[derive(CacheKey)]`.
//!
//! Use them through the `cachekit` crate, which exports them. This crate turns attributes into calls
//! of the runtime, and contains no caching algorithm. Its stages, in order:
//!
//! ```text
//! attr, item   syntax, with spans
//! check        rules that involve more than one option; all mistakes are collected
//! model        validated meaning, with nothing left to interpret
//! expand       output
//! ```
//!
//! `attr` does not know `model`, and `expand` does not know `attr`.

use proc_macro::TokenStream;

mod attr;
mod check;
mod diag;
mod expand;
mod fn_form;
mod item;
mod model;
mod paths;
mod pipeline;
#[cfg(test)]
mod tests;

/// Caches the results of a function.
///
/// Put it on free functions, methods, methods in a trait's `impl` (native or `#[async_trait]`), and
/// functions that end with an `async` block. With `tier = memory`, put it also on functions that are not
/// `async`.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `key = "user:{id}"` | template over the arguments; `{self.tenant}`, `{req.page}`, `{opts.sort()}`; `<id>` is accepted for `{id}`; or `key = expr(EXPRESSION)` | name and every argument |
/// | `ttl = 300` | seconds, `"5m"`, or an expression over arguments and `ret` giving a `Duration` or an `Option` of one | the cache's `default_ttl` |
/// | `tags = ["users", "org:{ret.org_id}"]` | templates over the arguments and `ret`, the value about to be stored; `..EXPR` for a sequence | none |
/// | `events = ["user.changed"]` | entries dropped when `cache.emit("user.changed")` runs | none |
/// | `skip(pool, trace_id)` | arguments that belong outside the key: without `key`, each argument to leave out; with `key`, those that could change the result | none |
/// | `stale = 60` | stale-while-revalidate: for that long after `ttl`, calls get the stale value at once while one computation refreshes it in the background | none |
/// | `stale_if_error = "1h"` | fail-safe: for that long after `ttl`, calls get the stale value if the function returns an `Err` or takes longer than `timeout` | none |
/// | `early = 1.0` | early expiration (XFetch): how early before its end an entry is recomputed, at random; `false`: never | 1.0 |
/// | `soft_timeout = "50ms"` | fail-safe timeout: after that long, the call gets the stale value, if there is one, and the computation continues | none |
/// | `detach` | a computation continues, and is stored, if its caller is dropped | it is dropped, and a waiter computes |
/// | `none_ttl = 30` | `Option` results: remember `None` that long | not remembered |
/// | `err_ttl = 5` | `Result` results: remember an `Err` that long, in the memory of this process; the error implements `Clone` | not remembered |
/// | `jitter = 0.1` | shortens `ttl` at random by up to that share | 0 |
/// | `when = EXPR` | `bool` over the arguments; false bypasses the cache | true |
/// | `store_if = EXPR` | `bool` over `ret` and the arguments; false returns without storing | true |
/// | `name = "users::get_user"` | its name in statistics and logs | full path |
/// | `version = 2` | part of the key: raising it abandons every older entry | none |
/// | `cache = EXPR` | the `Cache` to use: `self.cache`, a static | the global one |
/// | `tier = memory`, `redis`, `both` | the tiers that hold entries; with `memory`, values need no serde | `both` |
/// | `memory_ttl = 30` | the longest that memory keeps an entry | as long as `ttl` |
/// | `idle = 60` | memory keeps an entry for that long after its last use, and up to a quarter longer; `ttl` at most | as long as `ttl` |
/// | `capacity = 1000` | the function has memory of its own for so many entries, separate from all others | a share of the cache's memory |
/// | `redis_ttl = "1h"` | the longest that Redis keeps an entry | as long as `ttl` |
/// | `replicas = 4` | with `tier = redis`, for very hot keys: so many copies of an entry, of which each call reads one at random | one entry |
/// | `single_flight = process`, `cluster`, `off` | the callers among which one computes: those of this process, of all processes, or each for itself | `cluster` with Redis, else `process` |
/// | `lock_timeout = "10s"` | the longest that a call waits for another's computation | the cache's |
/// | `timeout = "2s"` | deadline of one computation: it is dropped, and every caller gets an error, or the stale value with `stale_if_error` | none |
/// | `timeout_error = EXPR` | that error | made by `E: From<cachekit::ComputeTimeout>` |
/// | `max_computations = 64` | the most computations of this function that run at once in this process | unbounded |
/// | `codec = bincode`, `msgpack`, `json` | the encoding of values in Redis | the cache's |
/// | `compress`, `compress = false` | values are compressed for Redis, from `compress_above` or 1,024 bytes on, or not | the cache's |
/// | `companion = NAME`, `Self`, `false` | renames the companion, gives one to an associated function or a private method, or omits it | the function's name |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
///
/// A bare number is seconds, also in quotes. `"1h30m"`, `"500ms"` and `"1w"` have units. `ret` is a
/// reference to the value about to be stored.
///
/// A free function gets a companion, a type of the function's name, with `entry(..)`, `refresh(..)`,
/// `uncached(..)`, `invalidate_all()`, `expire_all()` and `stats()`. A `pub` method `get` gets
/// `get_entry(..)` and `get_cache()` in its `impl`. An associated function without `self` needs
/// `companion = Self`, unless its signature or body contains the word `Self`: otherwise it looks like a
/// free function, and an `impl` cannot contain a type.
///
/// In documentation, link to a cached function with parentheses, ``[`get_user()`]``. Without them the
/// link is ambiguous, as it also means the companion.
#[proc_macro_attribute]
pub fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::cached(args.into(), item.into()).into()
}

/// Invalidates cache entries after a function that writes.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_user(_, id)` | the entry of that call; `_` stands for an argument that is not in its key | |
/// | `list_users(..)` | every entry of that function | |
/// | `key = "user:{id}"` | the entry with that key | none |
/// | `keys = ["user:{id}", EXPR, ..EXPR]` | several entries: templates, values, sequences of values | none |
/// | `tags = ["users"]` | every entry with one of these tags; sequences as in `cached` | none |
/// | `events = ["product.updated"]` | emits these events | none |
/// | `on = ok`, `always`, `before` | after `Ok` or a body that did not finish; after any result; before and after | `ok` |
/// | `ack`, `ack = "200ms"` | the call returns when every process has applied the invalidation; after that long at most, as best effort; for `async` functions | no |
/// | `soft` | entries become stale and remain for `stale`, `stale_if_error` and `soft_timeout`; an entry without these is removed | no |
/// | `if = EXPR` | `bool` over the arguments and `ret`; false invalidates nothing | true |
/// | `intent = "3s"`, `false` | how long the mark of the write stands in Redis without a renewal: by then at the latest another process invalidates if this one dies; `false`: no mark | the cache's |
/// | `cache = EXPR` | the `Cache` of tags, keys and events | the global one |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
///
/// Write a reference like a call: `self.get(id)`, `Self::get(self, id)`.
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::invalidates(args.into(), item.into()).into()
}

/// Stores the value that a function returns as the entry of a cached function.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_user(_, id)` | the entry to write; exactly one | |
/// | `value = EXPR` | the value, over the arguments and `ret` | the returned value |
/// | `order_by = ret.version` | of overlapping writes, the one with the greatest number stays | they leave the entry empty |
/// | `intent = "3s"`, `false` | as in `invalidates` | the cache's |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
#[proc_macro_attribute]
pub fn write_through(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::write_through(args.into(), item.into()).into()
}

/// Makes a struct or an enum usable in keys and tags.
///
/// A struct with one field is written like that field. Otherwise the fields are written in parentheses,
/// and a variant begins with its name. A field implements `CacheKey` or `Display`, or is a container of
/// such values. `#[cachekit(crate = path)]` gives the path of the crate cachekit, if renamed.
#[proc_macro_derive(CacheKey, attributes(cachekit))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    pipeline::derive_cache_key(item.into()).into()
}
