//! The answer to a call, before its conversion into the function's return type.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;

/// The answer to a call. Code that makes an answer must have checked that the function's return
/// type can express that answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Entry(Arc<MemoryEntry>),
    /// The error of another call: shared by the flight that both calls joined, or remembered in
    /// memory (`err_ttl`).
    Error(DeferredDrop),
    /// The timeout error of a computation that exceeded its `timeout`.
    TimedOut(ComputeTimeout),
}
