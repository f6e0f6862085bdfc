//! Hellos and heartbeats.

use super::*;
use crate::store::tests::conformance::cases::cases;

/// Sends a hello and a heartbeat, and returns the messages that arrive, in their order of arrival.
async fn arrived(under: &Under, hello: Option<&BusMessage>, sent: u64) -> Vec<BusMessage> {
    let echo = BusMessage::Heartbeat {
        subscription: 1,
        sent,
    };
    // The messages are sent again until the adapter has subscribed.
    for _ in 0..100 {
        under.messages.lock().unwrap().clear();
        let heartbeat = under.store.heartbeat(under.node, hello, &echo, soon());
        assert_eq!(heartbeat.await, Ok(()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        let messages = under.messages.lock().unwrap();
        let told = messages.iter().filter_map(|message| match message {
            StoreEvent::Received(message) => Some(message.clone()),
            _ => None,
        });
        let told: Vec<_> = told.collect();
        if told.contains(&echo) {
            return told;
        }
    }
    panic!("nothing comes back");
}

async fn a_hello_is_heard_before_its_echo(under: &Under) {
    let hello = BusMessage::Hello { from: under.node };
    let echo = |sent| BusMessage::Heartbeat {
        subscription: 1,
        sent,
    };
    let both = arrived(under, Some(&hello), 7).await;
    assert_eq!(both, [hello, echo(7)]);
    assert_eq!(arrived(under, None, 8).await, [echo(8)]);
}

async fn an_echo_is_for_its_node_alone(under: &Under) {
    let _listens = arrived(under, None, 1).await;
    let hello = BusMessage::Hello { from: under.node };
    let other = NodeId::random();
    let echo = BusMessage::Heartbeat {
        subscription: 1,
        sent: 9,
    };
    let heartbeat = under.store.heartbeat(other, Some(&hello), &echo, soon());
    assert_eq!(heartbeat.await, Ok(()));
    let told = arrived(under, None, 10).await;
    assert!(!told.contains(&echo));
}

cases! {
    a_hello_is_heard_before_its_echo
    an_echo_is_for_its_node_alone
}
