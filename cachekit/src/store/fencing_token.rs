//! The fencing token of a computation, after Kleppmann, "How to do distributed locking" (2016).

use crate::encoding::envelope::Token;
use crate::store::key_name::StoreKey;

/// The token, and perhaps the lease, that a computation shows to the store, which rejects an older one.
#[derive(Debug, Clone)]
pub(crate) struct FencingToken {
    pub(crate) entry: StoreKey,
    pub(crate) token: Token,
    /// The holder of the lease; `None` without a lease.
    pub(crate) holder: Option<Token>,
}
