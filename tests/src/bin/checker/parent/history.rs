//! The history that the nodes report.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cells::Cell;
use crate::invalidation_mode::InvalidationMode;
use cachekit_tests::clock;

/// A read that returned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) node: u8,
    pub(super) cell: Cell,
    pub(super) begin: u64,
    pub(super) end: u64,
    /// Zero: an absence.
    pub(super) version: u64,
    /// How long computations ran inside of it.
    pub(super) spent: u64,
    /// Whether messages came through to the node when it began.
    pub(super) is_bus_live: bool,
    /// Whether it asked for nothing old.
    pub(super) is_fresh: bool,
}

/// The number of another program among nodes.
pub(super) const NOBODY: u8 = u8::MAX;

/// A version whose past was invalidated.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) node: u8,
    pub(super) cell: Cell,
    pub(super) version: u64,
    pub(super) kind: String,
    /// When its invalidation began and returned, and Redis had accepted it at the latest.
    pub(super) began: u64,
    pub(super) returned: u64,
    pub(super) accepted: Option<u64>,
    /// Whether it said that every node had applied it when it returned.
    pub(super) acknowledged: bool,
    pub(super) mode: InvalidationMode,
}

impl Write {
    /// Who made it, in words.
    pub(super) fn who(&self) -> String {
        if self.node == NOBODY {
            "another program".to_owned()
        } else {
            format!("node {}", self.node)
        }
    }
}

/// All that the nodes told so far.
#[derive(Default)]
pub(super) struct History {
    events: Mutex<Events>,
    start: AtomicU64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Events {
    pub(super) reads: Vec<Read>,
    pub(super) writes: Vec<Write>,
    /// What must not happen at all, with its time.
    pub(super) problems: Vec<(u64, String)>,
    /// What the caches counted, summed over the nodes.
    pub(super) stats: BTreeMap<String, u64>,
}

impl History {
    /// Times are shown from here on.
    pub(super) fn start(&self) {
        self.start.store(clock::now(), Ordering::Relaxed);
    }

    /// A time in words.
    pub(super) fn shown(&self, time: u64) -> String {
        let start = self.start.load(Ordering::Relaxed);
        format!("+{:.2} ms", clock::millis(time.saturating_sub(start)))
    }

    /// A copy of everything so far.
    pub(super) fn events(&self) -> Events {
        self.lock().clone()
    }

    pub(super) fn problem(&self, problem: String) {
        self.lock().problems.push((clock::now(), problem));
    }

    /// A write that no node made.
    pub(super) fn foreign(&self, write: Write) {
        self.lock().writes.push(write);
    }

    /// Takes in what a node tells; says whether it came to its end.
    pub(super) fn collect(&self, node: u8, lines: BufReader<TcpStream>) -> bool {
        // The writes of each of the node's numbers.
        let mut numbers = HashMap::new();
        for line in lines.lines() {
            let Ok(line) = line else { return false };
            if line == "done" {
                return true;
            }
            if self.take_in(node, &line, &mut numbers).is_none() {
                self.problem(format!("node {node} said `{line}`"));
            }
        }
        false
    }

    fn take_in(
        &self,
        node: u8,
        line: &str,
        numbers: &mut HashMap<u64, std::ops::Range<usize>>,
    ) -> Option<()> {
        let (what, rest) = line.split_once(' ')?;
        let mut words = rest.split(' ');
        let mut events = self.lock();
        match what {
            "r" => {
                let mut number = || words.next()?.parse::<u64>().ok();
                let cell = Cell(u16::try_from(number()?).ok()?);
                events.reads.push(Read {
                    node,
                    cell,
                    begin: number()?,
                    end: number()?,
                    version: number()?,
                    spent: number()?,
                    is_bus_live: number()? == 1,
                    is_fresh: number()? == 1,
                });
            }
            "w" => {
                let id = words.next()?.parse().ok()?;
                let first = events.writes.len();
                take_in_writes(node, words, &mut events.writes)?;
                numbers.insert(id, first..events.writes.len());
            }
            "a" => {
                let id = words.next()?.parse().ok()?;
                let time = words.next()?.parse().ok()?;
                // Other nodes' writes stand in between, but none within.
                let range = numbers.remove(&id)?;
                for write in &mut events.writes[range] {
                    write.accepted = Some(time);
                }
            }
            "s" => {
                let name = words.next()?.to_owned();
                *events.stats.entry(name).or_default() += words.next()?.parse::<u64>().ok()?;
            }
            "x" => {
                let (time, problem) = rest.split_once(' ')?;
                let problem = format!("node {node}: {problem}");
                events.problems.push((time.parse().ok()?, problem));
            }
            _ => return None,
        }
        Some(())
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `WAY BEGAN RETURNED ACKNOWLEDGED MANNER CELL:VERSION..`
fn take_in_writes<'a>(
    node: u8,
    mut words: impl Iterator<Item = &'a str>,
    writes: &mut Vec<Write>,
) -> Option<()> {
    let kind = words.next()?;
    let began = words.next()?.parse().ok()?;
    let returned = words.next()?.parse().ok()?;
    let acknowledged = words.next()? == "1";
    let mode = InvalidationMode::read(words.next()?)?;
    for word in words {
        let (cell, version) = word.split_once(':')?;
        writes.push(Write {
            node,
            cell: Cell(cell.parse().ok()?),
            version: version.parse().ok()?,
            kind: kind.to_owned(),
            began,
            returned,
            accepted: None,
            acknowledged,
            mode,
        });
    }
    Some(())
}
