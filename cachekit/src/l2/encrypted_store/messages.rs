//! The places that messages between nodes and lists of keys are encrypted for.

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{Place, blob};
use crate::store::key_name::StoreKey;
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

/// Returns `true` if `name` is that of a list of keys.
pub(crate) fn is_list(name: &StoreKey) -> bool {
    name.parts().is_some_and(|(kind, _)| kind == "warm")
}

/// Returns `true` if `message` came in clear although every sender with keys encrypts it, and it can
/// be ignored. An invalidation in clear is never ignored: a node may not have the keys yet.
pub(crate) fn is_forged(sealer: Option<&Sealer>, message: &BusMessage) -> bool {
    sealer.is_some() && matches!(message, BusMessage::Answer { .. })
}

/// Opens the encrypted message `bytes`. Returns `None` if no key opens it, or if it has an unknown
/// form.
pub(crate) fn open_message(sealer: Option<&Sealer>, bytes: &[u8]) -> Option<BusMessage> {
    let opened = BusMessage::read(&blob::open(sealer?, BUS, bytes)?)?;
    // A sender encrypts once.
    (!matches!(opened, BusMessage::Sealed(_))).then_some(opened)
}

#[cfg(all(test, feature = "encryption", feature = "json"))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;
    use crate::base::clock::{SystemClock, Tick};
    use crate::encoding::encryption::tests::{KEYS, sealer};
    use crate::l2::bus::client::BusClient;
    use crate::l2::bus::timings::BusTimings;
    use crate::l2::outbox::Outbox;
    use crate::store::event::StoreEvent;
    use crate::store::message::NodeId;

    fn client(keys: Option<Sealer>) -> Arc<BusClient> {
        let terms = BusTimings::of(Duration::from_secs(1), Duration::ZERO);
        let clock = Arc::new(SystemClock::new());
        BusClient::new(terms, Outbox::default(), keys.map(Arc::new), clock)
    }

    #[tokio::test]
    async fn an_answer_in_clear_is_ignored_by_a_node_with_keys() {
        for (keys, is_heard) in [(None, true), (Some(sealer(KEYS, false)), false)] {
            let bus = client(keys);
            let mut open = bus.open_questions.begin();
            let answer = BusMessage::Answer {
                by: NodeId::random(),
                number: open.number,
                text: b"{}".to_vec(),
            };
            bus.sink()(StoreEvent::Received(answer));
            assert_eq!(open.answers.try_recv().is_ok(), is_heard);
        }
    }

    #[test]
    fn a_heartbeat_of_the_future_is_ignored() {
        let bus = client(None);
        bus.sink()(StoreEvent::Subscribed(1));
        let heard = |sent| {
            let subscription = 1;
            let beat = BusMessage::Heartbeat { subscription, sent };
            bus.sink()(StoreEvent::Received(beat));
            bus.heartbeats.load(Ordering::Relaxed)
        };
        assert_eq!(heard(u64::MAX / 2), 0);
        assert_eq!(bus.liveness.until(), Tick::default());
        assert_eq!(heard(0), 1);
    }

    #[test]
    fn only_lists_are_lists() {
        assert!(is_list(&StoreKey::warm_keys("f")));
        for name in ["k:warm:f", "t:warm", "all", "warmer:f"] {
            assert!(!is_list(&StoreKey::read(name.as_bytes())), "{name}");
        }
    }
}
