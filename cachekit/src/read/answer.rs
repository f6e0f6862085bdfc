//! What a call is answered with.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;

/// What a call is answered with. Whoever gives it has made sure that the function has an answer for
/// it.
#[derive(Debug)]
pub(crate) enum Answer {
    Entry(Arc<MemoryEntry>),
    /// An error that another call had too.
    Error(DeferredDrop),
    TimedOut(ComputeTimeout),
}
