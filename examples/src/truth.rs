//! The oldest row that each read may return, by the writes that had returned before it began.
//!
//! A read must see a write of its own node as soon as the write has returned. A write of another
//! node reaches a node's memory by a message, so a read must see that write only [`WINDOW`] after
//! Redis accepted it. Within this time, an older read is counted, and is not a mistake.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The `bus_timeout` of the nodes' caches: the longest time for which a node's memory may serve
/// entries that another node has invalidated.
pub const BUS_TIMEOUT: Duration = Duration::from_secs(1);

/// The allowance for the rounding of timers, and for reads in progress when the time is taken.
const ALLOWANCE: Duration = Duration::from_millis(50);

/// The time after a write within which a read on another node may be older than the write.
pub const WINDOW: Duration = BUS_TIMEOUT.saturating_add(ALLOWANCE);

/// The writes of each row, with the times at which they returned. `I` names a row.
#[derive(Debug)]
pub struct Truth<I> {
    writes: HashMap<I, Mutex<Writes>>,
}

/// The writes of one row.
#[derive(Debug)]
struct Writes {
    /// The writes through any node that Redis has accepted.
    anywhere: Rises,
    /// For each node, the writes through this node that have returned.
    through: Box<[Rises]>,
}

/// The versions that were the newest, each with the time at which it became the newest. Versions
/// and times only rise.
#[derive(Debug, Clone, Default)]
struct Rises(Vec<(Instant, u32)>);

impl Rises {
    fn add(&mut self, at: Instant, version: u32) {
        match self.0.last() {
            Some((_, newest)) if *newest >= version => {}
            last => {
                let at = last.map_or(at, |(before, _)| at.max(*before));
                self.0.push((at, version));
            }
        }
    }

    /// Returns the first version that is newer than `got`, and the time for which it had existed at
    /// `time`. Returns `None` if there was no such version at `time`.
    fn newer_than(&self, got: u32, time: Instant) -> Option<(u32, Duration)> {
        let first = self.0.partition_point(|(_, version)| *version <= got);
        let (since, version) = *self.0.get(first)?;
        Some((version, time.checked_duration_since(since)?))
    }
}

/// The result of the check of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<I> {
    /// The read returned what it must, or something newer.
    Fresh,
    /// The read returned an older version than a write through another node, which Redis had
    /// accepted this time before the read began.
    Behind(Duration),
    /// The read returned an older version than it may.
    Stale(StaleRead<I>),
}

/// A read that returned an older version than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleRead<I> {
    /// The row.
    pub item: I,
    /// The node that read.
    pub node: usize,
    /// The version that the read returned.
    pub got: u32,
    /// The oldest version newer than `got` that the read should have seen.
    pub newer: u32,
    /// The time from the write of the version `newer` to the beginning of the read.
    pub since: Duration,
    /// `true` if the write was made through the node that read.
    pub own: bool,
}

impl<I> Default for Truth<I> {
    fn default() -> Self {
        Self {
            writes: HashMap::new(),
        }
    }
}

impl<I: Copy + Eq + Hash> Truth<I> {
    /// Creates the truth about `rows`, which `nodes` nodes read and write. Reads of other rows are
    /// not judged.
    pub fn new(rows: impl IntoIterator<Item = I>, nodes: usize) -> Self {
        let writes = || Writes {
            anywhere: Rises::default(),
            through: vec![Rises::default(); nodes].into(),
        };
        let each = rows.into_iter().map(|row| (row, Mutex::new(writes())));
        Self {
            writes: each.collect(),
        }
    }

    /// Records that a write of `item` through `node` returned at the time `at`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node.
    pub fn returned(&self, node: usize, item: I, version: u32, at: Instant) {
        if let Some(mut writes) = self.of(item) {
            writes.through[node].add(at, version);
        }
    }

