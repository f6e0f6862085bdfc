//! The connection to Redis that receives published messages.
//!
//! The connection carries no commands. If the client took a published message for an answer, every
//! later command would get the answer of another.

use std::sync::Arc;
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::base::random::jittered;
use crate::base::select::select;
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{EventSink, StoreEvent};
use crate::store::redis::address::Address;
use crate::store::redis::rejections::Refusals;
use crate::store::redis::timeout::CONNECT_TIMEOUT;

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The Redis channels that a node subscribes to: ends of leases, messages to all nodes, and
/// messages to this node.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    wake: Vec<u8>,
    bus: Vec<u8>,
    own: Vec<u8>,
}

impl Channels {
    pub(crate) fn new(namespace: &str, node: NodeId) -> Self {
        let channel = |name: &str| format!("{namespace}:{name}").into_bytes();
        Self {
            wake: channel("wake"),
            bus: channel("bus"),
            own: channel(&node.channel()),
        }
    }

    /// Parses a message that the server pushed. Returns `None` if `push` is no message of a
    /// channel, and `StoreEvent::Unknown` if the message has an unknown form.
    fn read(&self, push: &PushInfo) -> Option<StoreEvent> {
        let [Value::BulkString(channel), Value::BulkString(text)] = &push.data[..] else {
            return None;
        };
        if *channel == self.wake {
            return Some(StoreEvent::Wake(StoreKey::read(text)));
        }
        Some(BusMessage::read(text).map_or(StoreEvent::Unknown, StoreEvent::Received))
    }
}

/// The task that subscribes to the channels, and subscribes again whenever the connection is lost.
#[derive(Debug)]
pub(crate) struct Subscriber {
    listener: JoinHandle<()>,
    reconnect: Arc<Notify>,
}

impl Subscriber {
    /// Spawns a task that listens to `channels` and passes each message to `sink`, until the
    /// subscriber is dropped.
    pub(crate) fn open(address: Address, channels: Channels, sink: EventSink) -> Self {
        let reconnect = Arc::new(Notify::new());
        let reconnect_requested = Arc::clone(&reconnect);
        let listener = tokio::spawn(async move {
            let mut pause = SHORTEST_PAUSE;
            let refusals = Refusals::default();
            for subscription in 1.. {
                let heard = listen(
                    &address,
                    &channels,
                    subscription,
                    &sink,
                    &reconnect_requested,
                )
                .await;
                if heard.is_ok() {
                    pause = SHORTEST_PAUSE;
                } else {
                    if let Err(error) = &heard
                        && let Some(code) = error.code()
                    {
                        refusals.add("SUBSCRIBE".to_owned(), code);
                    }
                    tokio::time::sleep(jittered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        });
        Self {
            listener,
            reconnect,
        }
    }

    /// Ends the present bus subscription and its connection, because messages are overdue. The
    /// subscriber's task then connects and subscribes again.
    pub(crate) fn leave(&self) {
        self.reconnect.notify_one();
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Subscribes to `channels` and passes each message to `sink`, until the connection is lost or
/// `reconnect` is notified. Returns an error if subscribing fails.
async fn listen(
    address: &Address,
    channels: &Channels,
    subscription: u64,
    sink: &EventSink,
    reconnect: &Notify,
) -> Result<(), RedisError> {
    let lost = Arc::new(Notify::new());
    let on_push = {
        let (sink, lost, channels) = (Arc::clone(sink), Arc::clone(&lost), channels.clone());
        move |push: PushInfo| {
            match push.kind {
                PushKind::Disconnection => lost.notify_one(),
                PushKind::Message => {
                    if let Some(message) = channels.read(&push) {
                        sink(message);
                    }
                }
                _ => {}
            }
            Ok(())
        }
    };
    let subscribe = async {
        let mut connection = address.connect(on_push).await?;
        let Channels { wake, bus, own } = channels;
        connection.subscribe(&[&wake[..], bus, own][..]).await?;
        Ok::<_, RedisError>(connection)
    };
    let _connection = match timeout(CONNECT_TIMEOUT, subscribe).await {
        Ok(made) => made?,
        Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    };
    sink(StoreEvent::Subscribed(subscription));
    select(lost.notified(), reconnect.notified()).await;
    // `Unsubscribed` is sent before the next subscription begins, because messages of the next
    // subscription may arrive before its `Subscribed`.
    sink(StoreEvent::Unsubscribed);
    Ok(())
}
