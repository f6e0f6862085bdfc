//! Log messages of the cache: with the feature `tracing`, they are `tracing` events of the target
//! `cachekit`.
//!
//! No event shows a cached value. A key contains arguments, so only events of the levels debug and
//! trace show keys.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Once;
use std::time::Duration;

use crate::base::sync::Mutex;

/// Emits a `tracing` event: `event!(LEVEL, NAME = VALUE, .., MESSAGE)`. The event shows a field
/// written as `NAME = ?VALUE` by the value's `Debug`.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $($fields:tt)*) => {
        tracing::$level!(target: "cachekit", $($fields)*)
    };
}

/// Emits nothing, because the feature `tracing` is off. The macro borrows the values of its fields,
/// so that the compiler does not report them as unused.
#[cfg(not(feature = "tracing"))]
macro_rules! event {
    ($level:ident, $($name:ident = $(?)? $value:expr,)* $message:literal $(, $given:expr)*) => {{
        let _ = ($message, $(&$value,)* $(&$given,)*);
    }};
}

/// Emits an event, unless an event with the same message and the same `ABOUT` was emitted within
/// the last minute: `limited_event!(LEVEL, ABOUT; NAME = VALUE, .., MESSAGE)`. `ABOUT` is a text,
/// such as the name of a function. The field `left_out` is the number of events that were left out
/// since the last emitted event. Nothing is counted while no subscriber wants the event.
#[cfg(feature = "tracing")]
macro_rules! limited_event {
    ($level:ident, $about:expr; $($name:ident = $value:expr,)* $message:literal) => {
        if tracing::enabled!(target: "cachekit", tracing::Level::$level)
            && let Some(left_out) = crate::base::trace::limit::admit($message, $about)
        {
            tracing::event!(
                target: "cachekit",
                tracing::Level::$level,
                $($name = $value,)*
                left_out = left_out,
                $message
            );
        }
    };
}

/// Emits nothing, because the feature `tracing` is off.
#[cfg(not(feature = "tracing"))]
macro_rules! limited_event {
    ($level:ident, $about:expr; $($name:ident = $value:expr,)* $message:literal) => {{
        let _ = ($message, &$about, $(&$value,)*);
    }};
}

pub(crate) mod call;
pub(crate) mod configuration;
#[cfg(any(feature = "tracing", test))]
mod limit;
pub(crate) mod queue;
pub(crate) mod redis_connection;
pub(crate) mod span;
pub(crate) mod start;

/// Returns a future that runs `task` inside the current `tracing` span if `is_in_span`, and else
/// inside of no span. Without the feature `tracing`, the future is `task` itself.
pub(crate) fn in_current_span_if<F: Future>(
    is_in_span: bool,
    task: F,
) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    let task = {
        let span = if is_in_span {
            tracing::Span::current()
        } else {
            tracing::Span::none()
        };
        tracing::Instrument::instrument(task, span)
    };
    #[cfg(not(feature = "tracing"))]
    let _ = is_in_span;
    task
}

/// Reports a value of the function or region `owner` that was not stored under `key`, because an
/// invalidation or another write of the key came after the computation or the write began.
pub(crate) fn store_refused(owner: &str, key: &dyn fmt::Debug) {
    event!(debug, function = owner, key = ?key, "store refused");
}

/// Reports that a computation to refresh the stale value under `key` failed. The stale value stays
/// in the cache.
pub(crate) fn refresh_failed(owner: &str, key: &dyn fmt::Debug) {
    event!(debug, function = owner, key = ?key, "refresh failed");
}

/// Reports a call of the function or region `owner` that waited for another call's computation of
/// the same key until the longest time for such waits (`lock_timeout`) was over.
pub(crate) fn lock_timed_out(owner: &str) {
    limited_event!(WARN, owner; function = owner, "waited too long for a computation");
}

