//! The oldest version that a node may return, from when on.

use crate::parent::history::Write;

/// One row's floors on one node.
pub(super) struct Floors<'a>(Vec<Floor<'a>>);

/// A version below which nothing may be returned any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor<'a> {
    pub(super) since: u64,
    pub(super) write: &'a Write,
}

impl<'a> Floors<'a> {
    /// Those that `writes` set for `node`; on others than their own they hold `window` after
    /// Redis accepted them, or, acknowledged, `acked` after they returned.
    pub(super) fn new(writes: &'a [Write], node: u8, window: u64, acked: u64) -> Self {
        let since = |write: &Write| {
            let accepted = write.accepted.map(|accepted| accepted + window);
            if write.node == node {
                Some(write.returned)
            } else if write.acknowledged {
                let acked = write.returned + acked;
                Some(accepted.map_or(acked, |accepted| accepted.min(acked)))
            } else {
                accepted
            }
        };
        let mut floors: Vec<_> = writes
            .iter()
            .filter_map(|write| since(write).map(|since| Floor { since, write }))
            .collect();
        floors.sort_by_key(|floor| floor.since);
        let mut highest = 0;
        floors.retain(|floor| {
            let rises = floor.write.version > highest;
            highest = highest.max(floor.write.version);
            rises
        });
        Self(floors)
    }

    /// The one for a read that begins at `time`.
    pub(super) fn at(&self, time: u64) -> Option<Floor<'a>> {
        let after = self.0.partition_point(|floor| floor.since < time);
        self.0.get(after.checked_sub(1)?).copied()
    }
}
