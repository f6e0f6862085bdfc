//! Everything that an entry depends on besides its own life.

use crate::base::clock::Tick;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::lineage::EntryLineage;

/// Conditions under which a value is valid: the invalidations that end it, and the end of the values
/// that it was computed from.
#[derive(Debug, Clone)]
pub(crate) struct Validity {
    /// Number of the node's last invalidation when the computation of the value began.
    pub(crate) began: SequenceNumber,
    /// Epochs of everything that the value depends on.
    pub(crate) epochs: Epochs,
    /// End of the fresh life of the values that the value was computed from. [`Tick::NEVER`]: the
    /// value was computed from no other value, or those values have no end.
    pub(crate) end: Tick,
    /// Names and versions in the store that the value depends on, as far as they are known.
    pub(crate) lineage: EntryLineage,
}

impl Validity {
    /// Returns the bytes that the epochs and the lineage have allocated.
    pub(crate) fn heap(&self) -> usize {
        let lineage = match &self.lineage {
            EntryLineage::Known(lineage) => lineage.heap(),
            EntryLineage::NotAsked | EntryLineage::Unknowable => 0,
        };
        self.epochs.heap() + lineage
    }

    /// Returns the validity of a value that was computed from no other value.
    pub(crate) fn new(began: SequenceNumber, epochs: Epochs) -> Self {
        Self {
            began,
            epochs,
            end: Tick::NEVER,
            lineage: EntryLineage::NotAsked,
        }
    }
}
