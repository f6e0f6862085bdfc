//! The interface through which the bus applies messages to the cache.

use std::sync::Arc;

use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::CommandTarget;

/// A node on the bus, whose memory is changed by messages of other nodes.
pub(crate) trait Listener: Send + Sync {
    /// Applies an invalidation by another node.
    fn apply(&self, targets: &InvalidationTargets);

    /// Applies that another node stored values under `keys`.
    fn apply_written(&self, keys: &[Key]);

    /// Sends `whom` the acknowledgement that `by`, this node, applied its invalidation `ack`.
    fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64);

    /// Applies the invalidations that another program requests.
    fn apply_requests(self: Arc<Self>, mode: InvalidationMode, requests: Vec<CommandTarget>);

    /// Handles that messages were missed, or may have been: entries in memory are validated again.
    fn missed_messages(&self);
}
