//! The port to an engine of the memory tier.

use std::fmt;
use std::sync::Arc;

use crate::key::Key;
use crate::model::entry::MemoryEntry;

/// The port to an engine: what the cache needs, in its own words.
///
/// It holds entries in this process, bounded, and may drop any of them at any time, under its
/// locks too: their values are put aside meanwhile ([`inside`]). It never judges one: whether an
/// entry may be served is the entry's own question.
pub(crate) trait MemoryEngine: fmt::Debug + Send + Sync {
    /// The entry under `key`. Counts as a use of it, also when there is none.
    fn get(&self, key: &[u8]) -> Option<Arc<MemoryEntry>>;

    /// Puts `entry` in the place of what was there.
    fn insert(&self, key: &Key, entry: Arc<MemoryEntry>);

    /// Removes what is there.
    fn remove(&self, key: &[u8]);

    /// Removes everything that is there when it begins.
    fn clear(&self);

    /// About how many entries it holds, at no cost.
    fn entries(&self) -> u64;

    /// How many entries it holds, and the sum of their weights.
    fn size(&self) -> Size;
}

/// What a memory tier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    pub(crate) entries: u64,
    /// Zero where the tier is bounded by entries: nothing is weighed then.
    pub(crate) bytes: u64,
}
