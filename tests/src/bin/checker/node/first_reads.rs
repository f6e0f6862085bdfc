//! Rows that are written at moments that calls by chance seldom meet.
//!
//! Their names change with each era, at whose beginning one node computes the entries of a row, the
//! outer one of the inner one. In one era it writes the row a moment later by the name of the inner
//! entry, while all others read the outer one: they learn from Redis of what that was made, and may
//! have heard earlier that this is invalid. In the next era it writes the row at once: what was computed
//! is on its way to Redis. In the third it does so by the tag that only the inner value names, which
//! would keep Redis from storing what else is on its way.

use std::time::Duration;

use cachekit_tests::clock::{self, nanos};

use super::reading::read_once;
use super::write_log::Written;
use super::writing::tell;
use super::{nested_functions, node, pause};
use crate::cells::{Cell, Kind};

/// How long names stay the same: for longer than others may go on with what was invalidated.
const ERA: Duration = Duration::from_millis(800);

/// So long after the beginning of an era others read.
const READ_AFTER: Duration = Duration::from_millis(100);

/// They begin up to so long before.
const EARLIER: Duration = Duration::from_millis(3);

/// The longest pause between two reads of an era, in milliseconds.
const PAUSE: u64 = 30;

/// The number of the era that all processes of this machine are in.
pub(super) fn era() -> u64 {
    clock::now() / nanos(ERA)
}

/// Computes and writes a row, or reads it, era for era, until the end.
pub(super) async fn go_on(row: u16) {
    let node = node();
    let cell = Cell::new(Kind::NestedFirst, row.into());
    let mut next = era() + 1;
    while !node.is_stopped() {
        begin(cell, next).await;
        while era() == next && !node.is_stopped() {
            read_once(cell).await;
            pause(PAUSE).await;
        }
        next = era().max(next + 1);
    }
}

/// Waits for an era, and computes and writes the row, or reads it for the first time.
async fn begin(cell: Cell, era: u64) {
    let settings = &node().settings;
    let begin = era * nanos(ERA);
    let read_at = begin + nanos(READ_AFTER);
    if (era + cell.row()) % u64::from(settings.nodes) != u64::from(settings.id) {
        return until(read_at - fastrand::u64(..nanos(EARLIER))).await;
    }
    until(begin).await;
    read_once(cell).await;
    if era.is_multiple_of(3) {
        until(read_at).await;
    }
    write(cell, era % 3 < 2).await;
}

async fn write(cell: Cell, is_by_name: bool) {
    let _calling = node().calling();
    let written = Written::default();
    written.commit(&[cell]).await;
    written.begin();
    if is_by_name {
        // Whoever computes a row in a later era reads what was committed.
        nested_functions::invalidate_entry(cell).await;
        tell("FirstEntry", &written);
    } else {
        let tag = format!("first:{}", cell.0);
        node().cache.invalidate_tags([tag]).await;
        tell("FirstValueTag", &written);
    }
}

async fn until(time: u64) {
    let left = time.saturating_sub(clock::now());
    tokio::time::sleep(Duration::from_nanos(left)).await;
}
