//! The attributes of cachekit: `#[cached]`, `#[invalidates]`, `#[write_through]`,
//! `#[write_behind]` and `#[derive(CacheKey)]`.
//!
//! Use the attributes through the `cachekit` crate, which exports them. The attributes turn
//! functions into calls of the crate cachekit, and contain no caching algorithm. An attribute is
//! expanded in stages, in this order:
//!
//! ```text
//! attr, item   parse the options and the function, with spans
//! check        apply the rules that involve several options; collect all mistakes
//! model        hold the checked options and the checked function
//! expand       generate the code
//! ```
//!
//! The module `attr` does not use `model`, and `expand` does not use `attr`.

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
mod queued_types;
mod spelling;
#[cfg(test)]
mod tests;

/// Caches the results of a function.
///
/// Put `#[cached]` on free functions, on methods, on methods in a trait's `impl` (native or
/// `#[async_trait]`), and on functions that end with an `async` block. Functions that are not
/// `async` can be cached with `tier = memory`.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `key = "user:{id}"` | template over the arguments; `{self.tenant}`, `{req.page}`, `{opts.sort()}`; `<id>` is accepted for `{id}`; or `key = expr(EXPRESSION)` | name and every argument |
/// | `ttl = 300` | seconds, `"5m"`, or an expression over the arguments and `ret` that gives a `Duration` or an `Option<Duration>` | the cache's `default_ttl` |
/// | `tags = ["users", "org:{ret.org_id}"]` | templates over the arguments and `ret`, the value about to be stored; `..EXPR` for a sequence | none |
/// | `events = ["user.changed"]` | entries are removed when `cache.emit("user.changed")` runs | none |
/// | `skip(pool, trace_id)` | arguments that the key deliberately leaves out; with `key`, only arguments that look as if they could change the result must be in `skip` | none |
/// | `stale = 60` | stale-while-revalidate: for that long after `ttl`, calls get the stale value at once while one computation refreshes it in the background | none |
/// | `stale_if_error = "1h"` | fail-safe: for that long after `ttl`, calls get the stale value if the function returns an `Err` or takes longer than `timeout` | none |
/// | `early = 1.0` | early expiration (XFetch): how early before its end an entry is recomputed, at random; `false`: never | 1.0 |
/// | `depends = names`, `false`, `true` | the effect of inner entries, whose values the body took from the cache, on this entry: `true`, an invalidation of an inner entry invalidates this entry, and the inner entry that ends first ends this entry; `names`, only invalidations have an effect; `false`, no effect | `true` |
/// | `soft_timeout = "50ms"` | fail-safe timeout: after that long, the call gets the stale value, if there is one, and the computation continues | none |
/// | `detach` | if a caller is dropped, its computation continues and its value is stored | the computation is dropped, and a waiter computes |
/// | `none_ttl = 30` | `Option` results: remember `None` that long | not remembered |
/// | `err_ttl = 5` | `Result` results: remember an `Err` that long, in the memory of this process; the error implements `Clone` | not remembered |
/// | `jitter = 0.1` | shortens `ttl` at random by up to that share | 0 |
/// | `when = EXPR` | `bool` over the arguments; false bypasses the cache | true |
/// | `store_if = EXPR` | `bool` over `ret` and the arguments; false returns without storing | true |
/// | `name = "users::get_user"` | the function's name in statistics, logs and Redis | its full path |
/// | `version = 2` | a number in the key: with a new number, no older entry is used | none |
/// | `cache = EXPR` | the `Cache` to use: `self.cache`, a static | the global one |
/// | `tier = memory`, `redis`, `both` | the tiers that hold entries; with `memory`, values need no serde | `both` |
/// | `memory_ttl = 30` | the longest that memory keeps an entry | as long as `ttl` |
/// | `idle = 60` | memory keeps an entry for that long after its last use, and up to a quarter longer; `ttl` at most | as long as `ttl` |
/// | `capacity = 1000` | the function has memory of its own for 1,000 entries | a share of the cache's memory |
/// | `redis_ttl = "1h"` | the longest that Redis keeps an entry | as long as `ttl` |
/// | `replicas = 4` | with `tier = redis`, for very hot keys: 4 copies of an entry in Redis, of which each call reads one at random | one entry |
/// | `single_flight = process`, `cluster`, `off` | the callers that share one computation: those of this process, those of all processes, or none | `cluster` with Redis, else `process` |
/// | `lock_timeout = "10s"` | the longest that a call waits for another call's computation | the cache's `lock_timeout` |
/// | `timeout = "2s"` | time limit of one computation: at its end the computation is dropped, and every caller gets an error, or the stale value with `stale_if_error` | none |
/// | `timeout_error = EXPR` | the error after `timeout` | made by `E: From<cachekit::ComputeTimeout>` |
/// | `max_computations = 64` | the most computations of this function that run at once in this process | unbounded |
/// | `codec = bincode`, `msgpack`, `json` | the encoding of values in Redis | the cache's codec |
/// | `compress`, `compress = false` | turns compression of values for Redis on or off; a value is compressed if it has at least `compress_above` bytes (1,024 by default) | the cache's setting |
/// | `encrypt`, `encrypt = false` | turns encryption of values in Redis on or off; needs the feature `encryption`, and a cache with keys | on, if the cache has keys |
/// | `companion = NAME`, `Self`, `false` | renames the companion, gives one to an associated function or a private method, or omits it | the function's name |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
///
/// In durations, a number without a unit is in seconds, also in quotes. Texts such as `"1h30m"`,
/// `"500ms"` and `"1w"` have units. `ret` is a reference to the value about to be stored.
///
/// A free function gets a companion, a type of the function's name, with `entry(..)`,
/// `refresh(..)`, `uncached(..)`, `invalidate_all()`, `expire_all()` and `stats()`. A `pub` method
/// `get` gets the functions `get_entry(..)` and `get_cache()` in its `impl`. An associated function
/// without `self` needs `companion = Self`, unless its signature or body contains the word `Self`:
/// otherwise the attribute takes the function for a free one, and an `impl` cannot contain the
/// companion type.
///
/// In documentation, write a link to a cached function with parentheses: ``[`get_user()`]``.
/// Without the parentheses the link is ambiguous, because the companion has the same name.
#[doc = ""]
#[doc = include_str!("examples/cached.md")]
#[proc_macro_attribute]
pub fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::cached(args.into(), item.into()).into()
}

