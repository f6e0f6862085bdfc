//! The attributes of cachekit: `#[cached]`, `#[invalidates]`, `#[write_through]` and
//! `#[derive(CacheKey)]`.
//!
//! Use them through the `cachekit` crate, which exports them. This crate only turns words into
//! calls of the runtime and decides no algorithm. The stages stand in this order:
//!
//! ```text
//! attr, item   what was written (syntax, with spans)
//! check        every rule that spans more than one word; all mistakes are collected
//! model        what is left: validated, nothing to interpret
//! expand       the output
//! ```
//!
//! `attr` knows nothing of `model`, `expand` nothing of `attr`.

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
/// It stands on free functions, methods, methods in a trait's `impl` (native or
/// `#[async_trait]`), functions that end with an `async` block, and, with `tier = memory`,
/// functions that are not `async`.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `key = "user:{id}"` | key template over the arguments; `<id>` is accepted for `{id}`; or `key = expr(EXPRESSION)`: the name, and what any expression over the arguments gives | the name and every argument |
/// | `ttl = 300` | seconds, `"5m"`, or an expression over the arguments and `ret` giving a `Duration` | the cache's |
/// | `tags = ["users", "org:{ret.org_id}", ..EXPR]` | tag templates over the arguments and `ret`, and sequences | none |
/// | `events = ["product.updated"]` | entries dropped when that event is emitted | none |
/// | `skip(pool, self, T)` | arguments that are rightly not in the key: without `key`, each that is not to be in it; with `key`, those that could change the result | none |
/// | `name = "users::get_user"` | its name in keys, statistics and logs | the full path |
/// | `version = 2` | part of the key: raising it abandons every older entry | none |
/// | `cache = EXPR` | the cache to use | the global one |
/// | `when = EXPR` | `bool` over the arguments; `false` bypasses the cache | `true` |
/// | `store_if = EXPR` | `bool` over `ret` and the arguments; `false` returns without storing | `true` |
/// | `stale = 60` | for that long after `ttl` the old value is served at once while one computation in the background makes a new one | none |
/// | `stale_if_error = "1h"` | for that long after `ttl` the old value is served where the function gives an `Err` or takes longer than `timeout` | none |
/// | `early = 1.0` | how early before its end an entry is computed again, at random; `false`: never | 1.0 |
/// | `soft_timeout = "50ms"` | after that long the old value is served, if there is one, and the computation goes on | none |
/// | `detach` | a computation goes on when its caller goes away, and is stored | it is dropped, and who waits computes |
/// | `none_ttl = 30` | how long a `None` is cached | `None` is not cached |
/// | `err_ttl = 5` | how long an `Err` is remembered, in memory; the error implements `Clone` | errors are not remembered |
/// | `jitter = 0.1` | shortens `ttl` at random by up to that share | 0 |
/// | `tier = memory`, `redis`, `both` | where entries live; with `memory`, values need no serde | `both` |
/// | `memory_ttl = 30` | the longest that memory keeps an entry | as long as `ttl` |
/// | `idle = 60` | how long after its last use memory keeps an entry, and up to a quarter longer; `ttl` at most | as long as `ttl` |
/// | `capacity = 1000` | so many entries of this function are kept in memory of its own, apart from all others | a share of the cache's memory |
/// | `redis_ttl = "1h"` | the longest that Redis keeps an entry | as long as `ttl` |
/// | `replicas = 4` | with `tier = redis`, for keys that are very hot: so many copies of an entry, of which each call reads one at random | one entry |
/// | `single_flight = process`, `cluster`, `off` | who waits for whom when several miss | `cluster` with Redis, else `process` |
/// | `lock_timeout = "10s"` | how long a call waits for another's computation | the cache's |
/// | `timeout = "2s"` | deadline of one computation: it is dropped, and every caller gets an error, or an old value by `stale_if_error` | none |
/// | `timeout_error = EXPR` | that error | made by `E: From<cachekit::ComputeTimeout>` |
/// | `max_computations = 64` | how many computations of this function run at once in this process | unbounded |
/// | `codec = bincode`, `msgpack`, `json` | how values are written for Redis | the cache's |
/// | `compress`, `compress = false` | whether values are compressed for Redis, from `compress_above` or 1,024 bytes on | the cache's |
/// | `companion = NAME`, `Self`, `false` | renames the companion; says that the function stands in an `impl`, or omits it | the function's name |
/// | `crate = path` | where the cachekit crate is | `::cachekit` |
///
/// A bare number is seconds, also in quotes; `"1h30m"`, `"500ms"` and `"1w"` have units. `ret` is a reference to the value about to be stored.
///
/// A free function gets a companion type of its own name with `entry(..)`, `refresh(..)`,
/// `uncached(..)`, `invalidate_all()`, `expire_all()` and `stats()`; an inherent method `get` that is `pub` gets
/// `get_entry(..)` and `get_cache()`. An associated function without `self` needs `companion = Self`, unless it has
/// the word `Self` in its signature or body: it looks like a free function, and no type can stand in an `impl`.
///
/// In documentation, link to a cached function with parentheses, ``[`get_user()`]``: without
/// them the link means its companion too.
#[proc_macro_attribute]
pub fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::cached(args.into(), item.into()).into()
}

/// Drops cache entries after a function that writes.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_user(_, id)` | the entry of that call; `_` is an argument that is not in its key | |
/// | `list_users(..)` | every entry of that function | |
/// | `key = "user:{id}"` | the entry with that key | none |
/// | `keys = ["user:{id}", EXPR, ..EXPR]` | several: templates, values, sequences of values | none |
/// | `tags = ["users"]` | every entry with one of these tags; sequences as in `cached` | none |
/// | `events = ["product.updated"]` | emits these events | none |
/// | `on = ok` | when: `ok`, `always`, or `before` (before and after) | `ok` |
/// | `ack` | the call returns when every process has applied it; `ack = "200ms"`: after that long at most; for functions that are `async` | no |
/// | `soft` | what it names ends being fresh, and is left for `stale`, `stale_if_error` and `soft_timeout` | removed |
/// | `if = EXPR` | `bool` over the arguments and `ret`; `false` invalidates nothing | `true` |
/// | `cache = EXPR` | the cache of tags, keys and events | the global one |
/// | `crate = path` | where the cachekit crate is | `::cachekit` |
///
/// Write a reference as you would write the call: `self.get(id)`, `Self::get(self, id)`.
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::invalidates(args.into(), item.into()).into()
}

/// Stores what a function returns as the entry of a cached function.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_user(_, id)` | the entry to write; exactly one | |
/// | `value = EXPR` | the value, over the arguments and `ret` | the returned one |
/// | `order_by = ret.version` | of writes that overlap, the one with the greatest number stays | they leave the entry empty |
/// | `crate = path` | where the cachekit crate is | `::cachekit` |
#[proc_macro_attribute]
pub fn write_through(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::write_through(args.into(), item.into()).into()
}

/// Makes a struct or an enum usable in keys and tags.
///
/// A struct of one field is written as that field; otherwise the fields stand in parentheses, and
/// a variant begins with its name. A field has `CacheKey` or `Display`, or is a container of such values.
/// `#[cachekit(crate = path)]` says where the cachekit crate is.
#[proc_macro_derive(CacheKey, attributes(cachekit))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    pipeline::derive_cache_key(item.into()).into()
}
