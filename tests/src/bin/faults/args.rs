//! The command line.

use std::path::PathBuf;

use crate::left_out;
use crate::rows::{self, Row};
use crate::settings::{BROKEN, Removed};
use crate::topology::Topology;

pub(crate) const HELP: &str = "\
faults: what happens to Redis, and what a service with the cache notices of it

    faults [ROW ...] [--topology one|sentinel|cluster] [--list] [--quick] [--markdown FILE] [--break NAME]

ROW             the rows to run, by name; without any, all
--topology NAME one: a Redis (the default); sentinel: three, which three sentinels watch;
                cluster: a Redis Cluster of three masters with a replica each
--list          says which there are, and which are left out
--quick         some of them, that take less than a minute together
--markdown FILE writes the table there too
--break NAME    takes something from the cache, so that rows must fail: deaf, no-epoch and
                no-heartbeat each remove a guard, long-timeout makes it wait a second for Redis

Ends with 0 if every row is as promised, with 1 if one is not or if a secret was printed or
logged, with 2 if the arguments make no sense.";

/// What is to be done.
pub(crate) enum Parsed {
    Help,
    List(Topology),
    Rows(Order),
}

/// Which rows are to run, and how.
pub(crate) struct Order {
    pub(crate) rows: Vec<Row>,
    pub(crate) topology: Topology,
    pub(crate) markdown: Option<PathBuf>,
    /// What is taken from the cache.
    pub(crate) broken: Option<Removed>,
}

/// Reads the words after the program's name.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Parsed, String> {
    let mut order = Order {
        rows: Vec::new(),
        topology: Topology::One,
        markdown: None,
        broken: None,
    };
    let (mut is_quick, mut is_list) = (false, false);
    let mut names = Vec::new();
    let mut args = args;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg}: a value is missing"));
        match arg.as_str() {
            "--help" => return Ok(Parsed::Help),
            "--list" => is_list = true,
            "--topology" => order.topology = Topology::parse(&value()?)?,
            "--quick" => is_quick = true,
            "--markdown" => order.markdown = Some(value()?.into()),
            "--break" => order.broken = Some(broken(&value()?)?),
            option if option.starts_with('-') => {
                return Err(format!("`{option}`: unknown, see --help"));
            }
            name => names.push(name.to_owned()),
        }
    }
    if is_list {
        return Ok(Parsed::List(order.topology));
    }
    for name in names {
        order.rows.push(row(order.topology, &name)?);
    }
    if is_quick && !order.rows.is_empty() {
        return Err("--quick: rows are named, too; give one or the other".to_owned());
    }
    if order.rows.is_empty() {
        order.rows = rows::of(order.topology);
        order.rows.retain(|row| row.is_quick || !is_quick);
    }
    Ok(Parsed::Rows(order))
}

fn row(topology: Topology, name: &str) -> Result<Row, String> {
    let found = rows::of(topology).into_iter().find(|row| row.name == name);
    found.ok_or_else(|| match left_out::why(topology, name) {
        Some(why) => format!("`{name}`: left out with --topology {topology:?}: {why}"),
        None => format!("`{name}`: no such row, see --list"),
    })
}

fn broken(name: &str) -> Result<Removed, String> {
    let found = BROKEN.iter().find(|(known, _)| *known == name);
    found.map(|(_, broken)| *broken).ok_or_else(|| {
        let names: Vec<_> = BROKEN.iter().map(|(name, _)| *name).collect();
        format!("--break {name}: expected one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Parsed, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn rows_and_options() {
        let rows = |words| match parsed(words) {
            Ok(Parsed::Rows(order)) => order.rows.len(),
            _ => 0,
        };
        let all = rows::all();
        assert_eq!(rows(""), all.len());
        assert_eq!(rows("flushall sigstop --markdown x.md --break deaf"), 2);
        let of_sentinels = rows("--topology sentinel");
        assert!(of_sentinels > 5 && rows("--topology sentinel split") == 1);
        let of_cluster = rows("--topology cluster");
        assert!(of_cluster > 10 && rows("--topology cluster bus-killed") == 1);
        let quick = rows("--quick");
        assert!(quick > 5 && quick < all.len());
    }

    #[test]
    fn what_makes_no_sense() {
        for words in [
            "nothing",
            "--nothing",
            "--break",
            "--break x",
            "flushall --quick",
            "--topology several",
            "--topology sentinel flushall",
            "--topology cluster read-only",
        ] {
            assert!(parsed(words).is_err(), "{words}");
        }
    }
}
