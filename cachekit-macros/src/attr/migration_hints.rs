//! Messages for unknown options of other caching libraries.

/// Names of options that other caching libraries have, each with the message that names the option
/// to use in `#[cached]`.
const FOREIGN: &[(&str, &str)] = &[
    (
        "cache_err",
        "write `err_ttl = 5`: so long an error is remembered, by this process",
    ),
    (
        "cache_errors",
        "write `err_ttl = 5`: so long an error is remembered, by this process",
    ),
    (
        "cache_none",
        "write `none_ttl = 30`: so long a `None` is cached",
    ),
    (
        "cond",
        "write `when = EXPR` over the arguments, or `store_if = EXPR` over `ret`",
    ),
    (
        "condition",
        "write `when = EXPR`, a `bool` over the arguments",
    ),
    ("convert", "write a template: `key = \"user:{id}\"`"),
    (
        "create",
        "leave it out; the cache is built where the program starts, by `Cache::builder()`",
    ),
    (
        "disk",
        "leave it out; what is to outlive the process is kept in Redis, as `tier = both` does",
    ),
    ("ex", "write `ttl = 300`"),
    ("expire", "write `ttl = 300`"),
    ("expires", "write `ttl = 300`"),
    (
        "force_refresh",
        "call `get_user::refresh(..)` where a new value is wanted",
    ),
    ("group", "write `tags = [\"..\"]`"),
    ("ignore", "write `skip(..)`"),
    (
        "key_prefix",
        "write the prefix into the template: `key = \"prefix:{id}\"`",
    ),
    (
        "keys",
        "write `key = \"..\"` for the key, `tags = [\"..\"]` for groups of entries",
    ),
    (
        "map_error",
        "leave it out; where Redis fails, the function is called, and no error of the cache's is seen",
    ),
    ("max_capacity", CAPACITY),
    ("max_entries", CAPACITY),
    ("max_size", CAPACITY),
    ("maxsize", CAPACITY),
    (
        "on_evict",
        "leave it out; `stats()` counts, and the destructor of a value runs when it has left memory",
    ),
    (
        "option",
        "leave it out; whether the function returns an `Option` is seen from its type",
    ),
    (
        "prefix",
        "write the prefix into the template: `key = \"prefix:{id}\"`",
    ),
    (
        "refresh",
        "write `idle = 300`: so long an entry lives after its last use, and `ttl` at most",
    ),
    (
        "result",
        "leave it out; whether the function returns a `Result` is seen from its type",
    ),
    (
        "result_fallback",
        "write `stale_if_error = \"1h\"`: so long after its `ttl` a value is served in the place of an error",
    ),
    ("size", CAPACITY),
    (
        "soft",
        "say it where the entry is invalidated: `#[invalidates(.., soft)]`",
    ),
    (
        "sync",
        "leave it out; concurrent calls for one key share one computation unless `single_flight = off`",
    ),
    (
        "sync_writes",
        "leave it out; concurrent calls for one key share one computation unless `single_flight = off`",
    ),
    ("tag", "write `tags = [\"..\"]`"),
    ("time", "write `ttl = 300`"),
    ("timeToIdle", IDLE),
    ("timeToLive", "write `ttl = 300`"),
    ("time_to_idle", IDLE),
    ("time_to_live", "write `ttl = 300`"),
    ("tti", IDLE),
    ("ttl_millis", "write `ttl = \"500ms\"`"),
    ("ttl_ms", "write `ttl = \"500ms\"`"),
    ("ttl_secs", "write `ttl = 300`"),
    ("ttl_seconds", "write `ttl = 300`"),
    (
        "ty",
        "leave it out; one cache holds the values of all functions, and their types are seen",
    ),
    (
        "unbound",
        "leave it out; memory is bounded, by `memory_capacity` where the cache is built",
    ),
    (
        "unless",
        "write `store_if = EXPR`, a `bool` over `ret`, with the opposite meaning",
    ),
    ("value", "leave it out; the namespace belongs to the cache"),
    (
        "with_cached_flag",
        "leave it out; `get_user::stats()` counts hits and misses",
    ),
];

const CAPACITY: &str = "write `capacity = 1000` for so many entries of this function alone; all others \
                        share the `memory_capacity` of the cache, set where that is built";

const IDLE: &str =
    "write `idle = 300`: so long an entry lives after its last use, and `ttl` at most";

/// Names of options that other caching libraries have on functions that write, each with the
/// message to show.
const FOREIGN_WRITES: &[(&str, &str)] = &[
    (
        "allEntries",
        "write `list_users(..)` for every entry of `list_users`",
    ),
    (
        "all_entries",
        "write `list_users(..)` for every entry of `list_users`",
    ),
    ("beforeInvocation", "write `on = before`"),
    ("before_invocation", "write `on = before`"),
    (
        "condition",
        "write `if = EXPR`, a `bool` over the arguments and `ret`",
    ),
    ("event", "write `events = [\"..\"]`"),
    ("tag", "write `tags = [\"..\"]`"),
    ("unless", "write `if = EXPR` with the opposite meaning"),
    (
        "when",
        "write `if = EXPR`, a `bool` over the arguments and `ret`",
    ),
];

/// Returns the message for the unknown option `word` of `attribute`, or `None` if there is no
/// special message.
pub(crate) fn answer(attribute: &str, word: &str) -> Option<String> {
    let foreign = if attribute == "cached" {
        FOREIGN
    } else {
        FOREIGN_WRITES
    };
    let (_, remedy) = foreign.iter().find(|(spelling, _)| *spelling == word)?;
    Some(format!("there is no option `{word}`; {remedy}"))
}
