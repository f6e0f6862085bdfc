//! Why an entry in the shared store was of no use.

use crate::base::counter::Counter;

/// A reason for a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissReason {
    /// There was none.
    Absent,
    /// Its life was over.
    Expired,
    /// A tag, its function or everything was invalidated.
    Invalidated,
    /// Not written by this library.
    Foreign,
    /// Written in another version of the format.
    Format,
    /// Cut short or changed.
    Damaged,
    /// Another key's.
    Key,
    /// Another function's, under the same key.
    Function,
    /// Written by another codec.
    Codec,
    /// Of a type of another shape.
    Schema,
    /// Larger than this cache takes.
    TooLarge,
    /// Compressed, and cannot be decompressed.
    Compression,
    /// The codec could not read it.
    Undecodable,
}

impl MissReason {
    pub(crate) const COUNT: usize = 13;
}

/// How often each was met.
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
