//! Who is told what other nodes say.

use std::sync::Arc;

use crate::key::Key;
use crate::l2::invalidation_targets::Doomed;
use crate::model::invalidation_mode::Manner;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::Request;

/// A node that takes part in the bus: its memory is changed by what others say.
pub(crate) trait Listener: Send + Sync {
    /// Another node invalidated `doomed`.
    fn apply(&self, doomed: &Doomed);

    /// Another node stored values under `keys`.
    fn apply_written(&self, keys: &[Key]);

    /// Tells `whom` that `by`, this node, applied its invalidation `ack`.
    fn say_applied(&self, whom: NodeId, by: NodeId, ack: u64);

    /// Another program asks for invalidations.
    fn do_as_asked(self: Arc<Self>, manner: Manner, requests: Vec<Request>);

    /// Messages were, or may have been, missed: what is in memory is asked for again.
    fn missed_messages(&self);
}
