//! The events that a store that processes share reports at any time.

use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;

/// An event that a store reports to its [`EventSink`] at any time: a change of its connections, the
/// end of a lease, or a bus message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreEvent {
    /// The store is reachable from now on (`true`), or is no longer reachable (`false`).
    Up(bool),
    /// The lease of the entry with this name ended, and at least one process waits for the lease.
    Wake(StoreKey),
    /// A subscription with this number began, and messages arrive by it from now on. Messages that
    /// were sent earlier may be lost. The numbers of a cache's subscriptions increase.
    Subscribed(u64),
    /// The subscription with this number ended. No message arrives until the next `Subscribed`.
    Unsubscribed(u64),
    /// A message that was understood, from a node or from another program.
    Received(BusMessage),
    /// A bus message in an unknown form arrived, which may have been an invalidation.
    Unknown,
}

/// The function that a store calls with each of its events.
pub(crate) type EventSink = std::sync::Arc<dyn Fn(StoreEvent) + Send + Sync>;
