//! The count of the messages that a fake store carries.

use crate::store::event::StoreEvent;
use crate::store::message::BusMessage;

/// Messages of the bus that a fake store carried since the count began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that nodes sent.
    pub sent: u64,
    /// Messages that arrived: a message to all nodes arrives once at each.
    pub arrived: u64,
    /// Bytes of the messages that arrived, without what Redis and the network add.
    pub bytes: u64,
}

impl Traffic {
    /// Counts `event` as a message to so many nodes, and returns its bytes. Returns `None` if `event`
    /// is no message.
    pub(crate) fn count(&mut self, event: &StoreEvent, nodes: usize) -> Option<Vec<u8>> {
        let StoreEvent::Received(message) = event else {
            return None;
        };
        let bytes = message.write();
        self.sent += 1;
        self.arrived += nodes as u64;
        self.bytes += (nodes * bytes.len()) as u64;
        Some(bytes)
    }
}

/// Returns the event of a message that arrives as `bytes`.
pub(crate) fn arrives(bytes: &[u8]) -> Option<StoreEvent> {
    BusMessage::read(bytes).map(StoreEvent::Received)
}
