//! The fencing token of a computation, after Kleppmann, "How to do distributed locking" (2016).

use crate::encoding::envelope::Token;
use crate::store::key_name::StoreKey;

/// Identifies one computation of an entry: a store with an older token is rejected.
#[derive(Debug, Clone)]
pub(crate) struct FencingToken {
    pub(crate) entry: StoreKey,
    pub(crate) token: Token,
    /// The holder of the lease, if the computation has one.
    pub(crate) holder: Option<Token>,
}
