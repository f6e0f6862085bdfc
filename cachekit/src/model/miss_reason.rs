//! Reasons for a miss in Redis (L2).

use crate::base::counter::Counter;

/// Reason for which a look-up in Redis (L2) found no entry that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissReason {
    /// Redis had no entry under the key.
    Absent,
    /// Redis still had the entry, but its life was over.
    Expired,
    /// A tag or an event of the entry, the entry's function, or the whole cache was invalidated
    /// since the entry was computed.
    Invalidated,
    /// The bytes under the key were not written by this library.
    Foreign,
    /// The entry was written by a version of this library with another format of entries.
    Format,
    /// The bytes of the entry were cut short or changed after they were written.
    Damaged,
    /// The entry under the key's name in Redis contained another key.
    Key,
    /// The entry under the key was stored by another function, which uses the same key.
    Function,
    /// The entry was written by another codec than the reader uses.
    Codec,
    /// The entry was written for a value type with other fields or variants than the reader's.
    Schema,
    /// The entry was larger than `max_value_bytes`.
    TooLarge,
    /// The entry was compressed, and could not be decompressed.
    Compression,
    /// The codec could not decode the value.
    Undecodable,
    /// The entry was encrypted, and no key of the cache opened it, or it was not encrypted although
    /// its function is.
    Encryption,
}

impl MissReason {
    pub(crate) const COUNT: usize = 14;
}

/// Counters of misses in Redis (L2), one for each reason.
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
