//! Reasons for a miss in the shared store.

use crate::base::counter::Counter;

/// Reason why an entry in the store could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissReason {
    /// There was no entry.
    Absent,
    /// The entry had expired.
    Expired,
    /// A tag, the function or everything was invalidated.
    Invalidated,
    /// The bytes were not written by this library.
    Foreign,
    /// The entry was written in another version of the format.
    Format,
    /// The entry was cut short or changed.
    Damaged,
    /// The entry belonged to another key.
    Key,
    /// The entry belonged to another function with the same key.
    Function,
    /// The entry was written by another codec.
    Codec,
    /// The value's type had another shape.
    Schema,
    /// The entry was larger than this cache accepts.
    TooLarge,
    /// The entry was compressed, and could not be decompressed.
    Compression,
    /// The codec could not decode the value.
    Undecodable,
}

impl MissReason {
    pub(crate) const COUNT: usize = 13;
}

/// Counters of misses, by reason.
#[derive(Debug, Default)]
pub(crate) struct MissReasons([Counter; MissReason::COUNT]);

impl MissReasons {
    pub(crate) fn count(&self, reason: MissReason) {
        self.0[reason as usize].bump();
    }

    pub(crate) fn of(&self, reason: MissReason) -> u64 {
        self.0[reason as usize].sum()
    }
}
