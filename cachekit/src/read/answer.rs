//! The answer to a call, before it becomes what the function returns.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;

/// The answer to a call. The code that makes one has checked that the function's return type can
/// express it.
#[derive(Debug)]
pub(crate) enum Answer {
    Entry(Arc<MemoryEntry>),
    /// An error of another call: shared by its flight, or remembered.
    Error(DeferredDrop),
    /// The computation exceeded its `timeout`.
    TimedOut(ComputeTimeout),
}
