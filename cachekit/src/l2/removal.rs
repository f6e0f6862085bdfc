//! The sending of an invalidation to the store (L2), and from the store to every node.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::removed;
use crate::base::trace;
use crate::l2::send_invalidation::send_invalidation;
use crate::l2::tier::SharedTier;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;
use crate::store::write_mark::WriteMark;

impl SharedTier {
    /// Carries out `removal` in the store and on every other node. If the store does not accept the
    /// removal by the time `until`, or the caller is dropped, the names are put into the outbox.
    /// The outbox invalidates names in hard mode, even after a soft invalidation.
    pub(crate) async fn invalidate(&self, removal: Removal, mut until: Instant) {
        let Removal { names, mode, ended } = removal;
        let removal = self.pending_removal(names, ended);
        if let Some(starting) = self.starting() {
            Box::pin(starting).await;
            until = self.deadline();
        }
        let (names, ended) = (&removal.names[..], &removal.ended[..]);
        let sent = match mode {
            InvalidationMode::Hard => self.invalidations.send(names, ended, until).await,
            InvalidationMode::Soft => {
                let sent = (names, mode, ended);
                send_invalidation(&self.bus, &*self.store, sent, until).await
            }
        };
        match sent {
            Ok(()) => self.bus.outbox.remember(removal.settled()),
            Err(failure) => self.count_failure(&failure),
        }
    }

    /// Carries out `removal` as [`invalidate`](Self::invalidate) does. Then waits until every node
    /// has applied the invalidation or serves nothing older, or until the time `within` has passed.
    /// Returns `true` if certainly no node serves an older value.
    pub(crate) async fn invalidate_everywhere(
        &self,
        removal: Removal,
        mut until: Instant,
        within: Option<Duration>,
    ) -> bool {
        let Removal { names, mode, ended } = removal;
        let unconfirmed = Unconfirmed {
            l2: self,
            is_settled: false,
        };
        let removal = self.pending_removal(names, ended);
        if let Some(starting) = self.starting() {
            Box::pin(starting).await;
            until = self.deadline();
        }
        let waiting = self.bus.acks.begin();
        let message = BusMessage::Invalidated {
            from: self.bus.node,
            ack: Some(waiting.number),
            mode,
            names: removal.names.clone(),
        };
        let (names, ended) = (&removal.names, &removal.ended);
        let sent = self.store.invalidate(names, mode, ended, &message, until);
        if let Err(failure) = sent.await {
            self.count_failure(&failure);
            return false;
        }
        self.bus.outbox.remember(removal.settled());
        let (are_all, is_certain) = if removed!(self.bus.terms, NoAckWait) {
            (false, true)
        } else {
            waiting.all(within).await
        };
        unconfirmed.settle(are_all, is_certain);
        is_certain
    }

    /// Returns a guard for `names`, and for the marks `ended` of the writes that end with them. A
    /// guard that is dropped without being settled puts both into the outbox.
    pub(crate) fn pending_removal(
        &self,
        names: Vec<StoreKey>,
        ended: Vec<WriteMark>,
    ) -> PendingRemoval<'_> {
        PendingRemoval {
            l2: self,
            names,
            ended,
            is_computed: false,
        }
    }
}

/// An invalidation to be sent to the store: its names and mode, and the marks of the writes that
/// end with it.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) names: Vec<StoreKey>,
    pub(crate) mode: InvalidationMode,
    pub(crate) ended: Vec<WriteMark>,
}

/// An acknowledged invalidation that is not confirmed yet. An `Unconfirmed` that is dropped without
/// being settled is counted as unacknowledged, and reported to the log.
struct Unconfirmed<'a> {
    l2: &'a SharedTier,
    is_settled: bool,
}

impl Unconfirmed<'_> {
    /// Records the result of the wait for acknowledgements. `are_all` is `true` if every node
    /// acknowledged the invalidation, and `is_certain` if no node serves an older value. The
    /// invalidation stays unconfirmed if `is_certain` is `false`.
    fn settle(mut self, are_all: bool, is_certain: bool) {
        if !is_certain {
            return;
        }
        self.is_settled = true;
        let counts = &self.l2.counts;
        let count = if are_all {
            &counts.acknowledged
        } else {
            &counts.acknowledged_by_time
        };
        count.bump();
    }
}

impl Drop for Unconfirmed<'_> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        self.l2.counts.unacknowledged.bump();
        trace::unconfirmed(&self.l2.bus.node.channel());
    }
}

/// Names whose invalidation the store has not accepted yet. A `PendingRemoval` that is dropped
/// without being settled puts its names and marks into the outbox.
#[must_use]
pub(crate) struct PendingRemoval<'a> {
    l2: &'a SharedTier,
    names: Vec<StoreKey>,
    ended: Vec<WriteMark>,
    /// `true` if the names are those of a computed value, and nothing was written.
    is_computed: bool,
}

impl PendingRemoval<'_> {
    /// Marks the removal as that of a computed value if `is_computed` is `true`. Such a removal
    /// need not survive the process: other processes may serve the entry in the store.
    pub(crate) fn of_computed(mut self, is_computed: bool) -> Self {
        self.is_computed = is_computed;
        self
    }

    /// Returns the names and leaves nothing for the outbox, because the store has answered.
    pub(crate) fn settled(mut self) -> Vec<StoreKey> {
        self.ended.clear();
        std::mem::take(&mut self.names)
    }
}

impl Drop for PendingRemoval<'_> {
    fn drop(&mut self) {
        let names = std::mem::take(&mut self.names);
        let ended = std::mem::take(&mut self.ended);
        if names.is_empty() && ended.is_empty() {
            return;
        }
        if self.is_computed {
            self.l2.bus.outbox.add(names);
        } else {
            self.l2.queue(names, ended);
        }
    }
}