/// Reports that the cache dropped a computation of the function or region `owner`, because it did
/// not end within `timeout`. `timeout` is the function's option of that name. For a computation
/// that ran too long after its caller had been dropped, `timeout` is the option `lock_timeout`
/// instead.
pub(crate) fn timed_out(owner: &str, timeout: Duration) {
    limited_event!(
        WARN, owner;
        function = owner,
        timeout = format!("{timeout:?}"),
        "a computation took too long and was dropped"
    );
}

/// Reports, once for each function, a call that is not cached: its key would need the name of a
/// type that has no name of its own, such as a closure.
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

/// Reports, once in a process, a policy that asks for replicas with a tier that includes memory.
/// The cache ignores the replicas.
pub(crate) fn replicas_ignored() {
    static LOGGED: Once = Once::new();
    LOGGED.call_once(|| {
        event!(
            warn,
            "`Policy::replicas` is ignored: it needs `tier(Tier::Redis)`"
        );
    });
}

/// Reports a computation of the function `owner` that began without a permit, because the call had
/// waited for a permit for as long as it may.
pub(crate) fn over_limit(owner: &str) {
    limited_event!(
        WARN, owner;
        function = owner,
        "waited too long for a permit; computing beyond `max_computations`"
    );
}

/// Reports `problem`, a conflict of cached functions, in a program that does not call `init`. With
/// `init`, the conflict is an error of `init`.
pub(crate) fn function_conflict(problem: &str) {
    event!(error, "cached functions conflict: {}", problem);
}

/// Reports the second of two cached functions with the name `name`, when it is used first. The
/// values of the second function stay in memory only.
pub(crate) fn namesake(name: &str) {
    event!(
        error,
        function = name,
        "two functions have this name; the values of the second stay in memory only"
    );
}

/// Reports two functions or regions, `owner` and `other`, that use a key with the same text, and
/// therefore evict each other's entries.
pub(crate) fn owners_collide(owner: &str, other: &str) {
    event!(
        warn,
        function = owner,
        other = other,
        "both use one key, and evict each other's entries; begin the keys of one with another word"
    );
}

/// Reports a request for another capacity than the region `region` already has. The region keeps
/// its first capacity.
pub(crate) fn capacity_kept(region: &str) {
    limited_event!(WARN, region; region = region, "the region keeps its first capacity");
}

/// Reports that the runtime of the connections to Redis has ended. `is_fit` is `true` if the
/// connections are begun again on the caller's runtime, and `false` if that runtime lacks a timer or
/// I/O.
pub(crate) fn home_ended(is_fit: bool) {
    if is_fit {
        event!(
            warn,
            "the runtime of the connections to Redis has ended; they begin again on the runtime of this call"
        );
    } else {
        event!(
            error,
            "the runtime of the connections to Redis has ended, and the runtime of this call lacks time or \
             I/O: the cache goes on without Redis"
        );
    }
}

/// Reports that nothing drives the runtime of the connections to Redis. `is_fit` means the same as
/// for [`home_ended`].
pub(crate) fn home_stands_still(is_fit: bool) {
    if is_fit {
        event!(
            error,
            "nothing drives the runtime on which the cache was built; the connections to Redis begin again on \
             the runtime of this call"
        );
    } else {
        event!(
            error,
            "nothing drives the runtime on which the cache was built, and the runtime of this call lacks time \
             or I/O: the cache goes on without Redis"
        );
    }
}

/// Reports a command to which Redis did not reply in time, or replied with an error.
pub(crate) fn redis_failed(failure: &dyn fmt::Debug) {
    event!(debug, failure = ?failure, "no valid reply from Redis");
}

/// Reports that Redis cannot store the values of the function `owner`, for the reason `why`. The
/// values stay in memory only.
pub(crate) fn unstorable(owner: &str, why: &str) {
    event!(
        warn,
        function = owner,
        why = why,
        "values stay in memory only"
    );
}

/// Reports that the bus delivered a message of an unknown form to the node `node`, from another node
/// or another program.
pub(crate) fn unknown_message(node: &str) {
    limited_event!(
        WARN, node;
        "a message of an unknown form; entries in memory are checked with Redis again"
    );
}

