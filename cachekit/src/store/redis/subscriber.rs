//! The connection to Redis that receives published messages.
//!
//! The connection carries no commands. If the client took a published message for an answer, every
//! later command would get the answer to another command.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::base::fault::{Faults, removed};
use crate::base::home_runtime::HomeRuntime;
use crate::base::random::jittered;
use crate::base::select::select;
use crate::base::sync::Mutex;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::redis::address::Address;
use crate::store::redis::handshake;
use crate::store::redis::rejections::Refusals;
use crate::store::redis::resolver::Resolver;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::unconnected::Unconnected;

/// The channel of questions to all nodes, without the namespace before it. An account that may use
/// the channels of nodes may use this channel too.
pub(crate) const ASK: &str = "node:ask";

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The Redis channels that a node subscribes to: ends of leases, messages to all nodes, messages to
/// this node, and questions.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    pub(crate) wake: Vec<u8>,
    pub(crate) bus: Vec<u8>,
    pub(crate) own: Vec<u8>,
    /// `None` if this node answers no questions.
    pub(crate) ask: Option<Vec<u8>>,
    /// `true` if the channels belong to a slot of a Redis Cluster, whose master alone passes their
    /// messages on.
    pub(crate) are_sharded: bool,
}

impl Channels {
    pub(crate) fn new(namespace: &str, node: NodeId, has_answers: bool) -> Self {
        let channel = |name: &str| format!("{namespace}:{name}").into_bytes();
        Self {
            wake: channel("wake"),
            bus: channel("bus"),
            own: channel(&node.channel()),
            ask: has_answers.then(|| channel(ASK)),
            are_sharded: false,
        }
    }

    /// Returns the command that subscribes.
    const fn command(&self) -> &'static str {
        if self.are_sharded {
            "SSUBSCRIBE"
        } else {
            "SUBSCRIBE"
        }
    }

    /// Returns the commands that subscribe to all channels, one for each. The server answers to each
    /// channel by itself.
    fn subscribing(&self) -> Pipeline {
        let Self {
            wake,
            bus,
            own,
            ask,
            ..
        } = self;
        let mut commands = Pipeline::new();
        for channel in [wake, bus, own].into_iter().chain(ask) {
            commands.cmd(self.command()).arg(&channel[..]);
        }
        commands
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
        if self.ask.as_ref() == Some(channel) {
            // A question in another version of the format invalidates nothing, so it is ignored.
            let question = BusMessage::read(text).filter(|it| matches!(it, BusMessage::Ask { .. }));
            return question.map(StoreEvent::Received);
        }
        Some(BusMessage::read(text).map_or(StoreEvent::Unknown, StoreEvent::Received))
    }
}

/// The task that subscribes to the channels, and subscribes again whenever the connection is lost.
#[derive(Debug)]
pub(crate) struct Subscriber<R: Resolver> {
    subscriptions: Arc<Subscriptions<R>>,
    home: Arc<HomeRuntime>,
    listener: Mutex<AbortHandle>,
}

/// The server from which a subscriber receives messages.
#[derive(Debug)]
pub(crate) struct Source<R> {
    pub(crate) resolver: R,
    /// The Redis key that is deleted to test that the server takes writes. The key never has a
    /// value.
    pub(crate) nothing: Vec<u8>,
    pub(crate) faults: Faults,
}

/// The state that a subscriber shares with its task.
struct Subscriptions<R> {
    source: Source<R>,
    channels: Channels,
    sink: EventSink,
    reconnect: Notify,
    /// The number of the next subscription. Two subscriptions never have the same number, even if
    /// different tasks made them.
    next: AtomicU64,
}

impl<R: Resolver> Subscriber<R> {
    /// Spawns a task on `home` that listens to `channels` and passes each message to `sink`, until
    /// the subscriber is dropped.
    pub(crate) fn open(
        home: Arc<HomeRuntime>,
        source: Source<R>,
        channels: Channels,
        sink: EventSink,
    ) -> Self {
        let subscriptions = Arc::new(Subscriptions {
            source,
            channels,
            sink,
            reconnect: Notify::new(),
            next: AtomicU64::new(1),
        });
        let listener = home.spawn(Arc::clone(&subscriptions).keep());
        Self {
            subscriptions,
            home,
            listener: Mutex::new(listener.abort_handle()),
        }
    }

