//! The interface through which the bus client applies messages to the cache.

use std::sync::Arc;

use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::CommandTarget;

/// The cache of this node, whose memory changes with the messages of other nodes.
pub(crate) trait Listener: Send + Sync {
    /// Applies to this node's memory the invalidation of `targets` by another node.
    fn apply(&self, targets: &InvalidationTargets);

    /// Handles that another node stored values under `keys` by writes with an order: removes the
    /// previous values from this node's memory.
    fn apply_written(&self, keys: &[Key]);

    /// Sends the acknowledgement to the node `whom` that `by`, this node, has applied the
    /// invalidation that `whom` numbered `ack`.
    fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64);

    /// Applies the invalidations that another program requested by a text message.
    fn apply_requests(self: Arc<Self>, mode: InvalidationMode, requests: Vec<CommandTarget>);

    /// Handles that messages of other nodes were lost, or may have been lost: each entry in memory
    /// is validated with Redis before the entry is served again.
    fn missed_messages(&self);
}
