//! The outcome of a row.

use std::time::Duration;

use crate::rows::Row;

/// Measured values, and what is not as promised.
pub(crate) struct Outcome {
    pub(crate) row: Row,
    /// That the fault took place.
    pub(crate) evidence: String,
    /// How long it was there.
    pub(crate) lasted: Duration,
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    /// The slowest call beyond its function's time: of those alone with their key, and of those
    /// that share it; and the slowest write.
    pub(crate) alone: Duration,
    pub(crate) shared: Duration,
    pub(crate) write: Duration,
    /// Of the calls that began while the fault had been there for a while, how many waited for
    /// Redis; and how many there were.
    pub(crate) waited: usize,
    pub(crate) late_calls: usize,
    /// From the end of the fault until every node uses Redis again; `None`: never.
    pub(crate) back: Option<Duration>,
    /// From the beginning of the fault until every node uses another server; `None`: never.
    pub(crate) again: Option<Duration>,
    /// In a cluster, the longest time for which Redis gave no value of another master's slots.
    pub(crate) others: Duration,
    pub(crate) stale: usize,
    pub(crate) invalidations: usize,
    pub(crate) lost: usize,
    /// In words.
    pub(crate) problems: Vec<String>,
}

impl Outcome {
    pub(crate) fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// A row that could not be run.
    pub(crate) fn impossible(row: Row, problem: String) -> Self {
        Self {
            row,
            evidence: String::new(),
            lasted: Duration::ZERO,
            calls: 0,
            failed: 0,
            alone: Duration::ZERO,
            shared: Duration::ZERO,
            write: Duration::ZERO,
            waited: 0,
            late_calls: 0,
            back: None,
            again: None,
            others: Duration::ZERO,
            stale: 0,
            invalidations: 0,
            lost: 0,
            problems: vec![problem],
        }
    }
}
