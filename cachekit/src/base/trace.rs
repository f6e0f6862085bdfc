//! What the cache tells the log: as `tracing` events, with the feature `tracing`.
//!
//! No event holds a value. Keys hold arguments, so they appear at debug level only.

use std::fmt;

/// A value was computed but not stored: an invalidation or a write came in between.
pub(crate) fn store_refused(owner: &str, key: &dyn fmt::Debug) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "cachekit", function = owner, ?key, "store refused");
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, key);
}

/// A value could not be computed again; the old one is kept.
pub(crate) fn refresh_failed(owner: &str, key: &dyn fmt::Debug) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "cachekit", function = owner, ?key, "refresh failed");
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, key);
}

/// `task` inside the span that is the current one now.
#[cfg(feature = "tracing")]
pub(crate) fn in_caller_s_span<F: Future>(task: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::in_current_span(task)
}

/// `task`: there are no spans.
#[cfg(not(feature = "tracing"))]
pub(crate) fn in_caller_s_span<F: Future>(task: F) -> F {
    task
}

/// A call waited for another's computation as long as it may.
pub(crate) fn lock_timed_out(owner: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", function = owner, "waited too long for a computation");
    #[cfg(not(feature = "tracing"))]
    let _ = owner;
}

/// A computation took longer than its `timeout` and was dropped.
pub(crate) fn timed_out(owner: &str, timeout: std::time::Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", function = owner, ?timeout, "a computation took too long");
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, timeout);
}

/// A call was not cached, because a type in its key has no name of its own. Said once for each
/// function.
pub(crate) fn nameless_type(owner: &str, name: &str) {
    #[cfg(feature = "tracing")]
    {
        use std::collections::BTreeSet;
        use std::sync::{Mutex, PoisonError};

        static LOGGED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let is_new = {
            let mut said = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
            said.insert(owner.to_owned())
        };
        if is_new {
            tracing::warn!(
                target: "cachekit",
                function = owner,
                r#type = name,
                "not cached: two closures of one function have one name, so their type cannot be in \
                 a key; write `skip(..)` for the parameter, or pass a `fn`"
            );
        }
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, name);
}

/// Copies were asked for of entries that memory keeps too. Said once.
pub(crate) fn replicas_left_out() {
    #[cfg(feature = "tracing")]
    {
        static LOGGED: std::sync::Once = std::sync::Once::new();
        LOGGED.call_once(|| {
            tracing::warn!(
                target: "cachekit",
                "`Policy::replicas` is left out: it is for `tier(Tier::Redis)` only"
            );
        });
    }
}

/// A computation began beside as many as may run at once: it had waited long enough.
pub(crate) fn over_limit(owner: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "cachekit",
        function = owner,
        "waited too long for a place; computing beyond `max_computations`"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = owner;
}

/// Cached functions are in each other's way, and nobody called `init` to be told.
pub(crate) fn function_conflict(problem: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "cachekit", "{problem}");
    #[cfg(not(feature = "tracing"))]
    let _ = problem;
}

/// A function was first used whose name another one has already.
pub(crate) fn namesake(name: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "cachekit",
        function = name,
        "two functions have this name; the values of the second stay in memory only"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = name;
}

/// Keys of two functions, or of one and of what is stored by hand, have the same text.
pub(crate) fn owners_collide(owner: &str, other: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "cachekit",
        function = owner,
        other,
        "they have a key in common, and push each other's entries out; begin the keys of one \
         with another word"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, other);
}

/// A region was asked for with another capacity than it has.
pub(crate) fn capacity_kept(region: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", region, "the region keeps its first capacity");
    #[cfg(not(feature = "tracing"))]
    let _ = region;
}

/// There is a connection to Redis.
pub(crate) fn redis_connected(address: &dyn std::fmt::Debug, namespace: &str) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "cachekit", ?address, namespace, "connected to Redis");
    #[cfg(not(feature = "tracing"))]
    let _ = (address, namespace);
}

/// The connection to Redis was left.
pub(crate) fn redis_lost(why: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", why, "left the connection to Redis");
    #[cfg(not(feature = "tracing"))]
    let _ = why;
}

