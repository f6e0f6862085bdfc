//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use cachekit::Eviction;
use lexopt::{Arg, Parser, ValueExt};

use crate::Fail;

pub(crate) const HELP: &str = "\
Replays a workload through annotated functions over an SQLite database, with and without the cache.

Usage: replay [OPTIONS]

  --trace FILE      replay this access trace (4-byte big-endian keys, plain or .xz) instead of a
                    generated workload; a bare name is looked up in the folder CACHEKIT_TRACES
  --limit N         stop after N accesses
  --writes SHARE    turn that share of the accesses, 0 to 1, into annotated writes and check that no
                    call returns a value older than a write that had returned before it began
  --capacity N      entries that the memory tier holds (default: 5000)
  --policy P        lru or tiny-lfu (default: the library's)
  --tasks N         concurrent callers, 1 to 1000 (default: 16)
  --seed N          of everything drawn at random (default: 1)
  --help            this text

Exit status: 0, all well; 1, a stale read; 2, a bad argument or trace.
";

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) trace: Option<PathBuf>,
    pub(crate) limit: usize,
    pub(crate) writes: f64,
    pub(crate) capacity: u64,
    pub(crate) eviction: Option<Eviction>,
    pub(crate) tasks: usize,
    pub(crate) seed: u64,
}

#[derive(Debug)]
pub(crate) enum Parsed {
    Run(Args),
    Help,
}

/// Each caller holds a histogram of some 200 KB.
const MOST_TASKS: usize = 1_000;

pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, Fail> {
    let mut args = Args {
        trace: None,
        limit: usize::MAX,
        writes: 0.0,
        capacity: 5_000,
        eviction: None,
        tasks: 16,
        seed: 1,
    };
    let mut parser = Parser::from_iter(words);
    while let Some(arg) = parser.next().map_err(|error| with_remedy(&error))? {
        match arg {
            Arg::Long("trace") => args.trace = Some(value(&mut parser)?.into()),
            Arg::Long("limit") => args.limit = number(&mut parser, "--limit")?,
            Arg::Long("writes") => args.writes = share(&mut parser)?,
            Arg::Long("capacity") => args.capacity = number(&mut parser, "--capacity")?,
            Arg::Long("policy") => args.eviction = Some(policy(&mut parser)?),
            Arg::Long("tasks") => args.tasks = tasks(&mut parser)?,
            Arg::Long("seed") => args.seed = parse_value(&mut parser, "--seed", "a number")?,
            Arg::Long("help") | Arg::Short('h') => return Ok(Parsed::Help),
            other => return Err(with_remedy(&other.unexpected())),
        }
    }
    Ok(Parsed::Run(args))
}

fn with_remedy(error: &lexopt::Error) -> Fail {
    format!("{error}; see --help").into()
}

fn value(parser: &mut Parser) -> Result<OsString, Fail> {
    parser.value().map_err(|error| with_remedy(&error))
}

fn text(parser: &mut Parser) -> Result<String, Fail> {
    value(parser)?.string().map_err(|error| with_remedy(&error))
}

fn parse_value<T: FromStr>(parser: &mut Parser, name: &str, expected: &str) -> Result<T, Fail> {
    let text = text(parser)?;
    text.parse()
        .map_err(|_| format!("{name}: cannot read `{text}`; give {expected}").into())
}

/// A number of at least 1.
fn number<T: FromStr + PartialOrd + From<u8>>(parser: &mut Parser, name: &str) -> Result<T, Fail> {
    let number: T = parse_value(parser, name, "a number of at least 1")?;
    if number < T::from(1) {
        return Err(format!("{name}: give a number of at least 1").into());
    }
    Ok(number)
}

fn tasks(parser: &mut Parser) -> Result<usize, Fail> {
    let tasks = number(parser, "--tasks")?;
    if tasks > MOST_TASKS {
        return Err(format!("--tasks: give a number of at most {MOST_TASKS}").into());
    }
    Ok(tasks)
}

fn share(parser: &mut Parser) -> Result<f64, Fail> {
    let share: f64 = parse_value(parser, "--writes", "a share from 0 to 1, as in 0.01")?;
    if !(0.0..=1.0).contains(&share) {
        return Err("--writes: give a share from 0 to 1, as in 0.01".into());
    }
    Ok(share)
}

fn policy(parser: &mut Parser) -> Result<Eviction, Fail> {
    let text = text(parser)?;
    text.parse()
        .map_err(|expected| format!("--policy: {expected}, not `{text}`").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> String {
        let words = std::iter::once("replay")
            .chain(words.iter().copied())
            .map(OsString::from);
        parse(words).expect_err("bad arguments").to_string()
    }

    #[test]
    fn bad_arguments_are_told_with_the_remedy() {
        assert!(told(&["--limit", "many"]).contains("cannot read `many`"));
        assert!(told(&["--limit", "0"]).contains("at least 1"));
        assert!(told(&["--tasks", "0"]).contains("at least 1"));
        assert!(told(&["--tasks", "100000"]).contains("at most 1000"));
        assert!(told(&["--writes", "2"]).contains("0 to 1"));
        assert!(told(&["--writes", "NaN"]).contains("0 to 1"));
        assert!(told(&["--policy", "fifo"]).contains("lru"));
        assert!(told(&["--trase", "x"]).contains("--help"));
        assert!(told(&["--trace"]).contains("--trace"));
        assert!(told(&["--trace"]).contains("--help"));
        assert!(told(&["web12"]).contains("web12"));
    }
}
