//! Who is told what other nodes say.

use std::sync::Arc;

use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::CommandTarget;

/// A node that takes part in the bus: its memory is changed by what others say.
pub(crate) trait Listener: Send + Sync {
    /// Another node invalidated `targets`.
    fn apply(&self, targets: &InvalidationTargets);

    /// Another node stored values under `keys`.
    fn apply_written(&self, keys: &[Key]);

    /// Tells `whom` that `by`, this node, applied its invalidation `ack`.
    fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64);

    /// Another program asks for invalidations.
    fn apply_requests(self: Arc<Self>, mode: InvalidationMode, requests: Vec<CommandTarget>);

    /// Messages were, or may have been, missed: what is in memory is asked for again.
    fn missed_messages(&self);
}
