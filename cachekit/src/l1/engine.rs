//! The trait that each engine of the memory tier (L1) implements.

use std::fmt;
use std::sync::Arc;

use crate::key::Key;
use crate::model::entry::MemoryEntry;

/// Engine of the memory tier (L1). The cache calls moka and `quick_cache` only through this trait.
///
/// An engine keeps entries in this process, up to a capacity. An engine may evict any entry during
/// any call, also while the engine has locked parts of itself. The values of evicted entries are
/// dropped after the call (see [`inside`](crate::model::deferred_drop::inside)). An engine returns
/// expired and invalidated entries too: the caller must check if an entry may be served.
pub(crate) trait MemoryEngine: fmt::Debug + Send + Sync {
    /// Returns the entry under `key`, if the engine has this entry. The call is a use of the key
    /// for the engine's eviction policy, even if the engine has no entry under `key`.
    fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>>;

    /// Inserts `entry` under `key`, and replaces the previous entry of the key.
    fn insert(&self, key: &Key, entry: Arc<MemoryEntry>);

    /// Removes the entry under `key` from memory, if the engine has this entry.
    fn remove(&self, key: &[u8]);

    /// Removes all entries that the engine has when the call begins.
    fn clear(&self);

    /// Returns the approximate number of entries in memory. The call is cheap: pending tasks of the
    /// engine are not run first.
    fn entries(&self) -> u64;

    /// Returns the number of entries in memory and the sum of their weights. If the engine has
    /// pending tasks, they are run first, so that the numbers are exact.
    fn size(&self) -> Size;
}

/// Number of entries in memory, and the sum of their weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    pub(crate) entries: u64,
    /// Sum of the weights in bytes of the entries in memory. Zero if the capacity is a number of
    /// entries, because entries are then not weighed.
    pub(crate) bytes: u64,
}