/// Invalidates cache entries after a function that writes.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_user(_, id)` | the entry of `get_user` for this `id`; `_` stands for an argument that is not in the key | |
/// | `list_users(..)` | every entry of the function `list_users` | |
/// | `key = "user:{id}"` | the entry with that key | none |
/// | `keys = ["user:{id}", EXPR, ..EXPR]` | several entries: templates, values, sequences of values | none |
/// | `tags = ["users"]` | every entry with one of these tags; sequences as in `cached` | none |
/// | `events = ["product.updated"]` | emits these events | none |
/// | `on = ok`, `always`, `before` | invalidates after `Ok` or a body that did not finish; after any result; or before and after the body | `ok` |
/// | `ack`, `ack = "200ms"` | the call returns when every process has applied the invalidation, or after that time even if a process has not; for `async` functions | no |
/// | `soft` | entries become stale and remain for `stale`, `stale_if_error` and `soft_timeout`; an entry without these is removed | no |
/// | `if = EXPR` | `bool` over the arguments and `ret`; false invalidates nothing | true |
/// | `intent = "3s"`, `false` | the time for which the mark of the write stands in Redis without a renewal: if this process dies, another process invalidates after this time at the latest; `false`: no mark | the cache's |
/// | `cache = EXPR` | the `Cache` of tags, keys and events | the global one |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
///
/// Write a reference to a cached function like a call: `self.get(id)`, `Self::get(self, id)`.
#[doc = ""]
#[doc = include_str!("examples/invalidates.md")]
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
/// | `order_by = ret.version` | of overlapping writes, the one with the greatest number stays | overlapping writes leave the entry empty |
/// | `intent = "3s"`, `false` | as in `invalidates` | the cache's |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
#[doc = ""]
#[doc = include_str!("examples/write_through.md")]
#[proc_macro_attribute]
pub fn write_through(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::write_through(args.into(), item.into()).into()
}