    /// Ends the present subscription, whose task may no longer run, and spawns a task on the home
    /// runtime that subscribes again.
    pub(crate) fn begin_again(&self) {
        let mut listener = self.listener.lock();
        listener.abort();
        let subscriptions = Arc::clone(&self.subscriptions);
        subscriptions.end(subscriptions.next.load(Ordering::Relaxed) - 1);
        *listener = self.home.spawn(subscriptions.keep()).abort_handle();
    }

    /// Ends the present subscription and its connection, because messages are overdue. The task
    /// then connects and subscribes again.
    pub(crate) fn leave(&self) {
        self.subscriptions.reconnect.notify_one();
    }
}

impl<R: Resolver> Drop for Subscriber<R> {
    fn drop(&mut self) {
        self.listener.lock().abort();
    }
}

impl<R: Resolver> Subscriptions<R> {
    /// Subscribes again whenever the connection is lost. Never returns.
    async fn keep(self: Arc<Self>) {
        let mut pause = SHORTEST_PAUSE;
        let refusals = Refusals::default();
        loop {
            let changes = self.source.resolver.changes();
            let heard = self.listen().await;
            let Err(error) = heard else {
                pause = SHORTEST_PAUSE;
                continue;
            };
            if let Some(code) = &error.code {
                refusals.add(self.channels.command().to_owned(), code);
            }
            let news = self.source.resolver.changed(changes);
            select(tokio::time::sleep(jittered(pause)), news).await;
            pause = if self.source.resolver.changes() == changes {
                (pause * 2).min(LONGEST_PAUSE)
            } else {
                SHORTEST_PAUSE
            };
        }
    }

    /// Subscribes to the channels and passes each message to the sink, until the connection is
    /// lost, a new subscription is requested, or another server is the master. Returns the reason
    /// if subscribing fails.
    async fn listen(self: &Arc<Self>) -> Result<(), Unconnected> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let lost = Arc::new(Notify::new());
        let subscribing = self.source.resolver.connect(|address| {
            let (subscriptions, lost) = (Arc::clone(self), Arc::clone(&lost));
            async move {
                let subscribed = timeout(CONNECT_TIMEOUT, subscriptions.subscribe(&address, &lost));
                let connection = match subscribed.await {
                    Ok(made) => made?,
                    Err(_) => return Err(address.silence()),
                };
                Ok((connection, address))
            }
        });
        let ((_connection, address), changes) = subscribing.await?;
        (self.sink)(StoreEvent::Subscribed(number));
        let ended = select(lost.notified(), self.reconnect.notified());
        select(ended, self.source.resolver.moved(&address, changes)).await;
        // This event is sent before the next subscription begins, because messages of that
        // subscription may arrive before its `Subscribed`.
        self.end(number);
        Ok(())
    }

    /// Connects to the server at `address` and subscribes. Notifies `lost` when the returned
    /// connection is lost.
    async fn subscribe(
        &self,
        address: &Address,
        lost: &Arc<Notify>,
    ) -> Result<MultiplexedConnection, Unconnected> {
        let (sink, lost) = (Arc::clone(&self.sink), Arc::clone(lost));
        let channels = self.channels.clone();
        let on_push = move |push: PushInfo| {
            match push.kind {
                // A server ends a subscription by itself if the slot of the channel gets another
                // master.
                PushKind::Disconnection | PushKind::SUnsubscribe => lost.notify_one(),
                PushKind::Message | PushKind::SMessage => {
                    if let Some(message) = channels.read(&push) {
                        sink(message);
                    }
                }
                _ => {}
            }
            Ok(())
        };
        let mut connection = address.connect(on_push).await?;
        let failed = |error: RedisError| Unconnected::of(address, &error);
        if self.source.resolver.may_change() && !removed!(self.source, TrustSentinel) {
            // A replica passes on the messages of its master, but later.
            let checked = handshake::check_master(&mut connection, &self.source.nothing).await;
            checked.map_err(failed)?;
        }
        let subscribing = self.channels.subscribing();
        let count = subscribing.len();
        let subscribed = connection.send_packed_commands(&subscribing, 0, count);
        for answer in subscribed.await.map_err(failed)? {
            answer.extract_error().map_err(failed)?;
        }
        Ok(connection)
    }

    fn end(&self, number: u64) {
        (self.sink)(StoreEvent::Unsubscribed(number));
    }
}

impl<R: Resolver> fmt::Debug for Subscriptions<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
