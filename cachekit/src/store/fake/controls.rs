//! The handle by which tests share and control a fake store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::fault::Faults;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::failure::Failure;
use crate::store::fake::Fake;
use crate::store::fake::shared::{Listener, Shared};
use crate::store::message::NodeId;
use crate::store::port::Store;

/// A store in memory that the caches of a test share. Clones are handles to one store.
///
/// The store has a single namespace, which all its caches use.
#[derive(Clone, Default)]
pub struct FakeStore {
    pub(crate) shared: Arc<Shared>,
    /// The guards that are removed from every cache that opens this store.
    pub(crate) faults: Faults,
}

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore").finish_non_exhaustive()
    }
}

impl FakeStore {
    /// Makes an empty store in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the store for the cache `node`, which receives the store's events by `sink`.
    pub(crate) fn open(&self, node: NodeId, sink: EventSink) -> Arc<dyn Store> {
        let mut fake = Fake::new(Arc::clone(&self.shared), node, sink);
        fake.faults = self.faults;
        Arc::new(fake)
    }

    /// Removes all faults that `once` and `always` set. Held operations stay held.
    pub fn heal(&self) {
        self.shared.lock().troubles.clear();
    }

    /// Breaks the connections of all caches to the store if `is_unreachable`, and restores them
    /// otherwise.
    pub fn away(&self, is_unreachable: bool) {
        self.shared.lock().is_unreachable = is_unreachable;
        let failure = is_unreachable.then_some(Failure::Unavailable);
        self.shared.1.fail_with(failure);
        self.shared.tell(None, &StoreEvent::Up(!is_unreachable));
    }

    /// Delays the answer of every operation by `delay`, in place of all faults that were set before.
    pub(crate) fn slow_down(&self, delay: Duration) {
        let troubles = &mut self.shared.lock().troubles;
        troubles.clear();
        troubles.slow_down(delay);
    }

    /// Ends the connections and the bus subscriptions of all caches.
    pub(crate) fn fail(&self) {
        self.away(true);
        for number in self.cut_all(true) {
            self.cut(number);
        }
    }

    /// Ends the effects of [`fail`](Self::fail): the caches reach the store again, and each begins a new
    /// bus subscription.
    pub(crate) fn recover(&self) {
        self.shared.lock().is_unreachable = false;
        if self.shared.lock().is_cut {
            // A cache without a subscription gets no event, so the subscriptions begin first.
            for number in self.cut_all(false) {
                self.mend(number);
            }
        }
        self.away(false);
    }

    /// Sets whether caches that open the store from now on get no bus subscription (`is_cut`).
    /// Returns the numbers of the caches that have opened the store already.
    fn cut_all(&self, is_cut: bool) -> Vec<usize> {
        let mut state = self.shared.lock();
        state.is_cut = is_cut;
        state.listeners.iter().map(|it| it.number).collect()
    }

    /// Ends the bus subscription of the cache `number`. Messages to that cache are lost, held
    /// messages included.
    pub fn cut(&self, number: usize) {
        let sink = self.listener(number, |listener| {
            let ended = listener.subscription.take();
            if let Some(queue) = &mut listener.on_their_way {
                queue.clear();
            }
            Some((listener.sink.upgrade()?, ended?))
        });
        if let Some((sink, ended)) = sink.flatten() {
            sink(StoreEvent::Unsubscribed(ended));
        }
    }

    /// Begins a new bus subscription for the cache `number`, so that messages arrive again. The
    /// cache is not notified of the subscription.
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

    /// Begins a new bus subscription for the cache `number`, so that messages arrive again, and
    /// notifies the cache of the subscription.
    pub fn mend(&self, number: usize) {
        self.reconnect(number);
        let listener = self.listener(number, |listener| {
            Some((listener.sink.upgrade()?, listener.subscription?))
        });
        if let Some((sink, subscription)) = listener.flatten() {
            sink(StoreEvent::Subscribed(subscription));
        }
    }

    pub(crate) fn listener<T>(
        &self,
        number: usize,
        change: impl FnOnce(&mut Listener) -> T,
    ) -> Option<T> {
        let mut state = self.shared.lock();
        let mut listeners = state.listeners.iter_mut();
        listeners
            .find(|listener| listener.number == number)
            .map(change)
    }
}
