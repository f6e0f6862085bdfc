//! Compares the recorded calls with the promises of the cache.

mod stale;

use std::time::Duration;

use cachekit_tests::clock::{millis, nanos};

use crate::outcome::Outcome;
use crate::probes;
use crate::record::{Call, Kind, Write};
use crate::rows::Row;
use crate::run::back;
use crate::settings::{ALLOWANCE, ALONE, RECOVERY, WRITE, shared};
use crate::truth::ROWS;
use crate::watch::Sight;
use crate::world::World;

/// So many examples of a problem are told.
const EXAMPLES: usize = 3;

/// So long after a fault began it is known that nothing answers.
pub(crate) const NOTICED: Duration = Duration::from_millis(500);

/// A call that takes so much longer than its function has waited for Redis.
pub(crate) const WAITED: Duration = Duration::from_millis(50);

/// From then on one call of so many may wait, to try it.
pub(crate) const MOST_WAIT: usize = 100;

/// A fault that is there so long must leave memory working.
const LONG: Duration = Duration::from_millis(500);

/// All that is known of one row.
pub(crate) struct Case<'a> {
    pub(crate) row: &'a Row,
    pub(crate) world: &'a World,
    pub(crate) sight: &'a Sight,
    /// When the fault began and ended.
    pub(crate) span: (u64, u64),
    pub(crate) found: Found,
}

/// What was got when all was over.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Row, version, newest version.
    pub(crate) lost: Vec<(u64, u64, u64)>,
    /// How many rows a new node found in Redis.
    pub(crate) from_redis: Option<u64>,
}

/// Says what a row came to.
pub(crate) fn judge(case: &Case<'_>) -> Outcome {
    let (calls, writes, failures) = case.world.record.all();
    let wrong: Vec<_> = calls.iter().filter(|call| call.version.is_none()).collect();
    let (began, ended) = case.span;
    let mut outcome = Outcome {
        calls: calls.len(),
        failed: failures.len() + wrong.len(),
        lasted: Duration::from_nanos(ended - began),
        invalidations: writes.len(),
        ..Outcome::impossible(case.row.clone(), String::new())
    };
    outcome.problems.clear();
    outcome.problems.extend(failures);
    tell(&mut outcome.problems, "wrong value", wrong, |call| {
        case.name(call)
    });
    case.lengths(&calls, &writes, &mut outcome);
    let stale = stale::find(&calls, &writes, case.sight);
    outcome.stale = stale.len();
    outcome.lost = case.found.lost.len();
    if !case.row.is_counted {
        tell(&mut outcome.problems, "stale", stale, |(call, write)| {
            format!("{}: {}", case.name(call), case.written(write))
        });
        tell(&mut outcome.problems, "lost", &case.found.lost, |it| {
            let (row, version, newest) = it;
            format!("row {row} is read as {version} after all; it is {newest}")
        });
    }
    case.recovery(&mut outcome);
    outcome
}

