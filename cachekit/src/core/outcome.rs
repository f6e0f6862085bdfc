//! The outcome of a flight, and the known dependencies of an entry.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::tags::EntryTags;

/// Outcome of a flight.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Value(Arc<MemoryEntry>),
    /// A stale value, served because the computation failed.
    Fallback(Arc<MemoryEntry>),
    Error(DeferredDrop),
    /// An error that is remembered.
    CachedError(Arc<MemoryEntry>),
    /// No result within the function's `timeout`.
    TimedOut(ComputeTimeout),
}

impl Outcome {
    /// Makes the outcome unusable if it is about to be stored.
    pub(crate) fn evict(&self) {
        if let Self::Value(stored) | Self::CachedError(stored) = self {
            stored.evict();
        }
    }
}

/// Known dependencies of an entry.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    pub(crate) entry_tags: EntryTags,
    /// Epochs of the tags, the function and the cache.
    pub(crate) epochs: Epochs,
}
