//! The answer of the cache to a call, before its conversion into the function's return type.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;

/// The answer of the cache to a call. Code that makes an answer must have checked that the
/// function's return type can express that answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Entry(Arc<MemoryEntry>),
    /// The error that another call's computation returned. The two calls shared a flight, or the
    /// error was remembered in memory (`err_ttl`).
    Error(DeferredDrop),
    /// The timeout error of a computation that exceeded its `timeout`.
    TimedOut(ComputeTimeout),
}
