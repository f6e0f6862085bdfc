//! The wait of an acknowledged invalidation until every node has applied the invalidation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::base::clock::Tick;
use crate::base::sync::{Mutex, MutexGuard};
use crate::l2::bus::membership::{AckProgress, Membership};
use crate::l2::bus::timings::BusTimings;
use crate::store::message::NodeId;

/// The nodes that may serve from memory, and the acknowledgements of this node's invalidations that
/// are still missing.
#[derive(Debug)]
pub(crate) struct Acks {
    terms: BusTimings,
    /// The start of the clock for messages and acknowledgements. Unlike the coarse clock that hits
    /// read, this clock is never behind.
    began: Instant,
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: Membership<NodeId>,
    pending: HashMap<u64, AckState>,
}

#[derive(Debug)]
struct AckState {
    answers: AckProgress<NodeId>,
    changed: Arc<Notify>,
}

/// An acknowledged invalidation of this node that waits for the acknowledgements of other nodes.
/// When a `PendingAck` is dropped, the acknowledgements that arrived for its invalidation are
/// forgotten.
#[derive(Debug)]
pub(crate) struct PendingAck {
    acks: Arc<Acks>,
    pub(crate) number: u64,
    changed: Arc<Notify>,
    sent: Tick,
}

impl Acks {
    pub(crate) fn new(terms: BusTimings) -> Arc<Self> {
        Arc::new(Self {
            terms,
            began: Instant::now(),
            next: AtomicU64::new(0),
            state: Mutex::default(),
        })
    }

    /// Begins an acknowledged invalidation with a new number. Acknowledgements with this number are
    /// recorded from now on, even before [`PendingAck::all`] is called.
    pub(crate) fn begin(self: &Arc<Self>) -> PendingAck {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let changed = Arc::<Notify>::default();
        let ack = AckState {
            answers: AckProgress::new(number),
            changed: Arc::clone(&changed),
        };
        self.lock().pending.insert(number, ack);
        PendingAck {
            acks: Arc::clone(self),
            number,
            changed,
            sent: self.now(),
        }
    }

    /// Records that a bus subscription began, so that messages of other nodes arrive from now on.
    /// The time for which this node has listened without interruption starts again.
    pub(crate) fn subscribed(&self) {
        let now = self.now();
        self.lock().members.subscribed(now, &self.terms);
    }

    /// Records that the bus subscription ended, so that no more messages of other nodes arrive.
    pub(crate) fn unsubscribed(&self) {
        self.lock().members.unsubscribed(&self.terms);
    }

    /// Records that a message of `node` arrived, so that acknowledged invalidations wait for the
    /// acknowledgement of `node`.
    pub(crate) fn message_received(&self, node: NodeId) {
        let now = self.now();
        self.lock().members.message_received(node, now, &self.terms);
    }

    /// Records that a hello of `node` arrived: the node may serve from memory.
    pub(crate) fn hello_received(&self, node: NodeId) {
        let now = self.now();
        let mut state = self.lock();
        state.members.hello_received(node, now, &self.terms);
    }

    /// Records that a goodbye of `node` arrived: the node no longer serves from memory, and no
    /// invalidation waits for the node's acknowledgement.
    pub(crate) fn goodbye_received(&self, node: NodeId) {
        let now = self.now();
        let mut state = self.lock();
        state.members.goodbye_received(node, now, &self.terms);
        for ack in state.pending.values() {
            ack.changed.notify_one();
        }
    }

    /// Records that the node `by` has applied the invalidation that this node numbered `number`.
    pub(crate) fn ack_received(&self, by: NodeId, number: u64) {
        self.message_received(by);
        if let Some(ack) = self.lock().pending.get_mut(&number) {
            ack.answers.applied.insert(by);
            ack.changed.notify_one();
        }
    }

    /// Records that the message of this node's own invalidation `number` came back over the bus.
    /// All messages that the server accepted before that message have arrived.
    pub(crate) fn echo_received(&self, number: u64) {
        for ack in self.lock().pending.values_mut() {
            ack.answers.echo_received(number, &self.terms);
            ack.changed.notify_one();
        }
    }

    /// Returns the number of other nodes that this node has heard of lately.
    pub(crate) fn live_nodes(&self) -> usize {
        let now = self.now();
        self.lock().members.live(now, &self.terms).count()
    }

    fn now(&self) -> Tick {
        Tick::default().after(self.began.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl PendingAck {
    /// Waits until no node serves a value from before the invalidation, or until the time `within`
    /// has passed. The caller must call this method as soon as the server has accepted the
    /// invalidation.
    ///
    /// The first result is `true` if every node acknowledged the invalidation. The second result is
    /// `true` if certainly no node serves an older value, because every node acknowledged the
    /// invalidation or no longer serves from memory.
    pub(crate) async fn all(&self, within: Option<std::time::Duration>) -> (bool, bool) {
        let (acks, answered) = (&*self.acks, self.acks.now());
        let promised = AckProgress::<NodeId>::waits_until(self.sent, answered, &acks.terms);
        let end = within.map_or(promised, |within| answered.after(within).min(promised));
        let all = async {
            while !self.is_complete() {
                self.changed.notified().await;
            }
        };
        let at = acks.began + end.since(Tick::default());
        if timeout_at(at, all).await.is_ok() {
            return (true, true);
        }
        let mut state = acks.lock();
        let State { members, pending } = &mut *state;
        if let Some(ack) = pending.get(&self.number) {
            ack.answers.give_up(members, &acks.terms);
        }
        (false, end == promised)
    }

    fn is_complete(&self) -> bool {
        let (acks, now) = (&*self.acks, self.acks.now());
        let state = acks.lock();
        let ack = state.pending.get(&self.number);
        ack.is_some_and(|ack| {
            let answers = &ack.answers;
            answers.is_complete(&state.members, now, &acks.terms)
        })
    }
}

impl Drop for PendingAck {
    fn drop(&mut self) {
        self.acks.lock().pending.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_all_that_are_there_and_leaves_nothing_behind() {
        let terms = BusTimings::of(TIMEOUT, Duration::ZERO);
        let acks = Acks::new(terms);
        acks.subscribed();
        tokio::time::advance(TIMEOUT * 2).await;
        let [one, two] = [1, 2].map(|n| NodeId([n; 16]));
        for node in [one, two] {
            acks.message_received(node);
        }
        let pending = acks.begin();
        acks.ack_received(one, pending.number);
        acks.echo_received(pending.number);
        assert!(!pending.is_complete());
        let start = Instant::now();
        let cut_short = pending.all(Some(TIMEOUT / 10)).await;
        assert_eq!(cut_short, (false, false));
        assert_eq!(start.elapsed(), TIMEOUT / 10);
        assert_eq!(pending.all(None).await, (false, true));
        acks.ack_received(two, pending.number);
        assert_eq!(pending.all(None).await, (true, true));
        drop(pending);
        assert!(acks.lock().pending.is_empty());
    }
}
