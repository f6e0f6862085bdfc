//! The handle by which tests share and control a fake store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::fault::Faults;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::fake::Fake;
use crate::store::fake::shared::Shared;
use crate::store::message::NodeId;
use crate::store::port::Store;

/// A store in memory that the caches of a test share. Clones are handles to one store.
///
/// The store has a single namespace, which all its caches use.
#[derive(Clone, Default)]
pub struct FakeStore {
    pub(crate) shared: Arc<Shared>,
    /// The guards that are removed from every cache that opens this store.
    pub(crate) faults: Faults,
}

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore").finish_non_exhaustive()
    }
}

impl FakeStore {
    /// Makes an empty store in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the store for the cache `node`, which receives the store's events by `sink`.
    pub(crate) fn open(&self, node: NodeId, sink: EventSink) -> Arc<dyn Store> {
        let mut fake = Fake::new(Arc::clone(&self.shared), node, sink);
        fake.faults = self.faults;
        Arc::new(fake)
    }

    /// Removes all faults that `once` and `always` set. Held operations stay held.
    pub fn heal(&self) {
        self.shared.lock().troubles.clear();
    }

    /// Breaks the connections of all caches to the store if `is_unreachable`, and restores them
    /// otherwise.
    pub fn away(&self, is_unreachable: bool) {
        self.shared.lock().is_unreachable = is_unreachable;
        self.shared.tell(None, &StoreEvent::Up(!is_unreachable));
    }

    /// Delays the answer of every operation by `delay`, in place of all faults that were set before.
    pub(crate) fn slow_down(&self, delay: Duration) {
        let troubles = &mut self.shared.lock().troubles;
        troubles.clear();
        troubles.slow_down(delay);
    }
}
