//! Readers.

use std::time::Duration;

use tokio::time::timeout;

use super::functions::{self, Got};
use super::record::Read;
use super::source::{PLANNED, Row, spending};
use super::{nested_functions, stale_functions};
use super::{node, pause};
use crate::cells::{Cell, Kind};
use cachekit_tests::clock;

/// Reads, one after the other, until the end.
pub(super) async fn read_on(number: usize) {
    let node = node();
    let kinds = node.mix.kinds;
    // One kind more often than others, so that readers of one row meet.
    let favourite = [kinds[number % kinds.len()]];
    while !node.is_stopped() {
        let kinds: &[Kind] = if fastrand::bool() { &favourite } else { kinds };
        read_once(Cell::any(kinds)).await;
        pause(node.mix.read_pause).await;
    }
}

pub(super) async fn read_once(cell: Cell) {
    let node = node();
    let _calling = node.calling();
    let begin = clock::now();
    // Afterwards: a process that stands still in between has heard nothing meanwhile.
    let is_bus_live = node.cache.stats().redis.is_bus_live;
    let is_fresh = cell.kind().may_be_stale() && fastrand::u32(..4) == 0;
    let reading = spending(async {
        if !is_fresh {
            return Some(functions::read(cell).await);
        }
        let fresh = if cell.kind().is_nested() {
            nested_functions::fresh(cell).await
        } else {
            stale_functions::fresh(cell).await
        };
        fresh.map(Got::Row)
    });
    let dropped = fastrand::u32(..100) < node.mix.dropped;
    let patience = if dropped {
        Duration::from_millis(fastrand::u64(..=node.mix.sleep))
    } else {
        Duration::MAX
    };
    // Dropped in the middle: nobody sees what it would have given.
    let Ok((got, spent)) = timeout(patience, reading).await else {
        return;
    };
    // Nothing was there that is not old, and nothing is computed by who asks for that.
    let Some(got) = got else { return };
    let end = clock::now();
    let rows = match got {
        Got::Row(row) => vec![row],
        Got::Rows(rows) => rows.to_vec(),
        Got::Absent => vec![Row::new(cell, 0)],
        Got::Failed(why) if why == PLANNED => return,
        Got::Failed(why) => {
            let problem = format!("a read of {cell} failed: {why}");
            return node.record.problem(&problem);
        }
    };
    for (row, cell) in rows.iter().zip([cell, cell.twin()]) {
        if row.cell != cell.0 || row.part != cell.part() {
            let problem = format!("a read of {cell} gave another row: {row:?}");
            return node.record.problem(&problem);
        }
        node.record.read(&Read {
            cell,
            begin,
            end,
            version: row.version,
            spent,
            is_bus_live,
            is_fresh,
        });
    }
}
