//! Statistics of the queue of one write-behind function.

use std::time::Duration;

use crate::model::redis_stats::since;

/// Statistics of the queue of one write-behind function.
///
/// The counters are those of this process. `queued`, `dead` and `lag` are of the queue as a worker
/// of this process saw it last, and zero while this process runs no worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
#[non_exhaustive]
pub struct QueueStats {
    /// Name of the function.
    pub function: String,
    /// Writes that the queue accepted.
    pub accepted: u64,
    /// Writes that the queue did not accept.
    pub refused: u64,
    /// Writes that were carried out. If the queue keeps only the newest write of each key, a write
    /// that a newer write replaced is not carried out.
    pub written: u64,
    /// Runs of the function's body.
    pub runs: u64,
    /// Runs of the body that failed.
    pub failures: u64,
    /// Writes that were put aside, because their last attempt failed or they cannot be read.
    pub put_aside: u64,
    /// Writes in the queue.
    pub queued: u64,
    /// Writes that were put aside and are kept.
    pub dead: u64,
    /// Time for which the oldest queued write has waited, since its replay if it was a dead write.
    #[cfg_attr(feature = "serde", serde(with = "crate::base::durations::seconds"))]
    pub lag: Duration,
}

impl QueueStats {
    /// Returns what was counted after `earlier`, an earlier result for the same queue.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            function: self.function.clone(),
            accepted: since(self.accepted, earlier.accepted),
            refused: since(self.refused, earlier.refused),
            written: since(self.written, earlier.written),
            runs: since(self.runs, earlier.runs),
            failures: since(self.failures, earlier.failures),
            put_aside: since(self.put_aside, earlier.put_aside),
            ..*self
        }
    }
}
