//! Log messages of the cache: `tracing` events of the target `cachekit`, with the feature `tracing`.
//!
//! No event holds a value. Keys hold arguments, so they appear at debug level only.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Once;
use std::time::Duration;

use crate::base::sync::Mutex;

/// Emits an event: `event!(LEVEL, NAME = VALUE, .., MESSAGE)`. `?VALUE` is shown by its `Debug`.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $($fields:tt)*) => {
        tracing::$level!(target: "cachekit", $($fields)*)
    };
}

/// Emits nothing, and counts its fields as used.
#[cfg(not(feature = "tracing"))]
macro_rules! event {
    ($level:ident, $($name:ident = $(?)? $value:expr,)* $message:literal $(, $given:expr)*) => {{
        let _ = ($message, $(&$value,)* $(&$given,)*);
    }};
}

/// Runs `task` inside the current span.
pub(crate) fn in_current_span<F: Future>(task: F) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    let task = tracing::Instrument::in_current_span(task);
    task
}

/// Reports a value that was computed but not stored, as an invalidation or a write came in between.
pub(crate) fn store_refused(owner: &str, key: &dyn fmt::Debug) {
    event!(debug, function = owner, key = ?key, "store refused");
}

/// Reports a failed refresh; the stale value is kept.
pub(crate) fn refresh_failed(owner: &str, key: &dyn fmt::Debug) {
    event!(debug, function = owner, key = ?key, "refresh failed");
}

/// Reports a call that waited for another call's computation until its `lock_timeout`.
pub(crate) fn lock_timed_out(owner: &str) {
    event!(warn, function = owner, "waited too long for a computation");
}

/// Reports a computation that was dropped at the end of its `timeout`.
pub(crate) fn timed_out(owner: &str, timeout: Duration) {
    event!(
        warn,
        function = owner,
        timeout = ?timeout,
        "a computation took too long and was dropped"
    );
}

/// Reports, once for each function, a call that is not cached because a type in its key has no name of its own.
pub(crate) fn nameless_type(owner: &str, name: &str) {
    static LOGGED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let is_new = LOGGED.lock().insert(owner.to_owned());
    if is_new {
        event!(
            warn,
            function = owner,
            r#type = name,
            "not cached: all closures of a function have one name, so their type cannot be in a key; \
             write `skip(..)` for the parameter, or pass a `fn`"
        );
    }
}

/// Reports, once, replicas that were asked for with a tier that includes memory.
pub(crate) fn replicas_ignored() {
    static LOGGED: Once = Once::new();
    LOGGED.call_once(|| {
        event!(
            warn,
            "`Policy::replicas` is ignored: it needs `tier(Tier::Redis)`"
        );
    });
}

/// Reports a computation that began without a permit, after it had waited for one as long as it may.
pub(crate) fn over_limit(owner: &str) {
    event!(
        warn,
        function = owner,
        "waited too long for a permit; computing beyond `max_computations`"
    );
}

/// Reports cached functions that conflict, in a program that does not call `init`.
pub(crate) fn function_conflict(problem: &str) {
    event!(error, "cached functions conflict: {}", problem);
}

/// Reports a second function of one name, at its first use.
pub(crate) fn namesake(name: &str) {
    event!(
        error,
        function = name,
        "two functions have this name; the values of the second stay in memory only"
    );
}

/// Reports two owners whose keys have the same text.
pub(crate) fn owners_collide(owner: &str, other: &str) {
    event!(
        warn,
        function = owner,
        other = other,
        "both use one key, and evict each other's entries; begin the keys of one with another word"
    );
}

/// Reports a region that was asked for with another capacity than it has.
pub(crate) fn capacity_kept(region: &str) {
    event!(warn, region = region, "the region keeps its first capacity");
}

/// Reports a new connection to Redis.
pub(crate) fn redis_connected(address: &dyn fmt::Debug, namespace: &str) {
    event!(
        info,
        address = ?address,
        namespace = namespace,
        "connected to Redis"
    );
}

/// Reports a connection to Redis that was closed.
pub(crate) fn redis_lost(why: &str) {
    event!(warn, why = why, "closed the connection to Redis");
}

