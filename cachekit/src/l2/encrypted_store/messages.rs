//! The places that messages between nodes and lists of keys are encrypted for.

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{Place, blob};
use crate::store::message::BusMessage;

/// The place that a message between nodes is encrypted for.
pub(crate) const BUS: Place<'static> = Place {
    kind: "bus",
    parts: &[],
};

/// Returns the place of a list of keys, which is stored under the name in `parts`.
pub(crate) fn listed<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    let kind = "list";
    Place { kind, parts }
}

/// Opens the encrypted message `bytes`. Returns `None` if no key opens it, or if it has an unknown
/// form.
pub(crate) fn open_message(sealer: &Sealer, bytes: &[u8]) -> Option<BusMessage> {
    let opened = BusMessage::read(&blob::open(sealer, BUS, bytes)?)?;
    // A sender encrypts once.
    (!matches!(opened, BusMessage::Sealed(_))).then_some(opened)
}
