//! What is to be measured.

use std::path::PathBuf;

use cachekit_benches::traces::PERCENT;
use lexopt::{Arg, ValueExt};

pub(crate) const HELP: &str = "\
Measures cachekit beside other caches, a plain Redis client and nothing, and prints tables of ratios.

Usage: table [--quick] [--json FILE] [--plots FOLDER] [--from FILE] [--only SECTION].. [--room PERCENT]..

  --quick         short rounds, and few of them: to see that all is well, not to quote
  --json FILE     writes the figures there too
  --plots FOLDER  draws hits.svg and curve.svg there, of the sections memory and curve
  --from FILE     measures nothing, and draws the plots of what --json wrote earlier
  --only SECTION  memory, curve, redis, traces or service; may be given more than once. Default: all
  --room PERCENT  the share of a trace's keys that there is room for; may be given more than once.
                  Default: 10

Traces are those in the folder CACHEKIT_TRACES; without it, generated ones. Redis is started by
itself: redis-server, or what CACHEKIT_REDIS_SERVER names.
";

/// As the program calls itself, once for each table of memory.
pub(crate) const MEMORY_TABLE: &str = "--memory-table";
/// As the program calls itself, once for each point of the curve.
pub(crate) const CURVE_POINT: &str = "--curve-point";
pub(crate) const QUICK: &str = "--quick";

/// A part of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Memory,
    Curve,
    Redis,
    Traces,
    #[cfg(feature = "service")]
    Service,
}

#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) quick: bool,
    pub(crate) json: Option<PathBuf>,
    /// The file of an earlier run, whose plots are drawn.
    pub(crate) from: Option<PathBuf>,
    /// The folder of the plots.
    pub(crate) plots: Option<PathBuf>,
    /// Only this table of memory, as JSON.
    pub(crate) memory_table: Option<usize>,
    /// Only this point of the curve, as JSON.
    pub(crate) curve_point: Option<usize>,
    /// Empty: all.
    only: Vec<Section>,
    /// Empty: the default.
    room: Vec<usize>,
}

impl Order {
    pub(crate) fn wants(&self, section: Section) -> bool {
        self.only.is_empty() || self.only.contains(&section)
    }

    pub(crate) fn room(&self) -> Vec<usize> {
        if self.room.is_empty() {
            vec![PERCENT]
        } else {
            self.room.clone()
        }
    }
}

/// `None`: only help is wanted.
pub(crate) fn parse() -> Result<Option<Order>, lexopt::Error> {
    let mut order = Order::default();
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Arg::Long("quick") => order.quick = true,
            Arg::Long("memory-table") => order.memory_table = Some(words.value()?.parse()?),
            Arg::Long("curve-point") => order.curve_point = Some(words.value()?.parse()?),
            Arg::Long("json") => order.json = Some(words.value()?.into()),
            Arg::Long("from") => order.from = Some(words.value()?.into()),
            Arg::Long("plots") => order.plots = Some(words.value()?.into()),
            Arg::Long("only") => order.only.push(section(&words.value()?.to_string_lossy())?),
            Arg::Long("room") => order.room.push(words.value()?.parse()?),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(order))
}

fn section(word: &str) -> Result<Section, lexopt::Error> {
    match word {
        "memory" => Ok(Section::Memory),
        "curve" => Ok(Section::Curve),
        "redis" => Ok(Section::Redis),
        "traces" => Ok(Section::Traces),
        #[cfg(feature = "service")]
        "service" => Ok(Section::Service),
        other => {
            Err(format!("no section `{other}`: memory, curve, redis, traces or service").into())
        }
    }
}
