//! What this node hears from others, and what it says to itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::base::clock::{Clock, Tick};
use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::trace;
use crate::l2::bus::acks::Acks;
use crate::l2::bus::heartbeat::BusLiveness;
use crate::l2::bus::lease_waiters::LeaseWaiters;
use crate::l2::bus::listener::Listener;
use crate::l2::bus::timings::BusTimings;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::outbox::Outbox;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{EventSink, Store, StoreEvent};

/// How many echoes, at least, one trusts before the first is missed.
const ECHOES: u32 = 4;

/// Where messages arrive. It is there before the store, and the cache after.
#[derive(Debug)]
pub(crate) struct BusClient {
    pub(crate) node: NodeId,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) lease_waiters: Arc<LeaseWaiters>,
    pub(crate) liveness: Arc<BusLiveness>,
    pub(crate) acks: Arc<Acks>,
    /// Times that messages were, or may have been, missed.
    pub(crate) bus_interruptions: AtomicU64,
    /// Messages of others that arrived, and echoes of its own.
    pub(crate) messages: AtomicU64,
    pub(crate) heartbeats: AtomicU64,
    /// An echo should be sent at once.
    heartbeat_now: Notify,
    listener: OnceLock<Weak<dyn Listener>>,
    pub(crate) terms: BusTimings,
}

impl BusClient {
    pub(crate) fn new(terms: BusTimings) -> Arc<Self> {
        Arc::new(Self {
            node: NodeId::random(),
            outbox: Arc::default(),
            lease_waiters: Arc::default(),
            liveness: Arc::new(BusLiveness::new(terms)),
            acks: Acks::new(terms),
            bus_interruptions: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            heartbeats: AtomicU64::new(0),
            heartbeat_now: Notify::new(),
            listener: OnceLock::new(),
            terms,
        })
    }

    /// From here on, messages change what `listener` has.
    pub(crate) fn connect<L: Listener + 'static>(&self, listener: &Arc<L>) {
        let listener: Weak<L> = Arc::downgrade(listener);
        // Once: a cache has one client of the bus.
        let _ = self.listener.set(listener);
    }

    /// What the store's messages do.
    pub(crate) fn sink(self: &Arc<Self>) -> EventSink {
        let bus = Arc::clone(self);
        Arc::new(move |message| bus.receive(message))
    }

    fn receive(&self, message: StoreEvent) {
        match message {
            StoreEvent::Up(true) => self.outbox.resend_recent(),
            StoreEvent::Up(false) => {}
            StoreEvent::Wake(name) => self.lease_waiters.wake(&name),
            StoreEvent::Subscribed(subscription) => {
                // Before trust begins anew: what came in between is unknown.
                if !removed!(self.terms, NoEpoch) {
                    self.note_gap();
                }
                self.liveness.begin(subscription);
                self.acks.subscribed();
                self.heartbeat_now.notify_one();
            }
            StoreEvent::Unsubscribed => {
                self.liveness.end();
                self.acks.unsubscribed();
            }
            StoreEvent::Received(message) => self.handle(message),
            StoreEvent::Unknown => {
                if !removed!(self.terms, IgnoreUnknownMessage) {
                    trace::unknown_message();
                    self.note_gap();
                    // Who said it may be somebody who is to be waited for.
                    self.acks.subscribed();
                }
            }
        }
    }

    fn handle(&self, message: BusMessage) {
        if removed!(self.terms, Deaf) && !matches!(message, BusMessage::Heartbeat { .. }) {
            return;
        }
        match message {
            BusMessage::Heartbeat { subscription, sent } => {
                self.liveness.confirm(subscription, Tick::from_nanos(sent));
                self.heartbeats.fetch_add(1, Ordering::Relaxed);
            }
            BusMessage::Invalidated {
                from,
                ack,
                mode,
                names,
            } if from != self.node => {
                self.acks.message_received(from);
                if let Some(listener) = self.listener() {
                    listener.apply(&InvalidationTargets::from_names(&names).with_mode(mode));
                    self.messages.fetch_add(1, Ordering::Relaxed);
                    if let Some(ack) = ack {
                        listener.send_applied(from, self.node, ack);
                    }
                }
            }
            BusMessage::Invalidated { ack, .. } => {
                if let Some(ack) = ack {
                    self.acks.echo_received(ack);
                }
            }
            BusMessage::WriteApplied { from, names } if from != self.node => {
                self.acks.message_received(from);
                if let Some(listener) = self.listener() {
                    listener.apply_written(&InvalidationTargets::from_names(&names).keys);
                    self.messages.fetch_add(1, Ordering::Relaxed);
                }
            }
            BusMessage::Hello { from } if from != self.node => self.acks.hello_received(from),
            BusMessage::Goodbye { from } => self.acks.goodbye_received(from),
            BusMessage::Applied { by, ack } => self.acks.ack_received(by, ack),
            BusMessage::ExternalCommand(mode, requests) => {
                if let Some(listener) = self.listener() {
                    listener.apply_requests(mode, requests);
                    self.messages.fetch_add(1, Ordering::Relaxed);
                }
            }
            BusMessage::WriteApplied { .. } | BusMessage::Hello { .. } => {}
        }
    }

    /// Messages were, or may have been, missed: what is in memory is asked for again.
    fn note_gap(&self) {
        self.bus_interruptions.fetch_add(1, Ordering::Relaxed);
        if let Some(listener) = self.listener() {
            listener.missed_messages();
        }
    }

    fn listener(&self) -> Option<Arc<dyn Listener>> {
        self.listener.get()?.upgrade()
    }

    /// Takes memory out of use, and then tells the others, so that nobody waits for this node.
    /// It has to have answered for what it heard before.
    pub(crate) async fn say_goodbye(&self, store: &dyn Store, until: Instant) {
        self.liveness.leave();
        // It sends no more echoes, nor hellos.
        self.heartbeat_now.notify_one();
        let goodbye = BusMessage::Goodbye { from: self.node };
        // Who does not hear it waits for a moment.
        let _ = store.tell(None, &goodbye, until).await;
    }
}

/// Sends the echoes by which this node knows that messages come through, and the hellos by
/// which the others know that it is there.
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
        let is_live = bus.liveness.is_live(now);
        // Where messages have never come, it is told when they should have.
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
            // A lost one shows by itself.
            if store.heartbeat(bus.node, hello, &echo, until).await.is_ok() {
                bus.liveness.accepted(heartbeat);
            }
        }
        let silent_since = bus.liveness.until().max(left_at);
        if heartbeat.is_some() && now.since(silent_since) > bus_timeout && store.is_up() {
            // The connection hangs: another may not.
            left_at = now;
            store.resubscribe();
        }
        let _ = timeout(period, bus.heartbeat_now.notified()).await;
    }
}
