//! The command line.

use cachekit_tests::args::number;

use crate::broken::{self, RemovedGuard};

pub(crate) const HELP: &str = "\
write_behind: queued writes, the processes that carry them out, and their deaths

    write_behind [--writes 1000000] [--quick] [--seed N] [--break NAME] [--breaks]

--writes N   saves of carts, and as many additions to counters, over all four writers
--quick      40000 of each over fewer keys, in less than a minute
--seed N     of what is drawn at random; without it, another each time (it is printed)
--break NAME removes a guard from every process, so that the run must fail; without figures
--breaks     prints the names that --break takes

It starts its own Redis and makes its own SQLite database, both in temporary folders.

Ends with 0 if every accepted write was carried out in order but for those that always fail, and reads had it
at once, with 1 if not, with 2 if the arguments
make no sense or a process does not start.";

/// The task that the command line names.
#[derive(Debug)]
pub(crate) enum Parsed {
    Help,
    Breaks,
    Run(Order),
}

/// The size of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Saves of carts, and also additions to counters.
    pub(crate) writes: u64,
    pub(crate) carts: u64,
    pub(crate) counters: u64,
    /// The bounds of the time from one death of a worker to the next, in milliseconds.
    pub(crate) death_millis: std::ops::Range<u64>,
    /// The time for which the database is down, in seconds.
    pub(crate) down_seconds: u64,
    pub(crate) has_figures: bool,
    /// Writes of each measurement.
    pub(crate) figure_writes: u64,
    pub(crate) seed: u64,
    pub(crate) broken: Option<RemovedGuard>,
}

/// Reads the words after the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Parsed, String> {
    let mut order = Order {
        writes: 1_000_000,
        carts: 10_000,
        counters: 1_000,
        death_millis: 1_000..3_000,
        down_seconds: 10,
        has_figures: true,
        figure_writes: 50_000,
        seed: fastrand::u64(..1_000_000),
        broken: None,
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg}: a value is missing"));
        match arg.as_str() {
            "--help" => return Ok(Parsed::Help),
            "--breaks" => return Ok(Parsed::Breaks),
            "--writes" => order.writes = number(&arg, &value()?)?,
            "--quick" => shorten(&mut order),
            "--seed" => order.seed = number(&arg, &value()?)?,
            "--break" => order.broken = Some(broken::find(&value()?)?),
            _ => return Err(format!("`{arg}`: unknown, see --help")),
        }
    }
    order.has_figures = order.broken.is_none();
    Ok(Parsed::Run(order))
}

fn shorten(order: &mut Order) {
    order.writes = 40_000;
    order.carts = 1_000;
    order.counters = 100;
    order.death_millis = 150..450;
    order.down_seconds = 5;
    order.figure_writes = 4_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Parsed, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn sizes_and_breaks() {
        let order = |words| match parsed(words) {
            Ok(Parsed::Run(order)) => order,
            other => panic!("{other:?}"),
        };
        assert_eq!(order("").writes, 1_000_000);
        assert_eq!(order("--quick").writes, 40_000);
        assert_eq!(order("--quick --writes 7 --seed 3").writes, 7);
        assert!(order("--quick").has_figures);
        assert!(!order("--break ack-early").has_figures);
    }

    #[test]
    fn what_makes_no_sense() {
        for words in ["nothing", "--writes", "--writes x", "--break x"] {
            assert!(parsed(words).is_err(), "{words}");
        }
    }
}
