//! The controls of the fake store, for tests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::fault::Faults;
use crate::store::key_name::StoreKey;
use crate::store::message::NodeId;
use crate::store::port::{EventSink, Store, StoreEvent};
use crate::store::tests::fake::trouble::{Op, Step, Trouble};
use crate::store::tests::fake::{Fake, Listener, Shared};

/// A store in memory that caches share. Clones are handles to one store.
///
/// It has a single namespace, which all its caches use.
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
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the store for one cache.
    pub(crate) fn open(&self, node: NodeId, sink: EventSink) -> Arc<dyn Store> {
        let mut fake = Fake::new(Arc::clone(&self.shared), node, sink);
        fake.faults = self.faults;
        Arc::new(fake)
    }

    /// Lets the next operation of this kind meet `trouble`.
    pub fn once(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.once(op, trouble);
    }

    /// Lets every operation of this kind meet `trouble`, until [`heal`](Self::heal).
    pub fn always(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.always(op, trouble);
    }

    /// Ends all troubles. Held operations stay held.
    pub fn heal(&self) {
        self.shared.lock().troubles.clear();
    }

    /// Cuts every connection, or lets the connections come back.
    pub fn away(&self, is_unreachable: bool) {
        self.shared.lock().is_unreachable = is_unreachable;
        self.shared.tell(None, &StoreEvent::Up(!is_unreachable));
    }

    /// Starts or stops losing the messages that wake waiters.
    pub fn mute(&self, is_mute: bool) {
        self.shared.lock().is_mute = is_mute;
    }

    /// Starts or stops losing the messages that nodes send to each other and to themselves.
    pub fn silence(&self, is_silent: bool) {
        self.shared.lock().is_silent = is_silent;
    }

    /// Holds the messages to a cache, by the number of its opening from zero. They arrive only when
    /// the test [`deliver`](Self::deliver)s them.
    pub fn hold_messages(&self, number: usize) {
        self.listener(number, |listener| listener.on_their_way = Some([].into()));
    }

    /// Delivers the next held message. Returns `true` if there was one.
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

    /// Delivers all held messages, and later ones at once.
    pub fn deliver_all(&self, number: usize) {
        while self.deliver(number) {}
        self.listener(number, |listener| listener.on_their_way = None);
    }

    /// Ends the subscription of that cache: messages to it are lost, also those on their way.
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

    /// Lets messages arrive again, by a new subscription that the cache does not know of yet.
    pub fn reconnect(&self, number: usize) {
        let subscription = {
            let mut state = self.shared.lock();
            state.subscriptions += 1;
            // The first subscription of each cache has the number 1.
            state.subscriptions + 1
        };
        self.listener(number, |listener| {
            listener.subscription = Some(subscription);
        });
    }

    /// Ends a cache as the loss of its host does: nothing that it sends from now on arrives, and the
    /// server does not notice.
    pub fn lose_host(&self, number: usize) {
        self.shared.lock().dead.insert(number);
    }

    /// Ends a cache as the death of its process does: nothing that it sends from now on arrives, and
    /// nobody listens on its channel.
    pub fn kill(&self, number: usize) {
        self.lose_host(number);
        self.cut(number);
    }

    /// Returns the number of marks of open writes.
    pub fn marks(&self) -> usize {
        self.shared.lock().data.marks.len()
    }

    /// Reconnects, and notifies the cache of the subscription.
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

    /// Runs the held operations, and returns their number.
    pub fn release(&self) -> usize {
        let held = std::mem::take(&mut self.shared.lock().held);
        let count = held.len();
        for step in held {
            self.shared.run(step);
        }
        count
    }

    /// Returns the number of held operations.
    pub fn held(&self) -> usize {
        self.shared.lock().held.len()
    }

    /// Loses everything.
    pub fn flush(&self) {
        let mut state = self.shared.lock();
        state.data.retain(|_| false);
        state.data.marks.clear();
    }

    /// Loses one name, such as `k:user:42`.
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

    /// Returns all names in the store, sorted.
    pub fn names(&self) -> Vec<String> {
        let state = self.shared.lock();
        let shown = |name: &StoreKey| String::from_utf8_lossy(name.as_bytes()).into_owned();
        let mut names: Vec<String> = state.data.names().map(shown).collect();
        names.sort();
        names
    }

    /// Returns `true` if the store has something under `name`, a value or a token.
    pub fn has(&self, name: &str) -> bool {
        let name = StoreKey::read(name.as_bytes());
        self.shared.lock().data.get(&name).is_some()
    }

    /// Returns the remaining life of `name`; zero if it is not known.
    pub fn left(&self, name: &str) -> Duration {
        self.shared
            .lock()
            .data
            .left(&StoreKey::read(name.as_bytes()))
    }

    /// Returns how often a cache reported that an answer belonged to another question.
    pub fn suspicions(&self) -> usize {
        self.shared.lock().suspicions
    }

    /// Returns the operations since the log was last taken, and clears the log.
    pub fn take_log(&self) -> Vec<Step> {
        std::mem::take(&mut self.shared.lock().log)
    }

    /// Counts the operations of this kind since the log was last taken.
    pub fn count(&self, op: Op) -> usize {
        let state = self.shared.lock();
        state.log.iter().filter(|step| step.op == op).count()
    }
}