    /// Records that Redis had accepted a write of `item` by the time `at`.
    pub fn accepted(&self, item: I, version: u32, at: Instant) {
        if let Some(mut writes) = self.of(item) {
            writes.anywhere.add(at, version);
        }
    }

    /// Judges the version `got` of `item`, which a read on `node` that began at the time `began`
    /// returned.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node.
    pub fn judge(&self, node: usize, item: I, got: u32, began: Instant) -> Verdict<I> {
        let Some(writes) = self.of(item) else {
            return Verdict::Fresh;
        };
        let stale = |newer, since, own| {
            Verdict::Stale(StaleRead {
                item,
                node,
                got,
                newer,
                since,
                own,
            })
        };
        if let Some((newer, since)) = writes.through[node].newer_than(got, began) {
            return stale(newer, since, true);
        }
        match writes.anywhere.newer_than(got, began) {
            None => Verdict::Fresh,
            Some((_, since)) if since <= WINDOW => Verdict::Behind(since),
            Some((newer, since)) => stale(newer, since, false),
        }
    }

    fn of(&self, item: I) -> Option<MutexGuard<'_, Writes>> {
        let writes = self.writes.get(&item)?;
        Some(writes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    const ROW: u32 = 7;

    fn write(truth: &Truth<u32>, node: usize, version: u32, at: Instant) {
        truth.returned(node, ROW, version, at);
        truth.accepted(ROW, version, at);
    }

    #[test]
    fn on_the_node_that_wrote_an_older_version_is_stale_at_once() {
        let (truth, start) = (Truth::new([7], 2), Instant::now());
        write(&truth, 0, 2, start);
        write(&truth, 0, 1, start + MILLISECOND);
        let judged = |version, after| truth.judge(0, ROW, version, start + after);
        assert_eq!(judged(2, MILLISECOND), Verdict::Fresh);
        let stale = StaleRead {
            item: ROW,
            node: 0,
            got: 1,
            newer: 2,
            since: Duration::ZERO,
            own: true,
        };
        assert_eq!(judged(1, Duration::ZERO), Verdict::Stale(stale));
    }

    #[test]
    fn a_read_that_began_before_the_write_returned_may_be_older() {
        let (truth, start) = (Truth::new([7], 1), Instant::now());
        write(&truth, 0, 1, start + MILLISECOND);
        assert_eq!(truth.judge(0, ROW, 0, start), Verdict::Fresh);
    }

    #[test]
    fn on_another_node_it_is_stale_when_the_window_is_over() {
        let (truth, start) = (Truth::new([7], 2), Instant::now());
        write(&truth, 0, 1, start);
        write(&truth, 0, 2, start + WINDOW);
        let judged = |version, after| truth.judge(1, ROW, version, start + after);
        assert_eq!(judged(0, Duration::ZERO), Verdict::Behind(Duration::ZERO));
        assert_eq!(judged(0, WINDOW), Verdict::Behind(WINDOW));
        assert!(matches!(
            judged(0, WINDOW + MILLISECOND),
            Verdict::Stale(StaleRead {
                newer: 1,
                own: false,
                ..
            })
        ));
        assert_eq!(
            judged(1, WINDOW + MILLISECOND),
            Verdict::Behind(MILLISECOND),
            "the window of the second write is its own"
        );
    }

    #[test]
    fn on_another_node_a_write_counts_from_its_acceptance() {
        let (truth, start) = (Truth::new([7], 2), Instant::now());
        truth.returned(0, ROW, 1, start);
        let later = start + WINDOW * 2;
        assert_eq!(truth.judge(1, ROW, 0, later), Verdict::Fresh);
        truth.accepted(ROW, 1, later);
        let judged = truth.judge(1, ROW, 0, later + WINDOW + MILLISECOND);
        assert!(matches!(judged, Verdict::Stale(_)));
        let own = truth.judge(0, ROW, 0, start);
        assert!(matches!(own, Verdict::Stale(_)), "not on its own node");
    }
}