/// Redis cannot be reached: found out just now, or still.
pub(crate) fn redis_unreachable(why: &str, is_new: bool) {
    #[cfg(feature = "tracing")]
    if is_new {
        tracing::warn!(target: "cachekit", why, "Redis is away");
    } else {
        tracing::debug!(target: "cachekit", why, "Redis is still away");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (why, is_new);
}

/// Redis cannot be reached at start-up.
pub(crate) fn redis_unreachable_at_start(address: &str, why: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", address, why, "Redis is away; memory only until it comes");
    #[cfg(not(feature = "tracing"))]
    let _ = (address, why);
}

/// Redis said no, not for the first time perhaps, but the first time for long.
pub(crate) fn redis_refuses(command: &str, code: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", command, code, "Redis refuses what the cache asks for");
    #[cfg(not(feature = "tracing"))]
    let _ = (command, code);
}

/// The account may not do what the cache needs.
pub(crate) fn rights_missing(lacks: &str, remedy: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", lacks, remedy, "the Redis account lacks rights");
    #[cfg(not(feature = "tracing"))]
    let _ = (lacks, remedy);
}

/// Redis gave no answer in time, or an error.
pub(crate) fn redis_failed(failure: &dyn std::fmt::Debug) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "cachekit", ?failure, "Redis did not answer as asked");
    #[cfg(not(feature = "tracing"))]
    let _ = failure;
}

/// A value cannot be stored in Redis.
pub(crate) fn unstorable(owner: &str, why: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", function = owner, why, "values stay in memory only");
    #[cfg(not(feature = "tracing"))]
    let _ = (owner, why);
}

/// A message of another node, or program, is of an unknown form.
pub(crate) fn unknown_message() {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", "a message of an unknown form; memory is asked for again");
}

/// An acknowledged invalidation ended, and it is not known whether every process has applied it.
/// Said once, until one is confirmed again.
pub(crate) fn unconfirmed() {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "cachekit",
        "an acknowledged invalidation is not confirmed: other processes may serve the old value"
    );
}

/// Redis failed several times in a row: calls do not ask it any more.
pub(crate) fn breaker_opened(failures: u32) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", failures, "Redis is not asked until it is well again");
    #[cfg(not(feature = "tracing"))]
    let _ = failures;
}

/// It is well again.
pub(crate) fn breaker_closed() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "cachekit", "Redis is asked again");
}

/// It is asked whether it is well again.
pub(crate) fn breaker_half_open() {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "cachekit", "trying whether Redis is well again");
}

/// More invalidations wait for Redis than are kept one by one.
pub(crate) fn outbox_overflowed() {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "cachekit",
        "too many invalidations wait for Redis; it will be told to forget everything"
    );
}

/// Work in the background panicked.
pub(crate) fn background_panicked(owner: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "cachekit", function = owner, "work in the background panicked");
    #[cfg(not(feature = "tracing"))]
    let _ = owner;
}

/// An expression of an attribute, or a `Clone`, panicked after the function had returned.
pub(crate) fn not_kept(owner: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "cachekit",
        function = owner,
        "what a function returned is not kept or shared: an expression of its attribute, or a \
         `Clone`, panicked"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = owner;
}

/// The destructor of something that died in the cache panicked.
pub(crate) fn destructor_panicked() {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "cachekit", "the destructor of a value panicked");
}

/// The cache begins nothing in the background any more.
pub(crate) fn shut_down(abandoned: usize, queued_invalidations: usize) {
    #[cfg(feature = "tracing")]
    if abandoned == 0 && queued_invalidations == 0 {
        tracing::info!(target: "cachekit", "the cache has finished its work in the background");
    } else {
        tracing::warn!(
            target: "cachekit",
            abandoned,
            queued_invalidations,
            "the cache could not finish its work in the background"
        );
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (abandoned, queued_invalidations);
}

/// Nobody has the cache any more, and Redis did not accept what it still had to tell.
pub(crate) fn left_unsent(queued_invalidations: usize) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cachekit", queued_invalidations, "invalidations were not told: Redis stayed away");
    #[cfg(not(feature = "tracing"))]
    let _ = queued_invalidations;
}

/// Messages of other processes come through (again): memory is served.
pub(crate) fn bus_is_live() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "cachekit", "invalidations of other processes come through");
}

/// They do not: what is in memory is asked for, or served as `on_disconnect` says.
pub(crate) fn bus_is_not_live() {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "cachekit",
        "invalidations of other processes do not come through; Redis is asked for what is in \
         memory, or `on_disconnect` decides"
    );
}
