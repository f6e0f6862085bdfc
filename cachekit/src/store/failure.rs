//! The failures of operations on a store that processes share.

/// The error code of an operation that fails because the cache's account lacks a right.
pub(crate) const NO_RIGHT: &str = "NOPERM";

/// The failure of an operation on the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The operation failed because the store has no connection, or its circuit breaker is open. No
    /// command was sent.
    Unavailable,
    /// The operation failed because no answer came in time, or the connection broke. The operation
    /// may have run, or may still run.
    Indeterminate,
    /// The store refused the operation with this error code, and changed no data.
    Rejected(String),
}

impl Failure {
    /// Returns `true` if the failed operation may have run in the store or may still run.
    pub(crate) fn is_ambiguous(&self) -> bool {
        *self == Self::Indeterminate
    }

    /// Returns `true` if the store refuses new values but can still be read, because the server is
    /// out of memory. It still accepts invalidations.
    pub(crate) fn takes_nothing(&self) -> bool {
        matches!(self, Self::Rejected(code) if code == "OOM")
    }

    /// Returns `true` if the store refused the operation because the cache's account lacks a right.
    pub(crate) fn is_of_rights(&self) -> bool {
        matches!(self, Self::Rejected(code) if code == NO_RIGHT)
    }
}
