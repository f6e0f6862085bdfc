//! The floors that invalidations set.

use cachekit_tests::floors::{self, Floor};

use super::Rules;
use super::windows::Windows;
use crate::parent::history::{Read, Write};

type Floors<'a> = floors::Floors<&'a Write>;

/// One row's floors on one node, for reads of it that begin where messages come through, and
/// where not.
pub(super) struct NodeFloors<'a> {
    /// For reads that take nothing old.
    fresh: [Floors<'a>; 2],
    /// For others.
    usual: [Floors<'a>; 2],
}

impl<'a> NodeFloors<'a> {
    pub(super) fn of(writes: &'a [Write], node: u8, rules: Rules, windows: &Windows) -> Self {
        let since = [0, rules.cut_off].map(|acked| Since {
            node,
            window: rules.window,
            acked,
        });
        Self {
            fresh: since.map(|since| of_node(writes, since, |_, since| since)),
            usual: since.map(|since| of_node(writes, since, |write, at| windows.end(write, at))),
        }
    }

    pub(super) fn of_read(&self, read: &Read) -> &Floors<'a> {
        let [heard, cut_off] = if read.is_fresh {
            &self.fresh
        } else {
            &self.usual
        };
        if read.is_bus_live { heard } else { cut_off }
    }
}

/// From when on an invalidation holds on a node.
#[derive(Debug, Clone, Copy)]
struct Since {
    node: u8,
    /// How long after Redis accepted it, if another node invalidated.
    window: u64,
    /// How long after it returned, if it is acknowledged.
    acked: u64,
}

impl Since {
    fn of(self, write: &Write) -> Option<u64> {
        if write.node == self.node {
            Some(write.returned)
        } else {
            elsewhere(write, self.window, self.acked)
        }
    }
}

/// From when on an invalidation holds on every other node.
pub(super) fn elsewhere(write: &Write, window: u64, acked: u64) -> Option<u64> {
    let accepted = write.accepted.map(|accepted| accepted + window);
    if !write.acknowledged {
        return accepted;
    }
    let acked = write.returned + acked;
    Some(accepted.map_or(acked, |accepted| accepted.min(acked)))
}

/// Those that `writes` set: each from where `end` says that what was from before ends, which
/// holds `since` then.
fn of_node(writes: &[Write], since: Since, end: impl Fn(&Write, u64) -> u64) -> Floors<'_> {
    let floor = |write| {
        Some(Floor {
            since: end(write, since.of(write)?),
            version: write.version,
            by: write,
        })
    };
    Floors::new(writes.iter().filter_map(floor))
}
