//! The mark of a running write: left before the write's body, renewed while the body runs.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, timeout_at};

use crate::base::durations::{cut, from_now};
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::select::select;
use crate::l2::recovery::BACKGROUND_TIMEOUT;
use crate::l2::tier::SharedTier;
use crate::store::key_name::StoreKey;
use crate::store::write_mark::WriteMark;

/// The shortest time for which a mark stands without a renewal: a few round trips must fit.
pub(crate) const SHORTEST_INTENT: Duration = Duration::from_millis(100);

/// The number of times that a mark is renewed while it stands.
const RENEWALS: u32 = 3;

/// A write whose mark is in the store, or on its way there. The mark is renewed until this value is
/// dropped or [`stop`](Self::stop)ped.
///
/// Dropping the value leaves the mark. The mark must be removed only after the names of the write
/// were invalidated, or if they need not be. A mark that stays by mistake costs misses, and a mark
/// that is removed too early breaks the guarantee.
#[derive(Debug)]
pub(crate) struct OpenWrite {
    l2: Arc<SharedTier>,
    mark: WriteMark,
    /// Receives a message when the store has answered the first request that sends the mark. `None`
    /// if that request was on its way before the write began, because the connection keeps the
    /// order of requests.
    answered: Option<oneshot::Receiver<()>>,
    /// The sender whose drop ends the renewal of the mark.
    renews: Option<oneshot::Sender<()>>,
}

impl SharedTier {
    /// Sends a mark for a write that is about to begin and will invalidate `names`. Does not wait
    /// for the answer. Without a renewal the mark stands for `intent`.
    ///
    /// Returns `None` if there are no names, or if the store is unreachable now. The statistics
    /// count a write without a mark.
    pub(crate) fn open_write(
        self: &Arc<Self>,
        names: &[StoreKey],
        intent: Duration,
    ) -> Option<OpenWrite> {
        if names.is_empty() || removed!(self.bus.terms, NoIntent) {
            return None;
        }
        if !self.store.is_up() {
            self.counts.unmarked.bump();
            return None;
        }
        let mut number = self.writes.fetch_add(1, Ordering::Relaxed);
        if removed!(self.bus.terms, OneMarkPerName) {
            number = 0;
        }
        let sealer = self.bus.sealer.as_deref();
        let Some(mark) = WriteMark::new(self.bus.node, number, names, sealer) else {
            self.counts.unmarked.bump();
            return None;
        };
        let intent = cut(intent).max(SHORTEST_INTENT);
        let (tell, answered) = oneshot::channel();
        let (renews, is_over) = oneshot::channel();
        let marking = keep_marked(Arc::clone(self), mark.clone(), intent, tell, is_over);
        // Unconstrained, so that the first poll sends the mark even if the task has used up its
        // tokio budget.
        let mut marking: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(unconstrained(marking));
        let is_sent = self.background.is_on_its_runtime();
        if is_sent {
            // The command must be on its way before the body begins, so it is sent here and does
            // not wait until the task runs. The task polls again, with its own waker.
            let _ = marking
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
        self.spawn(marking);
        Some(OpenWrite {
            l2: Arc::clone(self),
            mark,
            answered: (!is_sent).then_some(answered),
            renews: Some(renews),
        })
    }
}

/// Sends `mark` to the store, sends a message to `answered` when the store has answered, and then
/// renews the mark until `is_over` gets a message or its sender is dropped.
async fn keep_marked(
    l2: Arc<SharedTier>,
    mark: WriteMark,
    intent: Duration,
    answered: oneshot::Sender<()>,
    is_over: oneshot::Receiver<()>,
) {
    let until = l2.deadline();
    if let Err(failure) = l2.store.mark(&mark, intent, until).await {
        l2.counts.unmarked.bump();
        l2.count_failure(&failure);
    }
    let _ = answered.send(());
    let pause = intent / RENEWALS;
    let renewing = async {
        loop {
            sleep(pause).await;
            let until = from_now(pause.min(BACKGROUND_TIMEOUT));
            // A renewal that fails needs no handling: another one follows.
            let _ = l2.store.mark(&mark, intent, until).await;
        }
    };
    let is_over = async {
        let _ = is_over.await;
    };
    // `is_over` is polled first, so that no renewal follows the end of the write.
    select(is_over, renewing).await;
}

impl OpenWrite {
    /// Waits until the store has answered the request that sends the mark, so that a removal which
    /// is sent from now on arrives after the mark. Waits until the time `until` at most.
    pub(crate) async fn answered(&mut self, until: Instant) {
        // Without a timer, the outbox sends the removal, which is later than the mark anyway.
        if let Some(answered) = &mut self.answered
            && has_timer()
        {
            // The sender is dropped without an answer if its runtime ended.
            let _ = timeout_at(until, answered).await;
        }
        self.answered = None;
    }

    /// Ends the renewal and returns the mark, which the invalidation of the write's names must
    /// remove. A renewal after that would bring the mark back.
    pub(crate) fn stop(&mut self) -> WriteMark {
        self.renews = None;
        self.mark.clone()
    }

    /// Removes the mark in the background, because nothing has to be invalidated.
    pub(crate) fn cancel(self) {
        let Self { l2, mark, .. } = self;
        let store = Arc::clone(&l2.store);
        l2.spawn(async move {
            // If the mark stays, its time is over soon. Another process then carries it out, which
            // costs misses.
            let _ = store
                .unmark(&[mark], SharedTier::background_deadline())
                .await;
        });
    }
}

/// Ends the renewal of the marks of the writes `open`, and returns these marks.
pub(crate) fn marks_of(open: impl IntoIterator<Item = OpenWrite>) -> Vec<WriteMark> {
    open.into_iter().map(|mut write| write.stop()).collect()
}
