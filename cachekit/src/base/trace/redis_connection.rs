//! Log messages about the connection to Redis.

use std::fmt;
use std::time::Duration;

/// Reports the first connection to the Redis at `address`, for a cache with the namespace
/// `namespace`.
pub(crate) fn redis_connected(address: &dyn fmt::Debug, namespace: &str) {
    event!(
        info,
        address = ?address,
        namespace = namespace,
        "connected to Redis"
    );
}

/// Reports a connection to the Redis at `address`, after the cache was without one for `away`.
pub(crate) fn redis_is_back(address: &dyn fmt::Debug, namespace: &str, away: Duration) {
    let away = Duration::from_millis(u64::try_from(away.as_millis()).unwrap_or(u64::MAX));
    event!(
        info,
        address = ?address,
        namespace = namespace,
        away = ?away,
        "Redis is back"
    );
}

/// Reports that Redis, after an outage, has accepted the `sent` invalidations that waited for it.
pub(crate) fn queued_invalidations_sent(sent: usize) {
    event!(
        info,
        sent = sent,
        "Redis has accepted the invalidations that were queued while it was away"
    );
}

/// Reports that the connection to Redis was closed, for the reason `why`.
pub(crate) fn redis_lost(why: &str) {
    event!(warn, why = why, "closed the connection to Redis");
}

/// Reports that Redis cannot be reached, for the reason `why`. The event has level warn if
/// `is_new`, and debug level if the outage was reported before.
pub(crate) fn redis_unreachable(why: &str, is_new: bool) {
    if is_new {
        event!(warn, why = why, "Redis is unreachable");
    } else {
        event!(debug, why = why, "Redis is still unreachable");
    }
}

/// Reports that Redis answers, but refuses the cache: the login or the database is wrong, or the
/// server is too old. The event has level warn if `is_new`, and debug level if this refusal was
/// reported before.
pub(crate) fn redis_refuses(why: &str, remedy: &str, is_new: bool) {
    if is_new {
        event!(warn, why = why, remedy = remedy, "Redis refuses the cache");
    } else {
        event!(debug, why = why, "Redis still refuses the cache");
    }
}

/// Reports that the Redis at `address` cannot be reached when the cache starts. The cache runs on
/// memory until it connects.
pub(crate) fn redis_unreachable_at_start(address: &str, why: &str) {
    event!(
        warn,
        address = address,
        why = why,
        "Redis is unreachable; the cache runs on memory until it connects"
    );
}

/// Reports an error reply of Redis to `command`, with the error's code. The caller reports a pair
/// of command and code again only after a minute without this refusal.
pub(crate) fn redis_rejected(command: &str, code: &str) {
    event!(
        warn,
        command = command,
        code = code,
        "Redis rejected a command"
    );
}

/// Reports the rights that the account of the cache in Redis lacks, and the remedy.
pub(crate) fn rights_missing(lacks: &str, remedy: &str) {
    event!(
        warn,
        lacks = lacks,
        remedy = remedy,
        "the Redis account lacks rights"
    );
}
