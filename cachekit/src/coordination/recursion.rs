//! Recursion guard: the chain of computations inside which the current code runs.
//!
//! If a cached function calls itself with its own key, directly or through other functions, the
//! inner call would wait for the outer one, which waits for the inner one. To prevent this, a call
//! whose key is in the chain of the task's frames computes the value instead of waiting.
//!
//! A task that the function spawns has a chain of its own, so a call with the same key in that task
//! is not recognised. Such a call waits for at most `lock_timeout`, and computes after that.

use crate::coordination::frame::any;

/// Returns `true` if the running code is inside the computation of the flight with the id `flight`.
pub(crate) fn is_computing(flight: usize) -> bool {
    any(|frame| frame.flight == flight)
}

/// Returns `true` if the running code is inside a computation that has a permit of the concurrency
/// limit with the id `limit`.
pub(crate) fn holds_permit(limit: usize) -> bool {
    any(|frame| frame.limit == limit)
}
