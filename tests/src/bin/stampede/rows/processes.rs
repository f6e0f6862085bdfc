//! Several processes over one Redis ask for one cold key.

use std::time::Duration;

use cachekit_tests::redis::Redis;

use super::{Row, Scale};
use crate::children::{Children, Report};
use crate::latencies::Latencies;
use crate::outcome::Outcome;

const PROCESSES: usize = 4;
const LOADER: Duration = Duration::from_millis(50);

/// Long enough to be killed in the middle.
const LONG_LOADER: Duration = Duration::from_millis(500);
const KILLED_AFTER: Duration = Duration::from_millis(100);

/// After that long without a renewal another may compute.
const LEASE: Duration = Duration::from_secs(3);

/// What the callers may take beyond that on a slow machine with two cores.
const ALLOWANCE: Duration = Duration::from_secs(1);

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "processes",
            what: "4 processes over one Redis, 12,500 tasks each, call for one cold key, loader \
                   50 ms",
            bound: "1 execution in all; every caller waits at most a second longer than the \
                    loader takes",
            run: together,
        },
        Row {
            name: "killed",
            what: "as `processes` with a loader of 500 ms, and the computing process is killed \
                   100 ms after it began",
            bound: "1 more execution; every caller in the other processes is answered, at most a \
                    second after the killed computation's time, the lease (3 s) and the loader",
            run: killed,
        },
    ]
}

fn callers(scale: Scale) -> usize {
    scale.pick(12_500, 1_000)
}

fn together(scale: Scale) -> Outcome {
    let redis = Redis::start();
    let mut children = Children::start(&redis, PROCESSES, callers(scale), LOADER);
    let start = children.go();
    let reports = children.reports(None);
    let mut outcome = summed(reports);
    outcome.wall = start.elapsed();
    outcome.note = beyond(&outcome.latencies, LOADER);
    judge(
        &mut outcome,
        1,
        PROCESSES * callers(scale),
        LOADER + ALLOWANCE,
    );
    outcome
}

fn killed(scale: Scale) -> Outcome {
    let redis = Redis::start();
    let mut children = Children::start(&redis, PROCESSES, callers(scale), LONG_LOADER);
    let start = children.go();
    let holder = children.kill_who_computes(KILLED_AFTER);
    let killed_after = start.elapsed();
    let reports = children.reports(Some(holder));
    let mut outcome = summed(reports);
    outcome.wall = start.elapsed();
    // The killed one began one too.
    outcome.executions += 1;
    let expected = killed_after + LEASE + LONG_LOADER;
    outcome.note = format!(
        "killed after {} ms; {}",
        killed_after.as_millis(),
        beyond(&outcome.latencies, expected)
    );
    let answers = (PROCESSES - 1) * callers(scale);
    judge(&mut outcome, 2, answers, expected + ALLOWANCE);
    outcome
}

fn summed(reports: Vec<Report>) -> Outcome {
    let executions = reports.iter().map(|report| report.runs).sum();
    let wrong = reports
        .iter()
        .map(|report| report.waits.len() as u64 - report.right)
        .sum::<u64>();
    let waits = reports.into_iter().flat_map(|report| report.waits);
    let mut outcome = Outcome::new(executions, Duration::ZERO, waits.collect());
    outcome.hold(wrong == 0, || format!("{wrong} wrong values"));
    outcome
}

fn judge(outcome: &mut Outcome, most: u64, answers: usize, longest: Duration) {
    let executions = outcome.executions;
    outcome.hold(executions == most, || {
        format!("{executions} executions, {most} expected")
    });
    let got = outcome.latencies.len();
    outcome.hold(got == answers, || format!("{got} answers of {answers}"));
    let slowest = outcome.latencies.max();
    outcome.hold(slowest <= longest, || {
        format!("the slowest caller waited {slowest:?}, at most {longest:?} expected")
    });
}

/// The slowest caller against `expected`.
fn beyond(latencies: &Latencies, expected: Duration) -> String {
    let (max, expected) = (
        latencies.max().as_secs_f64() * 1e3,
        expected.as_secs_f64() * 1e3,
    );
    format!(
        "the slowest caller {:+.0} ms of {expected:.0} ms",
        max - expected
    )
}
