//! An invalidation that Redis has not accepted yet, and the wait until Redis accepts it.

use std::sync::Arc;
use std::time::Duration;

use crate::base::fault::{Point, removed};
use crate::base::trace::span::OperationSpan;
use crate::core::state::Core;
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::open_writes::open_write::{OpenWrite, marks_of};
use crate::l2::removal::Removal;
use crate::model::config::spans::Spans;

/// An invalidation that took effect on this node and that Redis has not accepted yet. If a
/// `PendingInvalidation` is dropped before Redis accepted the invalidation, the outbox sends the
/// invalidation later.
#[derive(Debug)]
#[must_use]
pub(crate) struct PendingInvalidation {
    core: Arc<Core>,
    targets: Option<InvalidationTargets>,
    ack: Option<Ack>,
    /// The marks of the writes that end with this invalidation.
    open: Vec<OpenWrite>,
    /// Span of the invalidation. Empty without spans, and for an invalidation that the cache makes
    /// for its own purposes.
    span: OperationSpan,
}

/// The limit of the wait until every process has applied an invalidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ack {
    /// Waits for at most this long, even if a process has not confirmed the invalidation by the end
    /// of the wait.
    Within(Duration),
    /// Waits without a time limit, until every process is certain to have applied the invalidation.
    Certain,
}

impl Core {
    /// Invalidates `targets` (entries, tags, events, functions or everything) on this node, and
    /// counts them in the statistics. The caller must await the result, so that Redis and the other
    /// nodes get the invalidation.
    pub(crate) fn invalidate(
        self: &Arc<Self>,
        targets: InvalidationTargets,
    ) -> PendingInvalidation {
        for _ in 0..targets.len() {
            self.invalidations.bump();
        }
        #[cfg(any(feature = "testing", cachekit_faults))]
        self.event_log.invalidates(&targets);
        #[cfg(feature = "dashboard")]
        self.note_invalidation(&targets, false);
        let span = self.removal_span(&targets);
        let mut pending = self.invalidate_uncounted(targets);
        pending.span = span;
        pending
    }

    /// Returns the span of an invalidation of `targets`.
    fn removal_span(&self, targets: &InvalidationTargets) -> OperationSpan {
        if self.config.spans == Spans::Off {
            return OperationSpan::default();
        }
        let keys: Vec<&[u8]> = targets.keys.iter().map(Key::as_bytes).collect();
        let keys = keys.join(&b", "[..]);
        let begin = |keys: Option<&[u8]>| OperationSpan::remove(targets.summary(), keys);
        self.span(begin, (!keys.is_empty()).then_some(&keys))
    }

    /// Invalidates `targets` (entries, tags, events, functions or everything) on this node for the
    /// cache's own purposes, without a count in the statistics.
    pub(crate) fn invalidate_uncounted(
        self: &Arc<Self>,
        targets: InvalidationTargets,
    ) -> PendingInvalidation {
        self.apply(&targets);
        let is_sent = self.l2.is_none() || targets.is_empty();
        PendingInvalidation {
            core: Arc::clone(self),
            targets: (!is_sent).then_some(targets),
            ack: None,
            open: vec![],
            span: OperationSpan::default(),
        }
    }
}

impl PendingInvalidation {
    /// Waits until Redis has accepted the invalidation, or until the time for Redis is over. If the
    /// time is over, the outbox sends the invalidation later, and this node does not use Redis
    /// until Redis has accepted the invalidation.
    ///
    /// With an acknowledgement, returns `true` if it is certain that no process serves a value from
    /// before the invalidation. Without an acknowledgement, returns `true`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the outbox sends the invalidation later.
    pub(crate) async fn accepted(mut self) -> bool {
        let Some(targets) = &self.targets else {
            return true;
        };
        let mut certain = true;
        if let Some(l2) = &self.core.l2 {
            self.core.faults.at(Point::BeforeRemoval);
            // Both waits share one deadline.
            let until = l2.deadline();
            for write in &mut self.open {
                write.answered(until).await;
            }
            let removal = Removal {
                names: targets.names(),
                mode: targets.mode,
                ended: marks_of(self.open.drain(..)),
            };
            match self.ack {
                None => l2.invalidate(removal, until).await,
                Some(ack) => {
                    let within = match ack {
                        Ack::Certain => None,
                        Ack::Within(within) => Some(within),
                    };
                    certain = l2.invalidate_everywhere(removal, until, within).await;
                }
            }
        }
        // The targets are invalidated a second time. While Redis processed the invalidation, a call
        // may have read an entry from L2 that L2 had not removed yet.
        if !removed!(self.core, NoSecondBump) {
            self.core.apply(targets);
        }
        self.targets = None;
        // The span ends with the wait.
        #[cfg_attr(
            not(feature = "tracing"),
            expect(clippy::drop_non_drop, reason = "without the feature, a span is empty")
        )]
        drop(std::mem::take(&mut self.span));
        certain
    }

    /// Adds the marks of the writes that end with this invalidation. The marks are removed when
    /// Redis has accepted the invalidation.
    pub(crate) fn ending(mut self, open: impl IntoIterator<Item = OpenWrite>) -> Self {
        self.open.extend(open);
        self
    }

    /// Sets the acknowledgement that `accepted` waits for. With `None`, `accepted` waits for none.
    pub(crate) fn with_ack(mut self, ack: Option<Ack>) -> Self {
        self.ack = ack;
        self
    }
}

impl Drop for PendingInvalidation {
    fn drop(&mut self) {
        let Some(l2) = &self.core.l2 else { return };
        if let Some(targets) = self.targets.take() {
            let ended = marks_of(self.open.drain(..));
            l2.queue(targets.names(), ended);
            // This makes entries invalid that were read from L2 before this line. After this line,
            // calls do not read such entries from L2.
            self.core.apply(&targets);
        } else {
            // Nothing was to be invalidated.
            self.open.drain(..).for_each(OpenWrite::cancel);
        }
    }
}
