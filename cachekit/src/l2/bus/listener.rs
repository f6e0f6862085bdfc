//! The interface through which the bus client applies messages to the cache.

use std::sync::Arc;

use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::CommandTarget;

/// The cache of this node, whose memory changes with the messages of other nodes.
pub(crate) trait Listener: Send + Sync {
    /// Invalidates `targets` (entries, tags, events, functions or everything) in this node's
    /// memory, because another node invalidated them.
    fn apply(&self, targets: &InvalidationTargets);

    /// Removes the values under `keys` from this node's memory, because another node stored newer
    /// values by writes with an order (`order_by`).
    fn apply_written(&self, keys: &[Key]);

    /// Sends an acknowledgement to the node `whom`: the node `by`, which is this node, has applied
    /// the invalidation that `whom` numbered `ack`.
    fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64);

    /// Applies the invalidations that another program requested by a text message.
    fn apply_requests(self: Arc<Self>, mode: InvalidationMode, requests: Vec<CommandTarget>);

    /// Handles a certain or possible loss of messages of other nodes. The cache then validates each
    /// entry in memory with Redis before it serves the entry again.
    fn missed_messages(&self);
}
