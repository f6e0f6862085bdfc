//! The floors that invalidations set.

use cachekit_tests::floors::{self, Floor};

use crate::parent::history::Write;

/// One row's floors on one node.
pub(super) type Floors<'a> = floors::Floors<&'a Write>;

/// Those that `writes` set for `node`; on others than their own they hold `window` after
/// Redis accepted them, or, acknowledged, `acked` after they returned.
pub(super) fn of_node(writes: &[Write], node: u8, window: u64, acked: u64) -> Floors<'_> {
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
    let floor = |write| {
        Some(Floor {
            since: since(write)?,
            version: write.version,
            by: write,
        })
    };
    Floors::new(writes.iter().filter_map(floor))
}