/// Reports a Redis that cannot be reached; at debug level if that was reported before.
pub(crate) fn redis_unreachable(why: &str, is_new: bool) {
    if is_new {
        event!(warn, why = why, "Redis is unreachable");
    } else {
        event!(debug, why = why, "Redis is still unreachable");
    }
}

/// Reports a Redis that cannot be reached at start-up.
pub(crate) fn redis_unreachable_at_start(address: &str, why: &str) {
    event!(
        warn,
        address = address,
        why = why,
        "Redis is unreachable; the cache runs on memory until it connects"
    );
}

/// Reports an error reply of Redis. The caller reports each command and code once for a long time.
pub(crate) fn redis_rejected(command: &str, code: &str) {
    event!(
        warn,
        command = command,
        code = code,
        "Redis rejected a command"
    );
}

/// Reports rights that the Redis account lacks.
pub(crate) fn rights_missing(lacks: &str, remedy: &str) {
    event!(
        warn,
        lacks = lacks,
        remedy = remedy,
        "the Redis account lacks rights"
    );
}

/// Reports a command to which Redis gave no reply in time, or an error.
pub(crate) fn redis_failed(failure: &dyn fmt::Debug) {
    event!(debug, failure = ?failure, "no valid reply from Redis");
}

/// Reports a function whose values cannot be stored in Redis.
pub(crate) fn unstorable(owner: &str, why: &str) {
    event!(
        warn,
        function = owner,
        why = why,
        "values stay in memory only"
    );
}

/// Reports a message of another node, or program, that is of an unknown form.
pub(crate) fn unknown_message() {
    event!(
        warn,
        "a message of an unknown form; entries in memory are checked with Redis again"
    );
}

/// Reports an acknowledged invalidation that not every process confirmed. The caller reports one for each outage.
pub(crate) fn unconfirmed() {
    event!(
        warn,
        "an acknowledged invalidation is not confirmed: other processes may serve the old value"
    );
}

/// Reports that the circuit breaker opened, after so many failures in a row.
pub(crate) fn breaker_opened(failures: u32) {
    event!(
        warn,
        failures = failures,
        "circuit breaker opened: Redis is skipped"
    );
}

/// Reports that the circuit breaker closed.
pub(crate) fn breaker_closed() {
    event!(info, "circuit breaker closed");
}

/// Reports that the circuit breaker is half-open.
pub(crate) fn breaker_half_open() {
    event!(debug, "circuit breaker half-open: sending a probe");
}

/// Reports more pending invalidations than the outbox keeps one by one.
pub(crate) fn outbox_overflowed() {
    event!(
        warn,
        "outbox overflowed: one removal of everything replaces the pending invalidations"
    );
}

/// Reports a background task that panicked.
pub(crate) fn background_panicked(owner: &str) {
    event!(error, function = owner, "a background task panicked");
}

/// Reports an expression of an attribute, or a `Clone`, that panicked after the function had returned.
pub(crate) fn not_cached(owner: &str) {
    event!(
        error,
        function = owner,
        "a returned value is not cached: an expression of the attribute, or a `Clone`, panicked"
    );
}

/// Reports a destructor that panicked in the cache.
pub(crate) fn destructor_panicked() {
    event!(error, "the destructor of a value panicked");
}

/// Reports the end of a shutdown.
pub(crate) fn shut_down(abandoned: usize, queued_invalidations: usize) {
    if abandoned == 0 && queued_invalidations == 0 {
        event!(info, "shutdown complete");
    } else {
        event!(
            warn,
            abandoned = abandoned,
            queued_invalidations = queued_invalidations,
            "shutdown incomplete: background tasks or invalidations are left"
        );
    }
}

/// Reports invalidations that Redis did not accept in time after the last handle of the cache was dropped.
pub(crate) fn left_unsent(queued_invalidations: usize) {
    event!(
        warn,
        queued_invalidations = queued_invalidations,
        "invalidations were not sent: Redis stayed unreachable"
    );
}

/// Reports that messages of other processes arrive (again), and memory is served.
pub(crate) fn bus_is_live() {
    event!(info, "invalidations of other processes arrive");
}

/// Reports that messages of other processes do not arrive.
pub(crate) fn bus_is_not_live() {
    event!(
        warn,
        "invalidations of other processes do not arrive; entries in memory are checked with Redis, or \
         served as `on_disconnect` says"
    );
}
