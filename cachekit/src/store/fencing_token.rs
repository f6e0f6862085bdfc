//! The fencing token of a computation, after Kleppmann, "How to do distributed locking" (2016).

use crate::encoding::envelope::Token;
use crate::store::key_name::StoreKey;

/// The token, and perhaps the lease, that a computation shows to the store (L2) with its value. The
/// store rejects the value if the entry has another token by then.
#[derive(Debug, Clone)]
pub(crate) struct FencingToken {
    pub(crate) entry: StoreKey,
    pub(crate) token: Token,
    /// The identity that the lease has in the store. `None` if the computation has no lease.
    pub(crate) holder: Option<Token>,
}
