//! What a computation ends with, and what an entry is known to depend on.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::tags::EntryTags;

/// What a flight ends with.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Value(Arc<MemoryEntry>),
    /// What is there, in the place of a computation that failed.
    Fallback(Arc<MemoryEntry>),
    Error(DeferredDrop),
    /// The same, which is remembered.
    CachedError(Arc<MemoryEntry>),
    /// Nothing within its `timeout`.
    TimedOut(ComputeTimeout),
}

impl Outcome {
    /// Takes it out of use, if it is about to be stored.
    pub(crate) fn evict(&self) {
        if let Self::Value(stored) | Self::CachedError(stored) = self {
            stored.evict();
        }
    }
}

/// What an entry is known to hang on.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    pub(crate) entry_tags: EntryTags,
    /// Theirs, the function's and the cache's.
    pub(crate) epochs: Epochs,
}
