//! The command line.

use cachekit_tests::args::number;

use crate::broken::{self, RemovedGuard};
use crate::point::Point;

pub(crate) const HELP: &str = "\
crash: processes die in functions that write to a database, and what the cache serves then

    crash [--runs 1000] [--hosts N] [--at-once 16] [--only POINT] [--quick] [--seed N]
          [--break NAME] [--breaks]

--runs N     runs in which the writer's process is killed
--hosts N    runs after them in which the writer's host loses its power, so that its connections
             stay open; without it, a fifth of --runs
--at-once N  runs at the same time, each of a row of its own
--only POINT runs of one point only: before-mark, mark-sent, in-body, commit-sent, commit-held,
             committed, answered, removal-sent
--quick      100 runs and 30 of hosts, in about half a minute
--seed N     of what is drawn at random; without it, another each time (it is printed)
--break NAME removes a guard from every process, so that old values must be found; the runs are
             of the point that shows it, unless --only names another
--breaks     prints the names that --break takes

It starts its own PostgreSQL and its own Redis. CACHEKIT_POSTGRES names the folder of another
PostgreSQL's programs.

Ends with 0 if no value was old for longer than is promised, with 1 if one was, with 2 if the
arguments make no sense or a server is missing.";

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Parsed {
    Help,
    Breaks,
    Runs(Order),
}

/// The runs to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) processes: usize,
    pub(crate) hosts: usize,
    pub(crate) at_once: usize,
    pub(crate) only: Option<Point>,
    pub(crate) seed: u64,
    pub(crate) broken: Option<RemovedGuard>,
}

/// Reads the words after the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Parsed, String> {
    let mut order = Order {
        processes: 1_000,
        hosts: 0,
        at_once: 16,
        only: None,
        seed: fastrand::u64(..1_000_000),
        broken: None,
    };
    let mut hosts = None;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg}: a value is missing"));
        match arg.as_str() {
            "--help" => return Ok(Parsed::Help),
            "--breaks" => return Ok(Parsed::Breaks),
            "--runs" => order.processes = number(&arg, &value()?)?,
            "--hosts" => hosts = Some(number(&arg, &value()?)?),
            "--at-once" => order.at_once = number(&arg, &value()?)?,
            "--only" => order.only = Some(Point::find(&value()?)?),
            "--quick" => (order.processes, hosts) = (100, Some(30)),
            "--seed" => order.seed = number(&arg, &value()?)?,
            "--break" => order.broken = Some(broken::find(&value()?)?),
            _ => return Err(format!("`{arg}`: unknown, see --help")),
        }
    }
    let shown_at = order.broken.and_then(|guard| guard.point);
    order.only = order.only.or(shown_at);
    order.hosts = hosts.unwrap_or(order.processes / 5);
    if order.at_once == 0 {
        return Err("--at-once 0: nothing would run".to_owned());
    }
    Ok(Parsed::Runs(order))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Parsed, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn runs_and_options() {
        let counts = |words| match parsed(words) {
            Ok(Parsed::Runs(order)) => (order.processes, order.hosts, order.only),
            other => panic!("{other:?}"),
        };
        assert_eq!(counts(""), (1_000, 200, None));
        assert_eq!(counts("--runs 50 --seed 7"), (50, 10, None));
        assert_eq!(counts("--hosts 3 --quick").0, 100);
        let only = Some(Point::InBody);
        assert_eq!(counts("--runs 5 --hosts 3 --only in-body"), (5, 3, only));
        let held = Some(Point::CommitHeld);
        assert_eq!(counts("--runs 5 --break SweepOnce"), (5, 1, held));
        assert_eq!(counts("--only in-body --break SweepOnce").2, only);
    }

    #[test]
    fn what_makes_no_sense() {
        for words in [
            "nothing",
            "--runs",
            "--runs x",
            "--at-once 0",
            "--only x",
            "--break x",
        ] {
            assert!(parsed(words).is_err(), "{words}");
        }
    }
}
