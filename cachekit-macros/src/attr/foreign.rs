//! Options that other caches have, or that a later version will, answered in words.

/// Part of the contract, but without a mechanism so far.
const LATER: &[&str] = &["encrypt"];

/// Spellings of other caches, and what to write here.
const FOREIGN: &[(&str, &str)] = &[
    (
        "cond",
        "write `when = EXPR` over the arguments, or `store_if = EXPR` over `ret`",
    ),
    (
        "condition",
        "write `when = EXPR`, a `bool` over the arguments",
    ),
    ("convert", "write a template: `key = \"user:{id}\"`"),
    ("ex", "write `ttl = 300`"),
    ("expire", "write `ttl = 300`"),
    ("expires", "write `ttl = 300`"),
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
        "max_size",
        "the size belongs to the cache: set it where the cache is built",
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
        "result",
        "leave it out; whether the function returns a `Result` is seen from its type",
    ),
    (
        "size",
        "the size belongs to the cache: set it where the cache is built",
    ),
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
    ("timeToLive", "write `ttl = 300`"),
    ("time_to_live", "write `ttl = 300`"),
    ("ttl_millis", "write `ttl = \"500ms\"`"),
    ("ttl_ms", "write `ttl = \"500ms\"`"),
    ("ttl_secs", "write `ttl = 300`"),
    ("ttl_seconds", "write `ttl = 300`"),
    (
        "unless",
        "write `store_if = EXPR`, a `bool` over `ret`, with the opposite meaning",
    ),
    ("value", "leave it out; the namespace belongs to the cache"),
];

/// The same for attributes on functions that write.
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

/// What to say about an option that is not one of ours.
pub(super) fn answer(attribute: &str, word: &str) -> Option<String> {
    let foreign = if attribute == "cached" {
        if LATER.contains(&word) {
            return Some(format!("`{word}` is not available in this version yet"));
        }
        FOREIGN
    } else {
        FOREIGN_WRITES
    };
    let (_, remedy) = foreign.iter().find(|(spelling, _)| *spelling == word)?;
    Some(format!("there is no option `{word}`; {remedy}"))
}
