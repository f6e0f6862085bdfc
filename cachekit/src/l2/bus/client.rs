//! The bus client, which handles the messages of other nodes and the heartbeats that come back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::base::clock::{Clock, Tick};
use crate::base::fault::removed;
use crate::base::sync::Mutex;
use crate::base::trace;
use crate::encoding::encryption::sealer::Sealer;
use crate::l2::bus::acks::Acks;
use crate::l2::bus::heartbeat::BusLiveness;
use crate::l2::bus::lease_waiters::{LeaseWaiter, LeaseWaiters};
use crate::l2::bus::listener::Listener;
#[cfg(feature = "json")]
use crate::l2::bus::open_questions::{AnswerReceived, OpenQuestions};
use crate::l2::bus::questions::{Asked, Questions};
use crate::l2::bus::timings::BusTimings;
use crate::l2::bus::watchers::Watchers;
use crate::l2::encrypted_store::messages::{is_forged, open_message};
use crate::l2::encrypted_store::names::name_in_store;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::open_writes::sweeps::Sweeps;
use crate::l2::outbox::Outbox;
use crate::model::histogram::HistogramRecorder;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::Store;

/// The receiver of the events of the store (L2). A cache creates its bus client before the store,
/// because the store needs a receiver. The cache connects itself to the bus client as a listener
/// afterwards.
#[derive(Debug)]
pub(crate) struct BusClient {
    pub(crate) node: NodeId,
    pub(crate) outbox: Arc<Outbox>,
    /// The keys of the cache's encryption. `None`: the cache encrypts nothing.
    pub(crate) sealer: Option<Arc<Sealer>>,
    lease_waiters: Arc<LeaseWaiters>,
    pub(crate) liveness: Arc<BusLiveness>,
    pub(crate) acks: Arc<Acks>,
    /// The number of times that messages of other nodes were lost, or may have been lost.
    pub(crate) bus_interruptions: AtomicU64,
    /// The number of messages of other nodes and other programs that this node has applied.
    pub(crate) messages: AtomicU64,
    /// The number of this node's own heartbeats that came back.
    pub(crate) heartbeats: AtomicU64,
    /// Times from the sending of a heartbeat to its return. Both are read from this node's clock.
    pub(crate) round_trip: HistogramRecorder,
    clock: Arc<dyn Clock>,
    /// The greatest number of a subscription that began. A task whose runtime stood still may
    /// report an older subscription late.
    subscription: Mutex<u64>,
    /// The time at which the heartbeat task last ran, in nanoseconds.
    last_beat: AtomicU64,
    pub(crate) sweeps: Sweeps,
    /// Wakes the heartbeat task, which then sends a heartbeat at once or ends.
    pub(crate) heartbeat_now: Notify,
    listener: OnceLock<Weak<dyn Listener>>,
    /// The store, which forgets versions before a message is applied.
    store: OnceLock<Weak<dyn Store>>,
    pub(crate) watchers: Watchers,
    pub(crate) questions: Questions,
    #[cfg(feature = "json")]
    pub(crate) open_questions: OpenQuestions,
    pub(crate) terms: BusTimings,
}

