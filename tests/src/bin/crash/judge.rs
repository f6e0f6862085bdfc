//! The verdict on all runs.

use std::time::Duration;

use cachekit::Stats;

use crate::plan::{Death, Plan};

/// The longest that an old value is served after the death of a process or the commit, whichever
/// is later.
pub(crate) const LIMIT_OF_PROCESS: Duration = Duration::from_secs(1);

/// The same if the process's connections stay open: `intent`, three seconds, and half a second.
pub(crate) const LIMIT_OF_HOST: Duration = Duration::from_millis(3_500);

/// One run that was made.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) plan: Plan,
    /// The time from the death or the commit to the begin of the latest read that got an old value.
    /// `None` if no read got any.
    pub(crate) late: Option<Duration>,
    /// A node still served an old value when all runs were over.
    pub(crate) is_old_at_end: bool,
}

impl Run {
    /// `true` if an old value was served for longer than is promised.
    pub(crate) fn is_violation(&self) -> bool {
        let limit = match self.plan.death {
            Death::Process => LIMIT_OF_PROCESS,
            Death::Host => LIMIT_OF_HOST,
        };
        self.is_old_at_end || self.late.is_some_and(|late| late > limit)
    }
}

/// All runs.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) runs: Vec<Run>,
    /// The runs that could not be made, each with the reason.
    pub(crate) failures: Vec<String>,
    /// The statistics of the nodes.
    pub(crate) stats: Vec<Stats>,
    broken: Option<&'static str>,
}

impl Judged {
    /// Begins, with the guard that was removed.
    pub(crate) fn new(broken: Option<&'static str>) -> Self {
        Self {
            runs: Vec::new(),
            failures: Vec::new(),
            stats: Vec::new(),
            broken,
        }
    }

    /// Notes that the run of `plan` could not be made.
    pub(crate) fn failed(&mut self, plan: &Plan, why: &str) {
        self.failures.push(format!("{plan:?}: {why}"));
    }

    /// Returns the number of runs with an old value for longer than is promised.
    pub(crate) fn violations(&self) -> usize {
        self.runs.iter().filter(|run| run.is_violation()).count()
    }

    /// Returns the guard that was removed.
    pub(crate) fn broken(&self) -> Option<&'static str> {
        self.broken
    }

    /// Returns all that is wrong, a line each.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let violations = self.runs.iter().filter(|run| run.is_violation());
        let violations = violations.map(|run| {
            let end = if run.is_old_at_end {
                ", and at the end"
            } else {
                ""
            };
            format!(
                "old after {:.0?}{end}: {:?}",
                run.late.unwrap_or_default(),
                run.plan
            )
        });
        violations.chain(self.failures.iter().cloned())
    }
}