impl Case<'_> {
    fn lengths(&self, calls: &[Call], writes: &[Write], outcome: &mut Outcome) {
        let of_kind = |is_shared: bool| {
            let calls = calls
                .iter()
                .filter(move |it| (it.kind == Kind::Shared) == is_shared);
            calls.map(|call| {
                (
                    self.beyond(call.begin, call.end, call.spent),
                    self.name(call),
                )
            })
        };
        let written = writes.iter().map(|write| {
            let took = self.beyond(write.began, write.returned, 0);
            (took, self.written(write))
        });
        let (began, ended) = self.span;
        let late = calls
            .iter()
            .filter(|it| (began + nanos(NOTICED)..ended).contains(&it.begin));
        let waits = |call: &&Call| self.beyond(call.begin, call.end, call.spent) > nanos(WAITED);
        outcome.late_calls = late.clone().count();
        let waited: Vec<_> = late.filter(waits).collect();
        outcome.waited = waited.len();
        let problems = &mut outcome.problems;
        if self.row.is_silent && waited.len() * MOST_WAIT > outcome.late_calls {
            tell(problems, "waits although nothing answers", waited, |call| {
                self.name(call)
            });
        }
        let alone = ALONE + self.row.own_store;
        outcome.alone = slowest("call alone with its key", of_kind(false), alone, problems);
        outcome.shared = slowest("call", of_kind(true), shared(), problems);
        outcome.write = slowest("write", written, WRITE, problems);
    }

    fn recovery(&self, outcome: &mut Outcome) {
        let (began, ended) = self.span;
        let problems = &mut outcome.problems;
        if self.row.comes_back {
            let back = back(self.sight, ended);
            outcome.back = back.map(|time| Duration::from_nanos(time - ended));
            if outcome.back.is_none_or(|back| back > RECOVERY) {
                let nodes = self.sight.nodes.iter();
                let after = |time: Option<u64>| {
                    time.map_or("never".to_owned(), |time| {
                        format!("{:.0} ms", millis(time - ended))
                    })
                };
                let times = nodes.map(|node| {
                    let used = after(node.in_use(ended));
                    format!(
                        "used after {used}, heard after {}",
                        after(node.heard_after(ended))
                    )
                });
                problems.push(format!(
                    "back too late: {}",
                    times.collect::<Vec<_>>().join("; ")
                ));
            }
            if self.found.from_redis.is_none_or(|rows| rows < ROWS / 10) {
                let found = self.found.from_redis.unwrap_or_default();
                problems.push(format!("Redis has {found} of {ROWS} rows when all is over"));
            }
            let left: usize = self
                .world
                .nodes
                .iter()
                .map(|it| it.stats().redis.queued_invalidations)
                .sum();
            if left > 0 {
                problems.push(format!(
                    "Redis was not told of {left} names when all is over"
                ));
            }
        }
        if self.row.set.is_some() {
            let nodes = self.sight.nodes.iter();
            let times: Option<Vec<_>> = nodes.map(|node| node.in_use_elsewhere(began)).collect();
            let last = times.and_then(|times| times.into_iter().max());
            outcome.again = last.map(|time| Duration::from_nanos(time - began));
            if last.is_none() {
                problems.push("a node never used another server".to_owned());
            }
        }
        self.answers_again(outcome);
        let problems = &mut outcome.problems;
        let remembered = self.sight.nodes[0].remembered(began, ended);
        if outcome.lasted > LONG && remembered == 0 {
            problems.push("memory did not go on on the first node".to_owned());
        }
    }

    /// In a cluster, how long Redis gave no values of the master of the fault, and of another one.
    fn answers_again(&self, outcome: &mut Outcome) {
        let Some(layout) = self.row.cluster else {
            return;
        };
        let (began, ended) = self.span;
        let problems = &mut outcome.problems;
        let nodes = 0..self.world.nodes.len();
        let record = &self.world.record;
        let times = nodes.map(|node| probes::again(&record.probes(node, 0), began));
        outcome.again = times
            .collect::<Option<Vec<_>>>()
            .and_then(|it| it.into_iter().max());
        if outcome.again.is_none() {
            problems.push("a node never got a value of these slots again".to_owned());
        }
        // The second node of a split is cut off from the other masters, too.
        let nodes = 0..if layout.is_split {
            1
        } else {
            self.world.nodes.len()
        };
        let pauses = nodes.map(|node| probes::longest_pause(&record.probes(node, 1), began, ended));
        outcome.others = pauses.max().unwrap_or_default();
    }

    /// How long something took, without `spent` and the times when the machine stood still.
    fn beyond(&self, from: u64, to: u64, spent: u64) -> u64 {
        let within = |(begin, end): &(u64, u64)| (*end).min(to).saturating_sub((*begin).max(from));
        let stalls: u64 = self.sight.stalls.iter().map(within).sum();
        (to - from).saturating_sub(spent + stalls)
    }

    /// A time from the beginning of the fault on.
    fn at(&self, time: u64) -> String {
        let (began, ended) = self.span;
        let part = if time < began {
            "before"
        } else if time < ended {
            "during"
        } else {
            "after"
        };
        let sign = if time < began { "-" } else { "+" };
        format!("{sign}{:.0} ms ({part})", millis(time.abs_diff(began)))
    }

    fn name(&self, call: &Call) -> String {
        format!(
            "node {} {:?} row {} at {} for {:.0} ms, {}, version {:?}",
            call.node,
            call.kind,
            call.row,
            self.at(call.begin),
            millis(call.end - call.begin),
            if call.spent > 0 { "computed" } else { "cached" },
            call.version,
        )
    }

    fn written(&self, write: &Write) -> String {
        let accepted = write
            .accepted
            .map_or("never".to_owned(), |time| self.at(time));
        format!(
            "node {} raised row {} to {}, invalidated at {} for {:.0} ms, accepted {accepted}",
            write.node,
            write.row,
            write.version,
            self.at(write.began),
            millis(write.returned - write.began),
        )
    }
}

/// The longest of some, and those that took longer than they may.
fn slowest(
    what: &str,
    lengths: impl Iterator<Item = (u64, String)>,
    bound: Duration,
    problems: &mut Vec<String>,
) -> Duration {
    let mut longest = 0;
    let mut late = Vec::new();
    for (length, name) in lengths {
        longest = longest.max(length);
        if length > nanos(bound + ALLOWANCE) {
            late.push((length, name));
        }
    }
    late.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    tell(problems, &format!("slow {what}"), late, |(length, name)| {
        format!("{:.0} ms beyond its function: {name}", millis(*length))
    });
    Duration::from_nanos(longest)
}

/// Tells how many there are of a problem, and some of them.
fn tell<T>(
    problems: &mut Vec<String>,
    what: &str,
    all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    words: impl Fn(&T) -> String,
) {
    let all = all.into_iter();
    let count = all.len();
    let examples = all.take(EXAMPLES).zip(1..);
    problems.extend(examples.map(|(one, n)| format!("{what} ({n} of {count}): {}", words(&one))));
}
