//! A value on its way into a store that processes share, and the store's answer.

use std::time::Duration;

use crate::store::fencing_token::FencingToken;
use crate::store::key_name::StoreKey;
use crate::store::lease_grant::LeaseGrant;
use crate::store::message::BusMessage;
use crate::store::write_mark::WriteMark;

/// A value for the store (L2), with the right to store it, and the times for which it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    pub(crate) fencing_token: FencingToken,
    pub(crate) grant: LeaseGrant,
    /// The names of the versions that `grant`, the right to store the value, contains, in the order
    /// of those versions.
    pub(crate) versions: Vec<StoreKey>,
    pub(crate) guards: Vec<StoreKey>,
    /// The tags that were made from the value, and so were unknown when the right to compute was
    /// granted. The store adds the current versions of these tags to the entry.
    pub(crate) value_tags: Vec<StoreKey>,
    pub(crate) bytes: Vec<u8>,
    /// `true` if `bytes` are encrypted on their way into the store.
    pub(crate) is_encrypted: bool,
    /// The order of the write that supplied the value (`order_by`). `None` for a computation, and
    /// for a write without an order. Among the values of one token generation, the value with the
    /// greatest order stays.
    pub(crate) order: Option<u64>,
    /// `true` if the store also accepts versions that were made in another data set of the server
    /// (`any_origin`).
    pub(crate) any_origin: bool,
    /// The time for which the store keeps the entry `bytes`, its grace included.
    pub(crate) kept: Duration,
    /// The time for which the store keeps the versions that the entry depends on. A version that the
    /// store keeps for at least three quarters of that time anyway is not kept longer.
    pub(crate) version_life: Duration,
    /// The message that the store sends to every node after it has accepted the value of a write.
    /// The message says that the previous value and its replicas are no longer valid. `None` for a
    /// computed value.
    pub(crate) message: Option<BusMessage>,
    /// The mark of the write, which the store removes if it stores the value.
    pub(crate) ended: Option<WriteMark>,
}

impl Fill {
    /// Returns `true` for the value of a write, and `false` for a computed value.
    pub(crate) fn is_written(&self) -> bool {
        self.order.is_some() || self.message.is_some() || self.ended.is_some()
    }

    /// Returns the name of the replicas' version that this write invalidates, because the replicas
    /// have older values. Returns `None` for a computed value.
    pub(crate) fn copies(&self) -> Option<StoreKey> {
        self.message
            .is_some()
            .then(|| self.fencing_token.entry.replicas_version())
            .flatten()
    }
}

/// The result of `Store::fill`: the value was stored, or the reason for which it was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    Stored,
    /// The value was rejected because its fencing token is no longer the entry's token: an
    /// invalidation, a write or another store came after the right to compute was granted.
    Fenced,
    /// The value was rejected because a tag, the function or the namespace was invalidated after
    /// the right to compute was granted.
    Invalidated,
    /// The value was not stored, because a write with a greater order has already stored its value.
    Older,
}
