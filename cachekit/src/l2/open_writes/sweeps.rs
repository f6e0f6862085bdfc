//! The state of a node's sweeps for marks of dead processes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::base::trace;
use crate::store::write_mark::DueMark;

/// The state of a node's sweeps, which the task shares with the calls and the statistics.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    /// `true` after the first sweep, from which on the node may serve from the store.
    has_begun: AtomicBool,
    /// Wakes the task, which then sweeps at once or ends.
    pub(crate) now: Notify,
    /// The number of writes of dead processes whose first round this node carried out.
    pub(crate) writes: AtomicU64,
    /// The number of rounds that this node carried out, summed over the marks of all writes.
    pub(crate) rounds: AtomicU64,
}

impl Sweeps {
    /// Returns `true` if this node has carried out the marks that dead processes left before this
    /// node started.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }

    /// Records that the first sweep ended, or that this node does not sweep.
    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::Release);
    }

    /// Counts the marks `due`, for each of which this node carried out a round.
    pub(crate) fn count(&self, due: &[DueMark]) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let first = due.iter().filter(|it| it.round == 1).count();
        if first > 0 {
            trace::swept(first);
        }
        self.writes.fetch_add(number(first), Ordering::Relaxed);
        self.rounds.fetch_add(number(due.len()), Ordering::Relaxed);
    }
}
