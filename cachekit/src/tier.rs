//! The port to the memory tier: what the cache needs, in its own words.

pub(crate) mod memory;

use std::fmt;
use std::sync::Arc;

use crate::key::Key;
use crate::stored::AnyStored;

/// Holds entries in this process, bounded.
///
/// It may drop any entry at any time. It never judges one: whether an entry may be served
/// is the entry's own question.
pub(crate) trait MemoryTier: fmt::Debug + Send + Sync {
    /// The entry under `key`. Counts as a use of it, also when there is none.
    fn get(&self, key: &[u8]) -> Option<Arc<AnyStored>>;

    /// Puts `entry` in the place of what was there.
    fn insert(&self, key: &Key, entry: Arc<AnyStored>);

    /// Removes what is there.
    fn remove(&self, key: &[u8]);

    /// Removes everything.
    fn clear(&self);

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
