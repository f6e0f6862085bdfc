//! The outcome of a flight, and the dependencies of an entry that are known before its computation
//! ends.

use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::tags::EntryTags;

/// Outcome of a flight, which all waiters of the flight get.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Value(Arc<MemoryEntry>),
    /// A stale value, which is served because the computation of the flight failed
    /// (`stale_if_error`).
    Fallback(Arc<MemoryEntry>),
    Error(DeferredDrop),
    /// An error that is remembered as an entry in memory (`err_ttl`).
    CachedError(Arc<MemoryEntry>),
    /// The error of a computation that the cache dropped because it took longer than the function's
    /// `timeout`.
    TimedOut(ComputeTimeout),
}

impl Outcome {
    /// Makes the entry of a computed value or a remembered error unusable, even if the entry is
    /// stored later. Does nothing for outcomes that are not stored.
    pub(crate) fn evict(&self) {
        if let Self::Value(stored) | Self::CachedError(stored) = self {
            stored.evict();
        }
    }
}

/// Tags, events and epochs on which an entry is known to depend.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    pub(crate) entry_tags: EntryTags,
    /// Epochs of the tags and events, the function and the cache on which an entry is known to
    /// depend.
    pub(crate) epochs: Epochs,
}
