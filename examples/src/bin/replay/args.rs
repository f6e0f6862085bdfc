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
                    call returns a value older than a write that had returned before it began; on
                    other nodes than the writer's, 1.05 s before (what is older in that time is
                    counted)
  --pages           read pages instead of products: each is an entry made of three products and
                    their shop, which are entries of their own; a part of the writes is of shops,
                    and no write names a page
  --capacity N      entries that the memory tier holds (default: 5000)
  --policy P        lru or tiny-lfu (default: the library's)
  --tasks N         concurrent callers, 1 to 1000 (default: 16, or one for each node)
  --redis URL       a Redis as second tier, redis://[user:password@]host[:port][/db] or
                    unix:///path; the run has a namespace of its own there
  --nodes N         nodes with a cache each that share that Redis, 1 to 64 (default: 1); the callers
                    are spread over them. With --writes it is also measured how soon a write is
                    known on all of them
  --seed N          of everything drawn at random (default: 1)
  --help            this text

Exit status: 0, all well; 1, a stale read; 2, a bad argument or trace, or a Redis that
cannot be reached.
";

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) trace: Option<PathBuf>,
    pub(crate) limit: usize,
    pub(crate) writes: f64,
    pub(crate) pages: bool,
    pub(crate) capacity: u64,
    pub(crate) eviction: Option<Eviction>,
    pub(crate) tasks: usize,
    pub(crate) redis: Option<String>,
    pub(crate) nodes: usize,
    pub(crate) seed: u64,
}

#[derive(Debug)]
pub(crate) enum Parsed {
    Run(Args),
    Help,
}

/// The largest number of callers. Each caller has a histogram of some 200 KB.
const MOST_TASKS: usize = 1_000;
const TASKS: usize = 16;

/// The largest number of nodes. Each node has a memory tier and connections.
const MOST_NODES: usize = 64;

pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, Fail> {
    let mut args = Args {
        trace: None,
        limit: usize::MAX,
        writes: 0.0,
        pages: false,
        capacity: 5_000,
        eviction: None,
        tasks: TASKS,
        redis: None,
        nodes: 1,
        seed: 1,
    };
    let mut tasks = None;
    let mut parser = Parser::from_iter(words);
    while let Some(arg) = parser.next().map_err(|error| with_remedy(&error))? {
        match arg {
            Arg::Long("trace") => args.trace = Some(value(&mut parser)?.into()),
            Arg::Long("limit") => args.limit = number(&mut parser, "--limit")?,
            Arg::Long("writes") => args.writes = share(&mut parser)?,
            Arg::Long("pages") => args.pages = true,
            Arg::Long("capacity") => args.capacity = number(&mut parser, "--capacity")?,
            Arg::Long("policy") => args.eviction = Some(policy(&mut parser)?),
            Arg::Long("tasks") => {
                tasks = Some(at_most(&mut parser, "--tasks", MOST_TASKS)?);
            }
            Arg::Long("redis") => args.redis = Some(text(&mut parser)?),
            Arg::Long("nodes") => args.nodes = at_most(&mut parser, "--nodes", MOST_NODES)?,
            Arg::Long("seed") => args.seed = parse_value(&mut parser, "--seed", "a number")?,
            Arg::Long("help") | Arg::Short('h') => return Ok(Parsed::Help),
            other => return Err(with_remedy(&other.unexpected())),
        }
    }
    args.tasks = tasks.unwrap_or(TASKS.max(args.nodes));
    check(&args)?;
    Ok(Parsed::Run(args))
}

/// Checks the arguments that depend on one another.
fn check(args: &Args) -> Result<(), Fail> {
    if args.nodes > 1 && args.redis.is_none() {
        return Err("--nodes: what nodes share is a Redis; name one with --redis".into());
    }
    if args.tasks < args.nodes {
        return Err("--tasks: give at least one caller for each of --nodes".into());
    }
    Ok(())
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

/// Parses a number of at least 1.
fn number<T: FromStr + PartialOrd + From<u8>>(parser: &mut Parser, name: &str) -> Result<T, Fail> {
    let number: T = parse_value(parser, name, "a number of at least 1")?;
    if number < T::from(1) {
        return Err(format!("{name}: give a number of at least 1").into());
    }
    Ok(number)
}

/// Parses a number from 1 to `most`.
fn at_most(parser: &mut Parser, name: &str, most: usize) -> Result<usize, Fail> {
    let number = number(parser, name)?;
    if number > most {
        return Err(format!("{name}: give a number of at most {most}").into());
    }
    Ok(number)
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
    fn bad_arguments_are_reported_with_the_remedy() {
        assert!(told(&["--limit", "many"]).contains("cannot read `many`"));
        assert!(told(&["--limit", "0"]).contains("at least 1"));
        assert!(told(&["--tasks", "0"]).contains("at least 1"));
        assert!(told(&["--tasks", "100000"]).contains("at most 1000"));
        assert!(told(&["--nodes", "0", "--redis", "unix:///r"]).contains("at least 1"));
        assert!(told(&["--nodes", "65", "--redis", "unix:///r"]).contains("at most 64"));
        assert!(told(&["--nodes", "2"]).contains("with --redis"));
        assert!(told(&["--redis"]).contains("--help"));
        assert!(told(&["--writes", "2"]).contains("0 to 1"));
        assert!(told(&["--writes", "NaN"]).contains("0 to 1"));
        assert!(told(&["--policy", "fifo"]).contains("lru"));
        assert!(told(&["--trase", "x"]).contains("--help"));
        assert!(told(&["--trace"]).contains("--trace"));
        assert!(told(&["--trace"]).contains("--help"));
        assert!(told(&["web12"]).contains("web12"));
    }

    #[test]
    fn each_node_has_a_caller() {
        let words = |more: &[&'static str]| {
            let shared = ["--redis", "unix:///r", "--nodes", "20"];
            [&shared[..], more].concat()
        };
        assert!(told(&words(&["--tasks", "19"])).contains("--nodes"));
        let words = words(&[]);
        let words = std::iter::once(&"replay").chain(&words).map(OsString::from);
        let Ok(Parsed::Run(args)) = parse(words) else {
            panic!("good arguments");
        };
        assert_eq!((args.nodes, args.tasks), (20, 20));
    }
}