impl BusClient {
    pub(crate) fn new(
        terms: BusTimings,
        outbox: Outbox,
        sealer: Option<Arc<Sealer>>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            node: NodeId::random(),
            outbox: Arc::new(outbox),
            sealer,
            lease_waiters: Arc::default(),
            liveness: Arc::new(BusLiveness::new(terms)),
            acks: Acks::new(terms),
            bus_interruptions: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            heartbeats: AtomicU64::new(0),
            round_trip: HistogramRecorder::default(),
            clock,
            subscription: Mutex::new(0),
            last_beat: AtomicU64::new(0),
            sweeps: Sweeps::default(),
            heartbeat_now: Notify::new(),
            listener: OnceLock::new(),
            store: OnceLock::new(),
            watchers: Watchers::default(),
            questions: Questions::default(),
            #[cfg(feature = "json")]
            open_questions: OpenQuestions::default(),
            terms,
        })
    }

    /// Sets the listener, to which the messages of other nodes are applied from now on. Further
    /// calls have no effect.
    pub(crate) fn connect<L: Listener + 'static>(&self, listener: &Arc<L>) {
        let listener: Weak<L> = Arc::downgrade(listener);
        // A cache has a single bus client, so no second listener is lost here.
        let _ = self.listener.set(listener);
    }

    /// Sets the store whose remembered versions messages end. Further calls have no effect.
    #[cfg(feature = "redis")]
    pub(crate) fn set_store(&self, store: &Arc<dyn Store>) {
        // A cache has a single store.
        let _ = self.store.set(Arc::downgrade(store));
    }

    /// Returns a function that returns `true` while messages of other nodes are known to arrive.
    #[cfg(feature = "redis")]
    pub(crate) fn probe(&self) -> Arc<dyn Fn() -> bool + Send + Sync> {
        let (liveness, clock) = (Arc::clone(&self.liveness), Arc::clone(&self.clock));
        Arc::new(move || liveness.is_live(Tick::now(&*clock)))
    }

    /// Has the store forget what `message` invalidates.
    fn forget_named(&self, message: &BusMessage) {
        match message {
            BusMessage::Invalidated { names, .. } | BusMessage::WriteApplied { names, .. } => {
                if let Some(store) = self.store.get().and_then(Weak::upgrade) {
                    store.forget(names);
                }
            }
            // A person may have removed more than the message names.
            BusMessage::ExternalCommand(..) => self.forget_all(),
            _ => {}
        }
    }

    fn forget_all(&self) {
        if let Some(store) = self.store.get().and_then(Weak::upgrade) {
            store.forget_all();
        }
    }

    /// Returns the function that the store must call with each of its events.
    pub(crate) fn sink(self: &Arc<Self>) -> EventSink {
        let bus = Arc::clone(self);
        Arc::new(move |message| bus.receive(message))
    }

    fn receive(&self, message: StoreEvent) {
        match message {
            StoreEvent::Up(true) => {
                self.outbox.resend_recent();
                self.sweeps.now.notify_one();
            }
            StoreEvent::Up(false) => {}
            StoreEvent::Wake(name) => self.lease_waiters.wake(&name),
            StoreEvent::Subscribed(subscription) => {
                let mut latest = self.subscription.lock();
                if *latest > subscription {
                    return;
                }
                *latest = subscription;
                // This comes before the bus is live again, because messages since the last
                // subscription may be lost.
                if !removed!(self.terms, NoEpoch) {
                    self.note_gap();
                }
                self.liveness.begin(subscription);
                self.acks.subscribed();
                self.heartbeat_now.notify_one();
            }
            StoreEvent::Unsubscribed(subscription) => {
                let latest = self.subscription.lock();
                if *latest == subscription {
                    self.liveness.end();
                    self.acks.unsubscribed();
                }
            }
            StoreEvent::Received(BusMessage::Sealed(bytes)) => {
                match open_message(self.sealer.as_deref(), &bytes) {
                    Some(message) => self.handle(message),
                    None => self.note_unknown(),
                }
            }
            StoreEvent::Received(message) if is_forged(self.sealer.as_deref(), &message) => {}
            StoreEvent::Received(message) => self.handle(message),
            StoreEvent::Unknown => self.note_unknown(),
        }
    }

    /// Handles a message that cannot be read, and may be an invalidation.
    fn note_unknown(&self) {
        if !removed!(self.terms, IgnoreUnknownMessage) {
            trace::unknown_message(&self.node.channel());
            self.note_gap();
            // An acknowledged invalidation of this node may wait for the node that sent the message.
            self.acks.subscribed();
        }
    }

    /// Wakes the waiters for the lease of the entry `name`.
    pub(crate) fn wake(&self, name: &StoreKey) {
        match &self.sealer {
            Some(sealer) => self.lease_waiters.wake(&name_in_store(sealer, name)),
            None => self.lease_waiters.wake(name),
        }
    }

    /// Adds a waiter for the lease of the entry `name`.
    pub(crate) fn lease_waiter(&self, name: &StoreKey) -> LeaseWaiter {
        // The message that a lease ended has the name that the store has.
        match &self.sealer {
            Some(sealer) => self.lease_waiters.enter(&name_in_store(sealer, name)),
            None => self.lease_waiters.enter(name),
        }
    }

    fn handle(&self, message: BusMessage) {
        if removed!(self.terms, Deaf) && !matches!(message, BusMessage::Heartbeat { .. }) {
            return;
        }
        self.watchers.see(&message);
        self.forget_named(&message);
        match message {
            BusMessage::Heartbeat { subscription, sent } => {
                let (sent, now) = (Tick::from_nanos(sent), Tick::now(&*self.clock));
                // This node sent no heartbeat in the future.
                if sent <= now {
                    self.liveness.confirm(subscription, sent);
                    self.heartbeats.fetch_add(1, Ordering::Relaxed);
                    self.round_trip.record(now.since(sent));
                }
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
            message @ (BusMessage::Ask { .. } | BusMessage::Answer { .. }) => {
                self.handle_question(&message);
            }
            // An encrypted message contains no other.
            BusMessage::Sealed(_) | BusMessage::WriteApplied { .. } | BusMessage::Hello { .. } => {}
        }
    }

    /// Handles a question of another node, or an answer to a question of this node.
    fn handle_question(&self, message: &BusMessage) {
        match message {
            BusMessage::Ask {
                from,
                number,
                question,
            } if *from != self.node => {
                let now = Tick::now(&*self.clock);
                let asked = Asked {
                    from: *from,
                    number: *number,
                    question: *question,
                };
                self.questions.asked(asked, now);
            }
            #[cfg(feature = "json")]
            BusMessage::Answer { by, number, text } => {
                let answer = AnswerReceived {
                    by: *by,
                    text: text.clone(),
                };
                self.open_questions.answer_received(*number, answer);
            }
            _ => {}
        }
    }

    /// Applies the invalidation of `targets`, which this node carries out for a dead node, to this
    /// node's memory.
    pub(crate) fn apply(&self, targets: &InvalidationTargets) {
        if let Some(listener) = self.listener() {
            listener.apply(targets);
        }
    }

    /// Records that messages of other nodes were lost, or may have been lost. The cache then
    /// validates each entry in memory again before the entry is served.
    fn note_gap(&self) {
        self.bus_interruptions.fetch_add(1, Ordering::Relaxed);
        self.forget_all();
        if let Some(listener) = self.listener() {
            listener.missed_messages();
        }
    }

    fn listener(&self) -> Option<Arc<dyn Listener>> {
        self.listener.get()?.upgrade()
    }

    /// Records that the runtime of the heartbeat task ran at `now`.
    pub(crate) fn note_beat(&self, now: Tick) {
        self.last_beat.store(now.nanos(), Ordering::Relaxed);
    }

    /// Returns the time at which the runtime of the heartbeat task last ran, as far as is known.
    pub(crate) fn last_beat(&self) -> Tick {
        Tick::from_nanos(self.last_beat.load(Ordering::Relaxed))
    }

    /// Stops serving from memory, and then sends a goodbye, so that no node waits for
    /// acknowledgements of this node. The caller must call this method after this node has
    /// acknowledged the invalidations that it received.
    pub(crate) async fn say_goodbye(&self, store: &dyn Store, until: Instant) {
        self.liveness.leave();
        self.watchers.close();
        // The heartbeat task and the sweeper wake and end.
        self.heartbeat_now.notify_one();
        self.sweeps.now.notify_one();
        let goodbye = BusMessage::Goodbye { from: self.node };
        // If a node does not receive the goodbye, its acknowledged invalidations only take longer.
        let _ = store.tell(None, &goodbye, until).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::clock::SystemClock;

    /// A task whose runtime stood still reports its subscription late.
    #[test]
    fn an_earlier_subscription_changes_nothing() {
        let terms = BusTimings::of(Duration::from_secs(1), Duration::ZERO);
        let clock = Arc::new(SystemClock::new());
        let bus = BusClient::new(terms, Outbox::default(), None, clock);
        let now = Tick::from_nanos(10);
        let says = |event| bus.receive(event);
        says(StoreEvent::Subscribed(1));
        says(StoreEvent::Unsubscribed(1));
        assert_eq!(bus.liveness.heartbeat(now), None);
        says(StoreEvent::Subscribed(2));
        says(StoreEvent::Unsubscribed(1));
        says(StoreEvent::Subscribed(1));
        let heartbeat = bus.liveness.heartbeat(now).expect("it is subscribed");
        assert_eq!(heartbeat.subscription, 2);
        assert_eq!(bus.bus_interruptions.load(Ordering::Relaxed), 2);
    }
}
