//! Log messages about the steps of one call, at trace level. The messages show the key.
//!
//! A hit in a thread's table (L0) writes no message. A cache that writes these messages therefore
//! puts no entry into that table.

use std::fmt;

/// The log of the steps of calls. It writes nothing if its field is `false`.
///
/// A setting of the cache turns these messages on. The level of a subscriber cannot decide this,
/// because a subscriber that forwards spans often accepts all levels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLog(pub(crate) bool);

/// Defines a method for each step of a call, which reports the step of a call of `function` for
/// `key`.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident($($field:ident: $type:ty),*) $message:literal;)*) => {
        impl CallLog {$(
            $(#[$doc])*
            pub(crate) fn $name(self, function: &str, key: &dyn fmt::Debug $(, $field: $type)*) {
                if self.0 {
                    event!(trace, function = function, key = ?key, $($field = $field,)* $message);
                }
            }
        )*}
    };
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
    /// Reports that the look-up in Redis failed, and that the call computes without a lease.
    redis_failed() "the look-up in Redis failed, computes without a lease";
    /// Reports that another process computes the value, and that the call, a refresh, ends with the
    /// old value.
    keeps_old() "keeps the old value, which another process computes anew";
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
