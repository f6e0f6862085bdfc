//! Invalidations: on this node, on other nodes, and at the end of a transaction.

pub(crate) mod apply;
pub(crate) mod deferred;
pub(crate) mod delivery;
pub(crate) mod heard;
pub(crate) mod pending_invalidation;
pub(crate) mod request;
