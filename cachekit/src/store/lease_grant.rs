//! The right to store a value in a store that processes share.

use crate::encoding::envelope::{Token, Version};

/// The right to store one value under an entry's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseGrant {
    pub(crate) token: Token,
    /// The versions that the value will depend on, read before the computation began, in the order
    /// of `EntryQuery::versions`.
    pub(crate) versions: Vec<Version>,
    pub(crate) guards: Vec<Version>,
    /// The origin of the data set that has the entry, as known when the right was granted. A value
    /// that is stored with this right is of this origin.
    pub(crate) origin: [u8; 8],
}
