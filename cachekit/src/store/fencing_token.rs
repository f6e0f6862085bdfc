//! The fencing token of a computation, after Kleppmann, "How to do distributed locking" (2016).

use crate::encoding::envelope::Token;
use crate::store::key_name::StoreKey;

/// The proof that a computation presents to the store (L2) with its value: the entry's fencing
/// token and, if the computation has one, the holder of its lease. The store rejects the value if
/// the entry has another fencing token by that time.
#[derive(Debug, Clone)]
pub(crate) struct FencingToken {
    pub(crate) entry: StoreKey,
    pub(crate) token: Token,
    /// The token that identifies the holder of the entry's lease in the store. `None` if the
    /// computation has no lease.
    pub(crate) holder: Option<Token>,
}