/// Queues the calls of a function that writes, for workers that carry them out later
/// (write-behind).
///
/// A call returns once the queue has accepted its arguments. A worker, started with
/// `cache.workers()`, runs the function's body: at least once, and in order for each key. The body
/// gets the arguments and, as an argument of the type `QueuedWrite` that callers do not pass, the
/// version of the write.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `get_cart(_, user)` | the entry that gets the value of a queued write; of the queued writes of a key, only the newest is carried out | |
/// | `value = EXPR` | the value of that entry, over the arguments | |
/// | `key = "views:{page}"` | the key of the writes, if they are not the value of an entry | |
/// | `each` | each write counts; without `each`, the newest write of a key replaces older writes of the key | |
/// | `each(view in views)` | the function takes a `Vec`, and one run carries out many writes; the key and the value name one item | one write for each run |
/// | `newest(cart in carts)` | as `each(..)`, and the newest write of a key replaces older ones | one write for each run |
/// | `skip(pool)` | arguments that are not queued: a worker gets them from `provide(..)`, by their type | none |
/// | `batch = 500` | the most writes that a worker takes from the queue at once | 100 |
/// | `every = "1s"` | the time for which a key waits for further writes | 1 s |
/// | `retries = 10` | the number of times that a failed write is repeated, with pauses that double from 1 s to 60 s; then the write is put aside | 10 |
/// | `timeout = "30s"` | the longest time for one run | 30 s |
/// | `capacity = 100_000` | the most writes in the queue | 100,000 |
/// | `when_full = wait`, `fail`, `write` | a call whose queue is full waits for `lock_timeout`, returns an error, or carries out its write itself | `wait` |
/// | `codec = bincode`, `msgpack`, `json` | the encoding of queued arguments | the cache's codec |
/// | `name = "carts::save_cart"` | the name of the queue, also in statistics and logs | the function's full path |
/// | `cache = EXPR` | the `Cache` with the queue | the global one |
/// | `crate = path` | the path of the crate cachekit, if renamed | `::cachekit` |
///
/// The function is a free `async fn` without type parameters that returns `Result<(), E>`, where `E`
/// implements `Display` and `From<cachekit::QueueError>`. Attributes below this one, except
/// documentation and lints, belong to the body: an `#[invalidates(..)]` there invalidates after a
/// worker has written.
#[doc = ""]
#[doc = include_str!("examples/write_behind.md")]
#[proc_macro_attribute]
pub fn write_behind(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::write_behind(args.into(), item.into()).into()
}

/// Makes a struct or an enum usable in keys and tags.
///
/// A struct with one field is written like that field. Any other struct is written as its fields in
/// parentheses; an enum variant is written as its name, and then its fields. A field implements
/// `CacheKey` or `Display`, or is a container of such values. If the crate cachekit is renamed,
/// `#[cachekit(crate = path)]` gives its path.
///
/// # Examples
///
/// Calls with the same page and order share an entry, with a key such as `list:(2,ByName)`.
///
/// ```
/// # extern crate cachekit as caching;
/// use caching::{CacheKey, cached};
///
/// #[derive(CacheKey)]
/// #[cachekit(crate = caching)]
/// struct Query {
///     page: u32,
///     order: Order,
/// }
///
/// #[derive(CacheKey)]
/// #[cachekit(crate = caching)]
/// enum Order {
///     ByName,
/// }
///
/// #[cached(key = "list:{query}", crate = caching)]
/// async fn list(query: Query) -> Vec<u64> {
///     vec![7]
/// }
/// ```
#[proc_macro_derive(CacheKey, attributes(cachekit))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    pipeline::derive_cache_key(item.into()).into()
}
