//! The stay of an entry in memory, from its insertion to the end of its last reference.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::model::owner::Owner;

/// State of an entry that memory never had.
const OUTSIDE: u32 = 0;
/// State of an entry that was inserted into memory, and that is removed for another reason than a
/// lack of room: by an invalidation, or by a newer entry of its key.
const LEAVING: u32 = 1;
/// The least state of an entry that was inserted into memory. The number of times that the owner's
/// entries had all been removed by then is added to it.
const INSIDE: u32 = 2;

/// The owner of an entry (function, region or cache), and the entry's stay in memory.
///
/// An engine does not report evictions, or reports them only at the cost of a lock for each
/// insertion. So an eviction is noticed by its effect: an entry that was inserted is dropped, and
/// nothing else removed it.
#[derive(Debug)]
pub(crate) struct Residence {
    owner: Arc<Owner>,
    /// Bytes that the entry and its key take, or 1 if the capacity is in entries.
    weight: u32,
    state: AtomicU32,
}

impl Residence {
    pub(crate) fn new(owner: Arc<Owner>, weight: u32) -> Self {
        Self {
            owner,
            weight,
            state: AtomicU32::new(OUTSIDE),
        }
    }

    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    /// Records that the entry is inserted into memory.
    pub(crate) fn begin(&self) {
        if self.state.swap(self.inside(), Ordering::Relaxed) == OUTSIDE {
            self.owner.residents.add(self.weight);
        }
    }

    /// Records that the entry is about to be removed from memory, or replaced, so that its end is
    /// no eviction.
    pub(crate) fn end(&self) {
        if self.state.load(Ordering::Relaxed) >= INSIDE {
            self.state.store(LEAVING, Ordering::Relaxed);
        }
    }

    /// Returns the state of an entry that is inserted now.
    fn inside(&self) -> u32 {
        INSIDE + self.owner.residents.removals()
    }
}

impl Drop for Residence {
    fn drop(&mut self) {
        let state = *self.state.get_mut();
        if state == OUTSIDE {
            return;
        }
        self.owner.residents.subtract(self.weight);
        if state == self.inside() {
            self.owner.counts.evictions.bump();
        }
    }
}

impl Deref for Residence {
    type Target = Arc<Owner>;

    fn deref(&self) -> &Arc<Owner> {
        &self.owner
    }
}
