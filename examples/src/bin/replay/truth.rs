//! What every reader may rely on: how new a product is at least.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::shop::Product;

/// The newest version of each product whose write has returned.
#[derive(Debug)]
pub(crate) struct Truth {
    returned: HashMap<u32, AtomicU32>,
}

/// A read that returned an older version than a write that had returned before it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StaleRead {
    pub(crate) id: u32,
    pub(crate) at_least: u32,
    pub(crate) got: u32,
}

impl Truth {
    pub(crate) fn new(products: &[u32]) -> Self {
        Self {
            returned: products.iter().map(|id| (*id, AtomicU32::new(0))).collect(),
        }
    }

    /// What a read of `id` that begins now must at least return.
    pub(crate) fn floor(&self, id: u32) -> u32 {
        self.returned
            .get(&id)
            .map_or(0, |version| version.load(Ordering::SeqCst))
    }

    /// A write of `id` has returned.
    pub(crate) fn written(&self, id: u32, version: u32) {
        if let Some(returned) = self.returned.get(&id) {
            returned.fetch_max(version, Ordering::SeqCst);
        }
    }
}

/// Judges a read that began when `floor` was known.
pub(crate) fn judge(floor: u32, read: &Product) -> Option<StaleRead> {
    (read.version < floor).then_some(StaleRead {
        id: read.id,
        at_least: floor,
        got: read.version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_than_a_finished_write_is_stale() {
        let truth = Truth::new(&[7]);
        let product = |version| Product {
            id: 7,
            name: String::new(),
            price_cents: 1,
            category_id: 1,
            version,
        };
        assert!(judge(truth.floor(7), &product(0)).is_none());
        truth.written(7, 2);
        truth.written(7, 1);
        assert!(judge(truth.floor(7), &product(2)).is_none());
        let stale = judge(truth.floor(7), &product(1)).expect("older");
        assert_eq!((stale.id, stale.at_least, stale.got), (7, 2, 1));
    }
}