/// Reports an acknowledged invalidation of the node `node` that not every process confirmed.
pub(crate) fn unconfirmed(node: &str) {
    limited_event!(
        WARN, node;
        "an acknowledged invalidation is not confirmed: other processes may serve the old value"
    );
}

/// Reports that the circuit breaker opened after `failures` failures of Redis in a row: calls skip
/// Redis from now on.
pub(crate) fn breaker_opened(failures: u32) {
    event!(
        warn,
        failures = failures,
        "circuit breaker opened: Redis is skipped"
    );
}

/// Reports that the circuit breaker closed: calls use Redis again.
pub(crate) fn breaker_closed() {
    event!(info, "circuit breaker closed");
}

/// Reports that the circuit breaker is half-open: the cache sends a probe (a trial command) to
/// Redis, to learn if Redis can be used again.
pub(crate) fn breaker_half_open() {
    event!(debug, "circuit breaker half-open: sending a probe");
}

/// Reports that more invalidations are pending than the outbox keeps one by one. A single removal
/// of everything replaces the pending invalidations.
pub(crate) fn outbox_overflowed() {
    event!(
        warn,
        "outbox overflowed: one removal of everything replaces the pending invalidations"
    );
}

/// Reports that the file of the outbox at `path` is damaged, so that names may be lost. The cache
/// therefore invalidates everything.
pub(crate) fn outbox_file_damaged(path: &str) {
    event!(
        warn,
        path = path,
        "the outbox file is damaged; a removal of everything replaces its invalidations"
    );
}

/// Reports that the file of the outbox cannot be written, for the reason `why`. The caller reports
/// the first of several failures in a row.
pub(crate) fn outbox_file_failed(why: &str) {
    event!(
        error,
        why = why,
        "the outbox file cannot be written; pending invalidations do not survive a restart"
    );
}

/// Reports a background task of the function or region `owner` that panicked.
pub(crate) fn background_panicked(owner: &str) {
    limited_event!(ERROR, owner; function = owner, "a background task panicked");
}

/// Reports that a value which the function `owner` returned is not cached: after the return, an
/// expression of the attribute, or a `Clone`, panicked.
pub(crate) fn not_cached(owner: &str) {
    limited_event!(
        ERROR, owner;
        function = owner,
        "a returned value is not cached: an expression of the attribute, or a `Clone`, panicked"
    );
}

/// Reports that the destructor of a value panicked when the cache dropped the value.
pub(crate) fn destructor_panicked() {
    limited_event!(ERROR, ""; "the destructor of a value panicked");
}

/// Reports the end of a shutdown: at its end, `abandoned` background tasks still ran, and Redis had
/// not accepted `queued_invalidations` invalidations.
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

/// Reports that `queued_invalidations` invalidations were not sent: Redis did not accept them in
/// time after the last handle of the cache was dropped.
pub(crate) fn left_unsent(queued_invalidations: usize) {
    event!(
        warn,
        queued_invalidations = queued_invalidations,
        "invalidations were not sent: Redis stayed unreachable"
    );
}

/// Reports that this process invalidates the targets of `writes` writes whose process ended before
/// it had done so.
pub(crate) fn swept(writes: usize) {
    event!(
        info,
        writes = writes,
        "finishing the writes of a process that ended before their invalidation"
    );
}

/// Reports that messages of other processes arrive, for the first time or again. From now on, calls
/// are served from memory.
pub(crate) fn bus_is_live() {
    event!(info, "invalidations of other processes arrive");
}

/// Reports that messages of other processes do not arrive. Until messages arrive again, the cache
/// checks entries in memory with Redis. If Redis cannot be reached either, the setting
/// `on_disconnect` decides if entries in memory are served.
pub(crate) fn bus_is_not_live() {
    event!(
        warn,
        "invalidations of other processes do not arrive; entries in memory are checked with Redis, or \
         served as `on_disconnect` says"
    );
}
