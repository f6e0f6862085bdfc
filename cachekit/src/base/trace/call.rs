//! Log messages about the way of one call, at trace level. They show the key.
//!
//! A hit in a thread's table (L0) writes no message. A cache therefore puts no entry into that
//! table while messages of trace level are wanted ([`is_on`]).

use std::fmt;

/// Returns `true` if the program wants messages of trace level.
#[inline]
pub(crate) fn is_on() -> bool {
    #[cfg(feature = "tracing")]
    let is_on =
        tracing::level_filters::LevelFilter::current() >= tracing::Level::TRACE && is_wanted();
    #[cfg(not(feature = "tracing"))]
    let is_on = false;
    is_on
}

/// Returns `true` if the current subscriber wants messages of trace level from the cache. Not
/// inlined, because nearly every program answers before by the greatest level that it wants.
#[cfg(feature = "tracing")]
#[cold]
#[inline(never)]
fn is_wanted() -> bool {
    tracing::enabled!(target: "cachekit", tracing::Level::TRACE)
}

/// Defines a function for each step of a call, which reports the step of a call of `function` for
/// `key`.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident($($field:ident: $type:ty),*) $message:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(function: &str, key: &dyn fmt::Debug $(, $field: $type)*) {
            event!(trace, function = function, key = ?key, $($field = $field,)* $message);
        }
    )*};
}

steps! {
    /// Reports that memory cannot answer the call, for the reason `cause`.
    missed(cause: &str) "missed in memory";
    /// Reports that the call waits for another call of this process that computes the key.
    waits_for_call() "waits for another call's computation";
    /// Reports that the call found a usable entry in Redis.
    found_in_redis() "found in Redis";
    /// Reports that Redis has no usable entry, and granted the call the lease to compute.
    leased() "missed in Redis, and got the lease";
    /// Reports that the call computes without a lease: Redis has no usable entry, or was not asked.
    unleased() "computes without a lease";
    /// Reports that the call waits for another process, which has the lease to compute the key.
    waits_for_process() "waits for another process's computation";
    /// Reports that the function's body begins to run.
    runs() "runs the function";
    /// Reports that the value was stored in this process's memory, or kept for Redis.
    stored() "stored";
    /// Reports that Redis has stored the value.
    stored_in_redis() "stored in Redis";
    /// Reports the answer of the call, and the part of the cache that it came from.
    answered(source: &str) "answered";
}
