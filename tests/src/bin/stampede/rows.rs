//! The rows of the table.

mod cold;
mod crowd;
mod expiry;
mod hung;
mod processes;

use crate::outcome::Outcome;

/// How large the loads are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    Quick,
}

impl Scale {
    fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// One load.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The load, in full size.
    pub(crate) what: &'static str,
    /// What it is held to.
    pub(crate) bound: &'static str,
    pub(crate) run: fn(Scale) -> Outcome,
}

/// All of them, in the order in which they run.
pub(crate) fn all() -> Vec<Row> {
    [
        cold::rows(),
        processes::rows(),
        crowd::rows(),
        expiry::rows(),
        hung::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
