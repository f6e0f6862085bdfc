//! The state that all caches over one fake store share, and the delivery of its events.

use std::collections::{HashSet, VecDeque};
use std::sync::Weak;

use crate::base::sync::{Mutex, MutexGuard};
use crate::store::event::{EventSink, StoreEvent};
use crate::store::fake::data::Data;
#[cfg(cachekit_faults)]
use crate::store::fake::traffic::{Traffic, arrives};
use crate::store::fake::trouble::{Step, Troubles};
use crate::store::message::NodeId;
use crate::store::process_queue::ProcessQueues;

/// The state that all caches over one fake store share.
#[derive(Default)]
pub(crate) struct Shared(Mutex<State>, pub(crate) ProcessQueues);

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a trouble of its own"
)]
pub(crate) struct State {
    pub(crate) data: Data,
    pub(crate) troubles: Troubles,
    pub(crate) is_unreachable: bool,
    /// `true` if no cache has a bus subscription, and a cache that opens the store now gets none.
    pub(crate) is_cut: bool,
    /// `true` if the messages that wake waiters for a lease are lost.
    pub(crate) is_mute: bool,
    /// `true` if the messages that nodes send to each other and to themselves are lost.
    pub(crate) is_silent: bool,
    /// `true` if the server says that a restart loses its data.
    pub(crate) is_volatile: bool,
    pub(crate) log: Vec<Step>,
    /// The messages that the store carried, if a test counts them. They then arrive as bytes, as from
    /// Redis.
    #[cfg(cachekit_faults)]
    pub(crate) traffic: Option<Traffic>,
    /// The number of times that a cache reported an answer that belonged to another command.
    pub(crate) suspicions: usize,
    /// The operations that were sent to the store and have not run yet.
    pub(crate) held: Vec<Later>,
    pub(crate) listeners: Vec<Listener>,
    /// The numbers of the caches whose processes died.
    pub(crate) dead: HashSet<usize>,
    /// The number of caches that have opened the store so far.
    pub(crate) opened: usize,
    /// The number of bus subscriptions, without the first one of each cache.
    pub(crate) subscriptions: u64,
}

/// A cache that receives the events of the fake store.
pub(crate) struct Listener {
    /// The number of this cache in the order in which caches opened the store, from zero.
    pub(crate) number: usize,
    pub(crate) node: NodeId,
    pub(crate) sink: Weak<dyn Fn(StoreEvent) + Send + Sync>,
    /// The number of the cache's bus subscription. `None` if the test has cut the subscription, so
    /// that messages to the cache are lost.
    pub(crate) subscription: Option<u64>,
    /// The messages to this cache that the test holds back. `None` if messages arrive at once.
    pub(crate) on_their_way: Option<VecDeque<StoreEvent>>,
}

pub(crate) type Later = Box<dyn FnOnce(&mut Data) + Send>;

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// Runs `step` on the data of the fake store, and wakes the waiters for the leases that `step`
    /// ended.
    pub(crate) fn run<T>(&self, step: impl FnOnce(&mut Data) -> T) -> T {
        let mut state = self.lock();
        let done = step(&mut state.data);
        let woken = std::mem::take(&mut state.data.woken);
        let is_mute = state.is_mute;
        drop(state);
        if !is_mute {
            for name in woken {
                self.tell(None, &StoreEvent::Wake(name));
            }
        }
        done
    }

    /// Returns the nodes that listen now.
    pub(crate) fn listening(&self) -> HashSet<NodeId> {
        let state = self.lock();
        let listeners = state.listeners.iter();
        let listening =
            listeners.filter(|it| it.subscription.is_some() && it.sink.strong_count() > 0);
        listening.map(|listener| listener.node).collect()
    }

    /// Sends `message` to the listener of the node `whom`, or to all listeners if `whom` is `None`.
    pub(crate) fn tell(&self, whom: Option<NodeId>, message: &StoreEvent) {
        let mut state = self.lock();
        if state.is_silent && matches!(message, StoreEvent::Received(_)) {
            return;
        }
        state
            .listeners
            .retain(|listener| listener.sink.strong_count() > 0);
        let mut sinks: Vec<EventSink> = vec![];
        for listener in &mut state.listeners {
            let is_meant = whom.is_none_or(|whom| whom == listener.node);
            if !is_meant || listener.subscription.is_none() {
                continue;
            }
            match &mut listener.on_their_way {
                Some(queue) => queue.push_back(message.clone()),
                None => sinks.extend(listener.sink.upgrade()),
            }
        }
        #[cfg(cachekit_faults)]
        let bytes = state
            .traffic
            .as_mut()
            .and_then(|traffic| traffic.count(message, sinks.len()));
        // The lock is released, because a listener may use the store at once.
        drop(state);
        for sink in sinks {
            #[cfg(cachekit_faults)]
            if let Some(message) = bytes.as_deref().and_then(arrives) {
                sink(message);
                continue;
            }
            sink(message.clone());
        }
    }
}
