//! Compares the versions that readers got with the promises of the cache.
//!
//! A version becomes the floor of its row on a node when its invalidation takes effect there. On
//! the node that invalidated, this is when the call returned, whether Redis was up or down. On
//! other nodes, it is a while after Redis accepted the invalidation, or when the call returned if
//! the call said that every node had applied it. A read that begins later gets that version or a
//! newer one. For rows that may be served stale, and after a soft invalidation, a read that accepts
//! stale values gets it a window later (`windows`).

mod floors;
mod propagation;
mod windows;

use std::time::Duration;

use cachekit_tests::clock::{millis, nanos};
use cachekit_tests::floors::Floor;

use self::floors::NodeFloors;
use self::windows::Windows;
use super::World;
use super::history::{Events, Read, Write};
use super::table::Table;
use crate::args::Settings;
use crate::cells::{CELLS, Cell};
use crate::invalidation_mode::InvalidationMode;
use crate::node::{BUS_TIMEOUT, LOCK_TIMEOUT};

/// For the scheduler and the rounding of timers.
const ALLOWANCE: Duration = Duration::from_millis(50);

/// A call that takes longer, without what was computed inside of it, is a lost one.
const LONGEST_CALL: Duration = Duration::from_secs(5);

/// What is asked of other nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How long after Redis accepted an invalidation others may go on.
    window: u64,
    /// How long after an acknowledged one a node may that is cut off: its calls may join a
    /// computation that began before, and is waited for no longer than until it is so old.
    cut_off: u64,
}

impl Rules {
    pub(super) fn of(settings: &Settings) -> Self {
        // Without messages a call may still join a computation that began before, which is
        // waited for no longer than until it is so old.
        let window = if settings.bus {
            BUS_TIMEOUT
        } else {
            LOCK_TIMEOUT
        };
        Self {
            window: nanos(window + ALLOWANCE),
            cut_off: nanos(LOCK_TIMEOUT + ALLOWANCE),
        }
    }
}

/// What must not happen, and did.
#[derive(Debug, Clone)]
pub(super) struct Violation {
    pub(super) time: u64,
    pub(super) text: String,
    pub(super) read: Option<Read>,
}

/// The outcome.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) events: Events,
    pub(super) violations: Vec<Violation>,
    /// For each accepted invalidation and each other node with reads after it, how long after
    /// the acceptance the last read began that got something older; in order.
    pub(super) propagation: Vec<u64>,
    /// The same for soft invalidations of what may be served old.
    pub(super) old: Vec<u64>,
    /// Reads that got something older than an earlier read of that node, all within what is
    /// allowed.
    pub(super) went_back: usize,
    /// The longest call, without what was computed inside of it.
    pub(super) slowest: u64,
}

/// Judges everything so far.
pub(super) fn judge(world: &World, rules: Rules) -> Verdict {
    let mut events = world.history.events();
    events
        .reads
        .sort_by_key(|read| (read.cell, read.node, read.begin));
    events
        .writes
        .sort_by_key(|write| (write.cell, write.returned));
    let mut verdict = Verdict::default();
    for number in 0..CELLS {
        let judging = Judging {
            world,
            rules,
            table: &world.table,
            cell: Cell(number),
            writes: of_cell(&events.writes, number, |write| write.cell),
        };
        let reads = of_cell(&events.reads, number, |read| read.cell);
        let windows = Windows::of(reads, rules.window);
        for node in reads.chunk_by(|a, b| a.node == b.node) {
            judging.node(node, &windows, &mut verdict);
        }
    }
    for (time, text) in &events.problems {
        verdict.violations.push(Violation {
            time: *time,
            text: text.clone(),
            read: None,
        });
    }
    verdict.violations.sort_by_key(|violation| violation.time);
    verdict.propagation.sort_unstable();
    verdict.old.sort_unstable();
    verdict.events = events;
    verdict
}

/// Those of one cell, of a list in order of cells.
fn of_cell<T>(all: &[T], number: u16, cell: impl Fn(&T) -> Cell) -> &[T] {
    let start = all.partition_point(|one| cell(one).0 < number);
    let end = all.partition_point(|one| cell(one).0 <= number);
    &all[start..end]
}

/// One row.
struct Judging<'a> {
    world: &'a World,
    rules: Rules,
    table: &'a Table,
    cell: Cell,
    writes: &'a [Write],
}

