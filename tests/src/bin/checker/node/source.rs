//! Computations: they read the truth, after a delay.

use std::cell::Cell as StdCell;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{node, pause};
use crate::cells::Cell;
use cachekit_tests::clock;

/// A cached value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) cell: u16,
    pub(super) version: u64,
    /// What a tag is made from.
    pub(super) part: u64,
    /// Whether it was written with its version as a number, and not computed.
    pub(super) is_numbered: bool,
}

impl Row {
    pub(super) fn new(cell: Cell, version: u64) -> Self {
        Self {
            cell: cell.0,
            version,
            part: cell.part(),
            is_numbered: false,
        }
    }

    pub(super) fn numbered(cell: Cell, version: u64) -> Self {
        Self {
            is_numbered: true,
            ..Self::new(cell, version)
        }
    }
}

/// What a computation says that fails as it should.
pub(super) const PLANNED: &str = "planned";

/// Of a thousand computations that may fail, so many do.
const FAILURES: u32 = 20;

tokio::task_local! {
    /// How long computations ran inside of this call.
    static SPENT: StdCell<u64>;
}

/// Runs a call, and says how long computations ran inside of it.
pub(super) async fn spending<T>(call: impl Future<Output = T>) -> (T, u64) {
    let call = async {
        let value = call.await;
        (value, SPENT.with(StdCell::get))
    };
    SPENT.scope(StdCell::new(0), call).await
}

/// Computes `cell`.
pub(super) async fn compute(cell: Cell) -> Row {
    let _spending = Spending(clock::now());
    let mix = &node().mix;
    pause(mix.sleep / 8).await;
    let (version, _running) = node().truth.begin(cell).await;
    if fastrand::u32(..1_000) < mix.slow {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(250..900))).await;
    } else {
        pause(mix.sleep).await;
    }
    Row::new(cell, version)
}

/// The same where a version may be an absence.
pub(super) async fn compute_maybe(cell: Cell) -> Option<Row> {
    let row = compute(cell).await;
    (!cell.is_absent(row.version)).then_some(row)
}

/// The same where it may fail.
pub(super) async fn try_compute(cell: Cell) -> Result<Row, String> {
    let row = compute(cell).await;
    if fastrand::u32(..1_000) < FAILURES {
        return Err(PLANNED.to_owned());
    }
    Ok(row)
}

/// Counts a computation in its call, also if it is dropped.
struct Spending(u64);

impl Drop for Spending {
    fn drop(&mut self) {
        let took = clock::now().saturating_sub(self.0);
        // Outside of a call nobody wants to know.
        let _ = SPENT.try_with(|spent| spent.set(spent.get() + took));
    }
}
