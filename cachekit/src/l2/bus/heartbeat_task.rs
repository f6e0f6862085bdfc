//! The task that sends this node's heartbeats.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::base::clock::{Clock, Tick};
use crate::base::durations::from_now;
use crate::base::trace;
use crate::l2::bus::client::BusClient;
use crate::store::message::BusMessage;
use crate::store::port::Store;

/// The number of heartbeats that a node sends to itself in each `bus_timeout`.
pub(crate) const ECHOES: u32 = 4;

/// Sends heartbeats until this node says goodbye. A heartbeat that comes back shows this node that
/// messages arrive. Some heartbeats are sent with a hello, which tells the other nodes that this
/// node serves from memory.
pub(crate) async fn run_heartbeat(
    bus: Arc<BusClient>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    bus_timeout: Duration,
) {
    let period = bus_timeout / ECHOES;
    let mut left_at = Tick::now(&*clock);
    let began = left_at;
    let mut was_live = None;
    while !bus.liveness.is_over() {
        let now = Tick::now(&*clock);
        bus.note_beat(now);
        let is_live = bus.liveness.is_live(now);
        // A bus that has never been live is reported to the log when the first heartbeat of the
        // node is overdue.
        let is_due = was_live.is_some() || (store.is_up() && now.since(began) >= bus_timeout);
        if was_live != Some(is_live) && (is_live || is_due) {
            was_live = Some(is_live);
            if is_live {
                trace::bus_is_live();
            } else {
                trace::bus_is_not_live();
            }
        }
        let heartbeat = bus.liveness.heartbeat(now);
        if let Some(heartbeat) = heartbeat {
            let hello = BusMessage::Hello { from: bus.node };
            let hello = heartbeat.says_hello.then_some(&hello);
            let echo = BusMessage::Heartbeat {
                subscription: heartbeat.subscription,
                sent: heartbeat.sent.nanos(),
            };
            let until = from_now(period);
            // A failure needs no handling here: if no heartbeat comes back, the bus is no longer
            // live.
            if store.heartbeat(bus.node, hello, &echo, until).await.is_ok() {
                bus.liveness.accepted(heartbeat);
            }
        }
        let silent_since = bus.liveness.until().max(left_at);
        if heartbeat.is_some() && now.since(silent_since) > bus_timeout && store.is_up() {
            // The subscription's connection hangs. A new connection may work.
            left_at = now;
            store.resubscribe();
        }
        let _ = timeout(period, bus.heartbeat_now.notified()).await;
    }
}
