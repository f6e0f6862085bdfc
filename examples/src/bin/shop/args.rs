//! The command line, and the sizes of the acts.

use std::ffi::OsString;
use std::path::PathBuf;

use cachekit_examples::program::Fail;
use cachekit_examples::token::{self, Token};
use lexopt::{Arg, Parser, ValueExt};

use crate::products::now;

pub(crate) const HELP: &str = "\
Runs a shop over HTTP with an SQLite database, whose queries take 20 ms, and drives it through four
acts: a cold start, steady traffic, a flash sale, and price changes under load.

Usage: shop [OPTIONS]

  --quick           small loads: all acts in less than 15 seconds
  --report FILE     the file of the report, one HTML page (default: shop.html in the temporary folder)
  --picture FILE    a file for one picture of the four acts, an SVG for a light and a dark theme
  --redis URL       a Redis that the instances share, redis://[user:password@]host[:port][/db] or
                    unix:///path
  --namespace NAME  the namespace of the caches in Redis, for the command `cachekit` (default: one of
                    this run)
  --nodes N         instances, each with a cache and a server, 1 to 16 (default: 1)
  --seed N          of everything drawn at random (default: 1)
  --serve           leave the shop running after the acts, with the dashboard of its cache;
                    DASHBOARD_TOKEN is the token of the dashboard (default: a random one)
  --help            this text

Exit status: 0, every promise held; 1, a promise did not hold; 2, a bad argument, or a Redis that
cannot be reached.
";

/// The largest number of instances.
const MOST_NODES: usize = 16;

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) size: Size,
    pub(crate) report: PathBuf,
    pub(crate) picture: Option<PathBuf>,
    pub(crate) redis: Option<String>,
    pub(crate) namespace: String,
    pub(crate) nodes: usize,
    pub(crate) seed: u64,
    pub(crate) serves: bool,
    /// Token of the dashboard, which only a shop has that stays open.
    pub(crate) token: Option<Token>,
}

/// The sizes of the shop and of its loads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) products: u32,
    pub(crate) users: u32,
    /// The requests of each act with the cache.
    pub(crate) cold: usize,
    pub(crate) steady: usize,
    pub(crate) sale: usize,
    pub(crate) prices: usize,
    /// The requests of each act without the cache.
    pub(crate) without: usize,
    /// The connections in the sale, and in the other acts.
    pub(crate) crowd: usize,
    pub(crate) callers: usize,
}

const FULL: Size = Size {
    products: 2_000,
    users: 500,
    cold: 20_000,
    steady: 100_000,
    sale: 50_000,
    prices: 100_000,
    without: 2_000,
    crowd: 400,
    callers: 16,
};

const QUICK: Size = Size {
    products: 60,
    users: 30,
    cold: 1_200,
    steady: 4_000,
    sale: 2_000,
    prices: 4_000,
    without: 200,
    crowd: 100,
    callers: 16,
};

/// Reads the command line; `None` if it asks for the help.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Option<Args>, Fail> {
    let mut args = Args {
        size: FULL,
        report: std::env::temp_dir().join("shop.html"),
        picture: None,
        redis: None,
        namespace: format!("shop-{}-{:x}", std::process::id(), now()),
        nodes: 1,
        seed: 1,
        serves: false,
        token: None,
    };
    let mut parser = Parser::from_iter(words);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("quick") => args.size = QUICK,
            Arg::Long("report") => args.report = parser.value()?.into(),
            Arg::Long("picture") => args.picture = Some(parser.value()?.into()),
            Arg::Long("namespace") => args.namespace = parser.value()?.string()?,
            Arg::Long("redis") => args.redis = Some(parser.value()?.string()?),
            Arg::Long("nodes") => args.nodes = parser.value()?.parse()?,
            Arg::Long("seed") => args.seed = parser.value()?.parse()?,
            Arg::Long("serve") => {
                args.serves = true;
                args.token = Some(token::dashboard()?);
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    if !(1..=MOST_NODES).contains(&args.nodes) {
        return Err(format!("--nodes: give a number from 1 to {MOST_NODES}").into());
    }
    if args.nodes > 1 && args.redis.is_none() {
        return Err("--nodes: what instances share is a Redis; name one with --redis".into());
    }
    Ok(Some(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> String {
        let words = std::iter::once(&"shop").chain(words).map(OsString::from);
        parse(words).expect_err("bad arguments").to_string()
    }

    #[test]
    fn bad_arguments_are_reported_with_the_remedy() {
        assert!(told(&["--nodes", "2"]).contains("with --redis"));
        assert!(told(&["--nodes", "0"]).contains("from 1 to 16"));
        assert!(told(&["--fast"]).contains("--help"));
    }
}
