//! The measurements of a row.

use std::fmt;
use std::time::Duration;

use crate::latencies::Latencies;

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept,
    Broken,
    /// The load was not the one that was to be offered.
    Invalid,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kept => "ok",
            Self::Broken => "FAIL",
            Self::Invalid => "INVALID",
        })
    }
}

/// Numbers, and what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How often the function ran.
    pub(crate) executions: u64,
    /// From the first call to the last answer.
    pub(crate) wall: Duration,
    /// One for each call that was answered.
    pub(crate) latencies: Latencies,
    /// What has no column.
    pub(crate) note: String,
    broken: Vec<String>,
    invalid: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(executions: u64, wall: Duration, latencies: Latencies) -> Self {
        Self {
            executions,
            wall,
            latencies,
            ..Self::default()
        }
    }

    /// Holds the row to a bound: `what` says what is wrong where it is broken.
    pub(crate) fn hold(&mut self, is_kept: bool, what: impl FnOnce() -> String) {
        if !is_kept {
            self.broken.push(what());
        }
    }

    /// The row proves nothing unless this is so.
    pub(crate) fn require(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.invalid.push(what());
        }
    }

    /// A bound that was broken says more than a load that was not on time, unless it is time
    /// that was bounded: such bounds are held only after `require`, by who calls.
    pub(crate) fn verdict(&self) -> Verdict {
        match (self.broken.is_empty(), self.invalid.is_empty()) {
            (false, _) => Verdict::Broken,
            (true, false) => Verdict::Invalid,
            (true, true) => Verdict::Kept,
        }
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.invalid.is_empty()
    }

    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let broken = self.broken.iter().map(|what| format!("FAIL {what}"));
        let invalid = self.invalid.iter().map(|what| format!("INVALID {what}"));
        broken.chain(invalid)
    }
}
