//! The source of data: a version for each row.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::said::VALUE;

/// Rows that both nodes read, with many calls at a time; and, for each node, rows that it alone
/// reads, one call at a time.
pub(crate) const SHARED: u64 = 96;
pub(crate) const OWN: u64 = 48;

/// All rows.
pub(crate) const ROWS: u64 = SHARED + OWN * 2;

/// Tags take in rows of the same remainder.
pub(crate) const GROUPS: u64 = 16;

/// What a computation gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) row: u64,
    pub(crate) group: u64,
    pub(crate) version: u64,
    /// What must not be logged.
    secret: String,
}

impl Value {
    /// Whether it is one of `row`'s.
    pub(crate) fn is_of(&self, row: u64) -> bool {
        self.row == row && self.group == row % GROUPS && self.secret == VALUE
    }
}

/// The table that computations read and writers raise.
#[derive(Debug)]
pub(crate) struct Truth(Vec<AtomicU64>);

impl Truth {
    pub(crate) fn new() -> Self {
        Self((0..ROWS).map(|_| AtomicU64::new(1)).collect())
    }

    /// The row as it is now. Rows beyond the table never change.
    pub(crate) fn read(&self, row: u64) -> Value {
        Value {
            row,
            group: row % GROUPS,
            version: self.version(row),
            secret: VALUE.to_owned(),
        }
    }

    pub(crate) fn version(&self, row: u64) -> u64 {
        let cell = usize::try_from(row).ok().and_then(|row| self.0.get(row));
        cell.map_or(1, |cell| cell.load(Ordering::SeqCst))
    }

    /// Raises a row's version, and says which it is then.
    pub(crate) fn raise(&self, row: u64) -> u64 {
        let cell = &self.0[usize::try_from(row).unwrap_or_default()];
        cell.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// The rows of a group.
pub(crate) fn of_group(group: u64) -> impl Iterator<Item = u64> {
    (0..ROWS).filter(move |row| row % GROUPS == group)
}

/// The rows that `node` alone reads.
pub(crate) fn own(node: usize) -> std::ops::Range<u64> {
    let first = SHARED + OWN * u64::try_from(node).unwrap_or_default();
    first..first + OWN
}
