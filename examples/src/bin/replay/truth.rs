//! What every reader may rely on: how new a product is at least.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::database::Product;

/// The newest version of each product whose write has returned.
#[derive(Debug)]
pub(crate) struct Truth {
    returned: HashMap<u32, Returned>,
}

#[derive(Debug)]
struct Returned {
    anywhere: AtomicU32,
    /// Through each node.
    through: Box<[AtomicU32]>,
}

/// What was known of a product when a read of it began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Floor {
    anywhere: u32,
    /// By writes through the node that reads.
    here: u32,
}

/// What a read came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fresh,
    /// Older than a write through another node.
    Behind,
    Stale(StaleRead),
}

/// A read that returned an older version than a write that had returned before it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StaleRead {
    pub(crate) id: u32,
    pub(crate) at_least: u32,
    pub(crate) got: u32,
}

impl Truth {
    pub(crate) fn new(products: &[u32], nodes: usize) -> Self {
        let returned = || Returned {
            anywhere: AtomicU32::new(0),
            through: (0..nodes).map(|_| AtomicU32::new(0)).collect(),
        };
        Self {
            returned: products.iter().map(|id| (*id, returned())).collect(),
        }
    }

    /// What a read of `id` that begins now on `node` must at least return.
    pub(crate) fn floor(&self, node: usize, id: u32) -> Floor {
        let Some(returned) = self.returned.get(&id) else {
            return Floor::default();
        };
        Floor {
            anywhere: returned.anywhere.load(Ordering::SeqCst),
            here: returned.through[node].load(Ordering::SeqCst),
        }
    }

    /// A write of `id` through `node` has returned.
    pub(crate) fn written(&self, node: usize, id: u32, version: u32) {
        if let Some(returned) = self.returned.get(&id) {
            returned.through[node].fetch_max(version, Ordering::SeqCst);
            returned.anywhere.fetch_max(version, Ordering::SeqCst);
        }
    }
}

/// Judges a read that began when `floor` was known.
pub(crate) fn judge(floor: Floor, read: &Product) -> Verdict {
    if read.version >= floor.anywhere {
        Verdict::Fresh
    } else if is_excused(floor, read) {
        Verdict::Behind
    } else {
        Verdict::Stale(StaleRead {
            id: read.id,
            at_least: floor.anywhere,
            got: read.version,
        })
    }
}

/// Whether a read that is too old is so only by writes through other nodes.
///
/// Nothing tells a node's memory what other nodes invalidate. Once something does, no read is
/// excused.
fn is_excused(floor: Floor, read: &Product) -> bool {
    read.version >= floor.here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(version: u32) -> Product {
        Product {
            id: 7,
            name: String::new(),
            price_cents: 1,
            category_id: 1,
            version,
        }
    }

    #[test]
    fn an_older_version_than_a_finished_write_is_stale() {
        let truth = Truth::new(&[7], 1);
        assert_eq!(judge(truth.floor(0, 7), &product(0)), Verdict::Fresh);
        truth.written(0, 7, 2);
        truth.written(0, 7, 1);
        assert_eq!(judge(truth.floor(0, 7), &product(2)), Verdict::Fresh);
        let stale = StaleRead {
            id: 7,
            at_least: 2,
            got: 1,
        };
        let verdict = judge(truth.floor(0, 7), &product(1));
        assert_eq!(verdict, Verdict::Stale(stale));
    }

    #[test]
    fn only_writes_through_the_same_node_make_a_read_stale() {
        let truth = Truth::new(&[7], 2);
        truth.written(0, 7, 1);
        truth.written(1, 7, 2);
        assert_eq!(judge(truth.floor(0, 7), &product(2)), Verdict::Fresh);
        assert_eq!(judge(truth.floor(0, 7), &product(1)), Verdict::Behind);
        assert!(matches!(
            judge(truth.floor(0, 7), &product(0)),
            Verdict::Stale(_)
        ));
        assert!(matches!(
            judge(truth.floor(1, 7), &product(1)),
            Verdict::Stale(_)
        ));
    }
}
