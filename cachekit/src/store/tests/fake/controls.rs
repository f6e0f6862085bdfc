//! The store in a test's hands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::fault::Faults;
use crate::store::key_name::StoreKey;
use crate::store::message::NodeId;
use crate::store::port::{EventSink, Store, StoreEvent};
use crate::store::tests::fake::trouble::{Op, Step, Trouble};
use crate::store::tests::fake::{Fake, Listener, Shared};

/// A store in memory that caches share. Clones are the same store.
///
/// It knows one namespace: all its caches have the same.
#[derive(Clone, Default)]
pub struct FakeStore {
    shared: Arc<Shared>,
    /// Guards that are removed from caches that open it.
    pub(crate) faults: Faults,
}

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore").finish_non_exhaustive()
    }
}

impl FakeStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The store for one cache.
    pub(crate) fn open(&self, node: NodeId, sink: EventSink) -> Arc<dyn Store> {
        let mut fake = Fake::new(Arc::clone(&self.shared), node, sink);
        fake.faults = self.faults;
        Arc::new(fake)
    }

    /// The next operation of this kind meets `trouble`.
    pub fn once(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.once(op, trouble);
    }

    /// Every operation of this kind meets `trouble`, until [`heal`](Self::heal).
    pub fn always(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.always(op, trouble);
    }

    /// No more troubles. What is held stays held.
    pub fn heal(&self) {
        self.shared.lock().troubles.clear();
    }

    /// Cuts every connection, or lets them come back.
    pub fn away(&self, is_unreachable: bool) {
        self.shared.lock().is_unreachable = is_unreachable;
        self.shared.tell(None, &StoreEvent::Up(!is_unreachable));
    }

    /// Loses the messages to those who wait, or does not any more.
    pub fn mute(&self, is_mute: bool) {
        self.shared.lock().is_mute = is_mute;
    }

    /// Loses what nodes tell one another and themselves, or does not any more.
    pub fn silence(&self, is_silent: bool) {
        self.shared.lock().is_silent = is_silent;
    }

    /// What is told the cache that was opened as this one, counted from zero, arrives only when
    /// the test [`deliver`](Self::deliver)s it.
    pub fn hold_messages(&self, number: usize) {
        self.listener(number, |listener| listener.on_their_way = Some([].into()));
    }

    /// Delivers the next of them; whether there was one.
    pub fn deliver(&self, number: usize) -> bool {
        let next = self.listener(number, |listener| {
            let message = listener.on_their_way.as_mut()?.pop_front()?;
            Some((listener.sink.upgrade()?, message))
        });
        let Some((sink, message)) = next.flatten() else {
            return false;
        };
        sink(message);
        true
    }

    /// Delivers all of them, and those to come at once.
    pub fn deliver_all(&self, number: usize) {
        while self.deliver(number) {}
        self.listener(number, |listener| listener.on_their_way = None);
    }

    /// Ends the subscription of that cache: what is told it is lost, also what is on its way.
    pub fn cut(&self, number: usize) {
        let sink = self.listener(number, |listener| {
            listener.subscription = None;
            if let Some(queue) = &mut listener.on_their_way {
                queue.clear();
            }
            listener.sink.upgrade()
        });
        if let Some(sink) = sink.flatten() {
            sink(StoreEvent::Unsubscribed);
        }
    }

    /// Messages arrive again, by another subscription that the cache does not know of yet.
    pub fn reconnect(&self, number: usize) {
        let subscription = {
            let mut state = self.shared.lock();
            state.subscriptions += 1;
            // The first of each cache has the number 1.
            state.subscriptions + 1
        };
        self.listener(number, |listener| {
            listener.subscription = Some(subscription);
        });
    }

    /// The same, and the cache knows.
    pub fn mend(&self, number: usize) {
        self.reconnect(number);
        let listener = self.listener(number, |listener| {
            Some((listener.sink.upgrade()?, listener.subscription?))
        });
        if let Some((sink, subscription)) = listener.flatten() {
            sink(StoreEvent::Subscribed(subscription));
        }
    }

    fn listener<T>(&self, number: usize, change: impl FnOnce(&mut Listener) -> T) -> Option<T> {
        let mut state = self.shared.lock();
        let mut listeners = state.listeners.iter_mut();
        listeners
            .find(|listener| listener.number == number)
            .map(change)
    }

    /// Runs what was held; says how many operations.
    pub fn release(&self) -> usize {
        let held = std::mem::take(&mut self.shared.lock().held);
        let count = held.len();
        for step in held {
            self.shared.run(step);
        }
        count
    }

    /// How many operations are held.
    pub fn held(&self) -> usize {
        self.shared.lock().held.len()
    }

    /// Loses everything.
    pub fn flush(&self) {
        self.shared.lock().data.retain(|_| false);
    }

    /// Loses one name, as `k:user:42`.
    pub fn evict(&self, name: &str) {
        self.shared
            .lock()
            .data
            .remove(&[StoreKey::read(name.as_bytes())]);
    }

    /// Loses every version, and keeps the entries.
    pub fn lose_versions(&self) {
        self.shared.lock().data.retain(StoreKey::is_entry);
    }

    /// The names of all that it keeps, in order.
    pub fn names(&self) -> Vec<String> {
        let state = self.shared.lock();
        let shown = |name: &StoreKey| String::from_utf8_lossy(name.as_bytes()).into_owned();
        let mut names: Vec<String> = state.data.names().map(shown).collect();
        names.sort();
        names
    }

    /// Whether it keeps something under `name`, as a value or as a token.
    pub fn has(&self, name: &str) -> bool {
        let name = StoreKey::read(name.as_bytes());
        self.shared.lock().data.get(&name).is_some()
    }

    /// How much longer it keeps `name`; zero where that is not known.
    pub fn left(&self, name: &str) -> Duration {
        self.shared
            .lock()
            .data
            .left(&StoreKey::read(name.as_bytes()))
    }

    /// How often it was found to answer something else than it was asked.
    pub fn suspicions(&self) -> usize {
        self.shared.lock().suspicions
    }

    /// What was asked since the log was last taken.
    pub fn take_log(&self) -> Vec<Step> {
        std::mem::take(&mut self.shared.lock().log)
    }

    /// How often this kind was asked since the log was last taken.
    pub fn count(&self, op: Op) -> usize {
        let state = self.shared.lock();
        state.log.iter().filter(|step| step.op == op).count()
    }
}
