//! What this node hears from others, and what it says to itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::Core;
use super::doomed::Doomed;
use super::roll::Roll;
use crate::acks::Acks;
use crate::clock::{Clock, Tick};
use crate::event;
use crate::fault::{Fault, Faults};
use crate::length::from_now;
use crate::outbox::Outbox;
use crate::remote::bulletin::{Bulletin, NodeId};
use crate::remote::{Failure, Message, Sink, Store};
use crate::trust::Trust;
use crate::wakes::Wakes;

/// How many echoes, at least, one trusts before the first is missed.
const ECHOES: u32 = 4;

/// Where messages arrive. It is there before the store, and the cache after.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) node: NodeId,
    pub(super) outbox: Arc<Outbox>,
    pub(super) wakes: Arc<Wakes>,
    pub(super) trust: Arc<Trust>,
    pub(super) acks: Arc<Acks>,
    pub(super) voice: Voice,
    pub(super) roll: Roll,
    /// Times that messages were, or may have been, missed.
    pub(super) interruptions: AtomicU64,
    /// Messages of others that arrived, and echoes of its own.
    pub(super) messages: AtomicU64,
    pub(super) echoes: AtomicU64,
    /// An echo should be sent at once.
    kick: Notify,
    core: OnceLock<Weak<Core>>,
    pub(super) faults: Faults,
}

/// Under which life this node speaks, and how many of its invalidations were accepted.
#[derive(Debug)]
pub(super) struct Voice {
    node: NodeId,
    life: Mutex<(u32, u64)>,
}

impl Voice {
    /// Who speaks now, and how many invalidations it has sent.
    pub(super) fn now(&self) -> (NodeId, u64) {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        (self.node.in_life(life.0), life.1)
    }

    /// What came of an invalidation that `from` sent.
    pub(super) fn sent(&self, from: NodeId, told: &Result<(), Failure>) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        if self.node.in_life(life.0) != from {
            return;
        }
        match told {
            Ok(()) => life.1 += 1,
            // Others may have heard it or not: they begin to count anew.
            Err(failure) if failure.is_ambiguous() => *life = (life.0 + 1, 0),
            Err(_) => {}
        }
    }
}

impl Desk {
    /// For hits whose clock is behind by up to `lag`.
    pub(crate) fn new(bus_timeout: Duration, lag: Duration, faults: Faults) -> Arc<Self> {
        let node = NodeId::random();
        // By such a clock memory would be served for so much longer.
        let heard_for = bus_timeout.saturating_sub(lag).max(bus_timeout / 2);
        Arc::new(Self {
            node,
            outbox: Arc::default(),
            wakes: Arc::default(),
            trust: Arc::new(Trust::new(heard_for)),
            acks: Arc::default(),
            voice: Voice {
                node,
                life: Mutex::default(),
            },
            roll: Roll::new(bus_timeout),
            interruptions: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            echoes: AtomicU64::new(0),
            kick: Notify::new(),
            core: OnceLock::new(),
            faults,
        })
    }

    /// From here on, messages change what is in `core`.
    pub(super) fn attend(&self, core: &Arc<Core>) {
        // Once: a cache has one desk.
        let _ = self.core.set(Arc::downgrade(core));
    }

    /// What the store's messages do.
    pub(crate) fn sink(self: &Arc<Self>) -> Sink {
        let desk = Arc::clone(self);
        Arc::new(move |message| desk.take(message))
    }

    fn take(&self, message: Message) {
        match message {
            Message::Up(true) => {
                self.roll.reconnected();
                self.outbox.repeat_recent();
            }
            Message::Up(false) => {}
            Message::Wake(name) => self.wakes.wake(&name),
            Message::Subscribed(subscription) => {
                // Before trust begins anew: what came in between is unknown.
                if !self.faults.has(Fault::NoEpoch) {
                    self.interrupted();
                }
                self.trust.begin(subscription);
                self.kick.notify_one();
            }
            Message::Told(bulletin) => self.hear(bulletin),
            Message::Unknown => {
                if !self.faults.has(Fault::IgnoreUnknownMessage) {
                    event::unknown_message();
                    self.interrupted();
                }
            }
        }
    }

