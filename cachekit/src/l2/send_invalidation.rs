//! The sending of an invalidation to the store (L2) and to all processes.

use tokio::time::Instant;

use crate::l2::bus::client::BusClient;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;
use crate::store::port::Store;
use crate::store::write_mark::WriteMark;

/// Invalidates `names` in the store, which then removes the marks `ended` and publishes the message
/// to every process in the same step. Requests no acknowledgements.
pub(crate) async fn send_invalidation(
    bus: &BusClient,
    store: &dyn Store,
    (names, mode, ended): (&[StoreKey], InvalidationMode, &[WriteMark]),
    until: Instant,
) -> Result<(), Failure> {
    let message = BusMessage::Invalidated {
        from: bus.node,
        ack: None,
        mode,
        names: names.to_vec(),
    };
    store.invalidate(names, mode, ended, &message, until).await
}
