//! Bus messages of other nodes, and their effects on this node's cache.

use std::sync::Arc;

use crate::core::state::Core;
use crate::key::Key;
use crate::l2::bus::listener::Listener;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::message::NodeId;
use crate::store::message::text_protocol::CommandTarget;

impl Listener for Core {
    fn apply(&self, targets: &InvalidationTargets) {
        #[cfg(feature = "dashboard")]
        self.note_invalidation(targets, true);
        self.apply(targets);
    }

    fn apply_written(&self, keys: &[Key]) {
        #[cfg(feature = "dashboard")]
        self.note_invalidation(&InvalidationTargets::keys(keys), true);
        self.apply_written(keys);
    }

    fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64) {
        self.send_applied(whom, by, ack);
    }

    fn apply_requests(self: Arc<Self>, mode: InvalidationMode, requests: Vec<CommandTarget>) {
        Core::apply_requests(&self, mode, requests);
    }

    fn missed_messages(&self) {
        self.tags.invalidate_epoch(&self.bus_epoch);
    }
}
