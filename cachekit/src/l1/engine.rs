//! The port to an engine of the memory tier.

use std::fmt;
use std::sync::Arc;

use crate::key::Key;
use crate::model::entry::MemoryEntry;

/// Port to an engine of the memory tier, in the cache's own terms.
///
/// An engine holds entries in this process, within a capacity, and may evict any of them at any
/// time, also under its own locks. Evicted values are dropped after the call (see
/// [`inside`](crate::model::deferred_drop::inside)). An engine never decides if an entry may be
/// served: the entry does.
pub(crate) trait MemoryEngine: fmt::Debug + Send + Sync {
    /// Returns the entry under `key`. Counts as a use of the key, even if there is no entry.
    fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>>;

    /// Inserts `entry`, and replaces the previous one.
    fn insert(&self, key: &Key, entry: Arc<MemoryEntry>);

    /// Removes the entry under `key`.
    fn remove(&self, key: &[u8]);

    /// Removes all entries that exist when it begins.
    fn clear(&self);

    /// Returns the approximate number of entries, at no cost.
    fn entries(&self) -> u64;

    /// Returns the number of entries and the sum of their weights.
    fn size(&self) -> Size;
}

/// Size of a memory tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    pub(crate) entries: u64,
    /// Zero if the capacity is in entries: nothing is weighed then.
    pub(crate) bytes: u64,
}