impl Judging<'_> {
    /// Judges what one node read, in order of the reads' beginning.
    fn node(&self, reads: &[Read], windows: &Windows, verdict: &mut Verdict) {
        let Some(first) = reads.first() else { return };
        let floors = NodeFloors::of(self.writes, first.node, self.rules, windows);
        let commits = self.table.commits(self.cell);
        let newest_before = newest_before(reads);
        for (read, before) in reads.iter().zip(newest_before) {
            let took = (read.end - read.begin).saturating_sub(read.spent);
            verdict.slowest = verdict.slowest.max(took);
            if took > nanos(LONGEST_CALL) {
                let text = format!("{} took {:.0} ms", self.name(read), millis(took));
                verdict.violations.push(violation(read, text));
            }
            let newest = commits.partition_point(|(time, _)| *time <= read.end);
            let newest = commits
                .get(newest.wrapping_sub(1))
                .map_or(0, |(_, version)| *version);
            let floor = floors.of_read(read).at(read.begin);
            if let Some(problem) = self.problem(read, floor, newest, before) {
                verdict.violations.push(violation(read, problem));
            } else if read.version != 0 && read.version < before {
                verdict.went_back += 1;
            }
        }
        let stays = |write: &&Write| {
            self.cell.kind().may_be_stale() && write.mode != InvalidationMode::Hard
        };
        let said = self.writes.iter();
        let said = said.filter(|write| write.mode != InvalidationMode::Unsaid);
        let (soft, hard): (Vec<_>, Vec<_>) = said.partition(stays);
        propagation::add(&hard, reads, &mut verdict.propagation);
        propagation::add(&soft, reads, &mut verdict.old);
    }

    /// What is wrong with a read, if anything.
    fn problem(
        &self,
        read: &Read,
        floor: Option<Floor<&Write>>,
        newest: u64,
        before: u64,
    ) -> Option<String> {
        let name = self.name(read);
        if read.version > newest {
            return Some(format!(
                "{name} got version {}, which did not exist",
                read.version
            ));
        }
        let floor = floor?;
        let least = floor.version;
        if read.version == 0 {
            // Any version that may be absent may have been it.
            let may_be = (least..=newest).any(|version| self.cell.is_absent(version));
            let what = || format!("{name} got an absence; {}", self.told(&floor, read));
            return (!may_be).then(what);
        }
        if read.version >= least {
            return None;
        }
        let back = if read.version < before {
            format!(" after this node had returned version {before}")
        } else {
            String::new()
        };
        let told = self.told(&floor, read);
        Some(format!("{name} got version {}{back}; {told}", read.version))
    }

    fn name(&self, read: &Read) -> String {
        let history = &self.world.history;
        format!(
            "node {}'s read of {} from {} to {} ({})",
            read.node,
            self.cell,
            history.shown(read.begin),
            history.shown(read.end),
            match (read.spent, read.is_fresh) {
                (0, false) => "cached",
                (0, true) => "fresh or nothing",
                _ => "computed",
            },
        )
    }

    /// What the read had to know.
    fn told(&self, floor: &Floor<&Write>, read: &Read) -> String {
        let write = floor.by;
        let history = &self.world.history;
        let accepted = write.accepted.map_or("not accepted".to_owned(), |time| {
            format!("accepted by {}", history.shown(time))
        });
        format!(
            "{} had raised it to {}, invalidated it ({}{}) from {} to {}, {accepted}: {:.2} ms too late",
            write.who(),
            write.version,
            write.kind,
            if write.acknowledged {
                ", acknowledged"
            } else {
                ""
            },
            history.shown(write.began),
            history.shown(write.returned),
            millis(read.begin.saturating_sub(floor.since)),
        )
    }
}

fn violation(read: &Read, text: String) -> Violation {
    Violation {
        time: read.end,
        text,
        read: Some(*read),
    }
}

/// For each read, the newest version of those that ended before it began.
fn newest_before(reads: &[Read]) -> Vec<u64> {
    let mut ends: Vec<_> = reads.iter().map(|read| (read.end, read.version)).collect();
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    let mut newest = 0;
    let before = reads.iter().map(|read| {
        while let Some((_, version)) = ends.next_if(|(end, _)| *end < read.begin) {
            newest = newest.max(version);
        }
        newest
    });
    before.collect()
}