    fn hear(&self, bulletin: Bulletin) {
        if self.faults.has(Fault::Deaf) && !matches!(bulletin, Bulletin::Echo { .. }) {
            return;
        }
        match bulletin {
            Bulletin::Echo { subscription, sent } => {
                self.trust.confirm(subscription, Tick::from_nanos(sent));
                self.echoes.fetch_add(1, Ordering::Relaxed);
            }
            Bulletin::Invalidated {
                from,
                ack,
                manner,
                names,
            } if !from.is_same_node(self.node) => {
                self.trust.heard(from);
                if let Some(core) = self.core() {
                    core.apply(&Doomed::named(&names).by(manner));
                    self.messages.fetch_add(1, Ordering::Relaxed);
                    if let Some(ack) = ack {
                        core.say_applied(from, self.node, ack);
                    }
                }
            }
            Bulletin::Written { from, names } if !from.is_same_node(self.node) => {
                self.trust.heard(from);
                if let Some(core) = self.core() {
                    core.apply_written(&Doomed::named(&names).keys);
                    self.messages.fetch_add(1, Ordering::Relaxed);
                }
            }
            Bulletin::Count {
                from,
                invalidations,
            } if !from.is_same_node(self.node) => {
                if self.trust.is_missing(from, invalidations) && !self.faults.has(Fault::IgnoreGaps)
                {
                    event::message_lost();
                    self.interrupted();
                }
            }
            Bulletin::Applied { by, ack } => self.acks.applied(by, ack),
            Bulletin::Asked(manner, requests) => {
                if let Some(core) = self.core() {
                    core.do_as_asked(manner, requests);
                    self.messages.fetch_add(1, Ordering::Relaxed);
                }
            }
            Bulletin::Invalidated { .. } | Bulletin::Written { .. } | Bulletin::Count { .. } => {}
        }
    }

    /// Messages were, or may have been, missed: what is in memory is asked for again.
    fn interrupted(&self) {
        self.interruptions.fetch_add(1, Ordering::Relaxed);
        if let Some(core) = self.core() {
            core.tags.invalidate_epoch(&core.bus_epoch);
        }
    }

    fn core(&self) -> Option<Arc<Core>> {
        self.core.get()?.upgrade()
    }

    /// Puts this node's name on the list of those that are waited for; whether it may serve
    /// from memory then.
    async fn join(&self, store: &dyn Store, member: u32, until: Instant) -> bool {
        let name = self.node.in_life(member);
        match store.join(name, until).await {
            Ok(is_new) => {
                self.roll.joined(name, is_new);
                true
            }
            // A server that is full takes no names. Memory is served all the same, and who
            // waits for acknowledgements waits for those that are not on the list.
            Err(Failure::Refused(_)) => {
                self.roll.refused();
                true
            }
            Err(_) => false,
        }
    }
}

/// Sends the echoes by which this node knows that messages come through, and tells the
/// others how many invalidations it has sent.
pub(super) async fn beat(
    desk: Arc<Desk>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    bus_timeout: Duration,
) {
    let period = bus_timeout / ECHOES;
    let mut left_at = Tick::now(&*clock);
    // In which subscription this node put its name on the list last, and when.
    let mut joined = (0, left_at);
    let mut member = 0;
    let mut was_heard = false;
    for beat in 0_u32.. {
        let now = Tick::now(&*clock);
        let is_heard = desk.trust.covers(now);
        if is_heard != was_heard {
            was_heard = is_heard;
            if is_heard {
                event::memory_trusted();
            } else {
                event::memory_not_trusted();
            }
        }
        let subscription = desk.trust.subscription();
        if subscription != 0 {
            let until = from_now(period);
            let counts = beat.is_multiple_of(ECHOES);
            // Before memory is trusted, so that whoever wants to know waits for this node;
            // under a new name, for the old one may be struck out right now. And again before
            // each echo that would be sent `bus_timeout` later, for a server that lost it: no
            // node is trusted for long that is not on the list.
            if joined.0 != subscription || !desk.trust.covers(now) {
                joined.0 = 0;
                member += 1;
            }
            if joined.0 == 0 || now.since(joined.1) >= period * (ECHOES - 1) {
                let is_on_it = desk.join(&*store, member, until).await;
                joined = (if is_on_it { subscription } else { 0 }, now);
            }
            if joined.0 == subscription {
                let echo = Bulletin::Echo {
                    subscription,
                    sent: now.nanos(),
                };
                // A lost one shows by itself.
                let _ = store.tell(Some(desk.node), &echo, until).await;
            }
            if counts {
                let (from, invalidations) = desk.voice.now();
                let count = Bulletin::Count {
                    from,
                    invalidations,
                };
                let _ = store.tell(None, &count, until).await;
            }
        }
        let silent_since = desk.trust.until().max(left_at);
        if subscription != 0 && now.since(silent_since) > bus_timeout && store.is_up() {
            // The connection hangs: another may not.
            left_at = now;
            store.listen_anew();
        }
        let _ = timeout(period, desk.kick.notified()).await;
    }
}
