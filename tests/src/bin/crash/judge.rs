//! The verdict on all runs.

use std::time::Duration;

use cachekit::Stats;

use crate::plan::{Death, Plan};
use crate::point::Point;

/// The longest that an old value is served after the death of a process or the commit, whichever
/// is later.
pub(crate) const LIMIT_OF_PROCESS: Duration = Duration::from_secs(1);

/// The same if the process's connections stay open: `intent`, three seconds, and half a second.
pub(crate) const LIMIT_OF_HOST: Duration = Duration::from_millis(3_500);

/// So many commits are seen by a reader before a sweep in at least one case.
const ENOUGH: usize = 10;

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

/// `true` if the writer died after its commit had left it, and before its removal.
fn is_committed(run: &Run) -> bool {
    run.plan.point.commits() && run.plan.point != Point::RemovalSent
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
        let nothing = self.proves_nothing().then(|| {
            "no node had an old value after a commit: the readers came too late".to_owned()
        });
        violations
            .chain(self.failures.iter().cloned())
            .chain(nothing)
    }

    /// `true` if there were commits, and none of them left an old value in a node's memory.
    fn proves_nothing(&self) -> bool {
        let committed = || self.runs.iter().filter(|run| is_committed(run));
        committed().count() >= ENOUGH && committed().all(|run| run.late.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::draw;

    /// Judges a run of `point` for each of `late`.
    fn judged(point: Point, death: Death, late: &[Option<u64>]) -> Judged {
        let (processes, hosts) = match death {
            Death::Process => (late.len(), 0),
            Death::Host => (0, late.len()),
        };
        let plans = draw(processes, hosts, Some(point), 1);
        let mut judged = Judged::new(None);
        judged.runs = plans
            .into_iter()
            .zip(late)
            .map(|(plan, late)| Run {
                plan,
                late: late.map(Duration::from_millis),
                is_old_at_end: false,
            })
            .collect();
        judged
    }

    #[test]
    fn a_host_may_be_late_by_the_intent() {
        let late = [None, Some(900), Some(3_400), Some(3_600)];
        let violations = |death| judged(Point::Answered, death, &late).violations();
        assert_eq!(violations(Death::Process), 2);
        assert_eq!(violations(Death::Host), 1);
    }

    #[test]
    fn a_value_that_is_old_at_the_end_is_never_right() {
        let mut judged = judged(Point::Answered, Death::Host, &[Some(1)]);
        assert_eq!(judged.problems().count(), 0);
        judged.runs[0].is_old_at_end = true;
        assert_eq!(judged.problems().count(), 1);
    }

    #[test]
    fn runs_that_could_not_fail_are_no_proof() {
        let problems = |point, late: &[_]| judged(point, Death::Process, late).problems().count();
        let mut late = vec![None; ENOUGH];
        assert_eq!(problems(Point::Committed, &late), 1);
        assert_eq!(problems(Point::Committed, &late[1..]), 0);
        assert_eq!(problems(Point::InBody, &late), 0);
        late[2] = Some(3);
        assert_eq!(problems(Point::Committed, &late), 0);
    }
}
