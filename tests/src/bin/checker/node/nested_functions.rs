//! The cached functions that call one another, once with values in memory too and once without, and
//! functions that write what the innermost ones read. A value is what the innermost function made of
//! the truth, whichever level answers.

use super::functions::Got;
use super::node;
use super::source::Row;
use super::write_log::Written;
use crate::cells::Cell;

/// The levels above the innermost function.
const LEVELS: u32 = 2;

/// Of so many reads one computes its entry anew.
const REFRESHED: u32 = 32;

macro_rules! functions {
    ($module:ident, $tier:ident, $inside:ident) => {
        mod $module {
            use cachekit::{cached, invalidates, write_through};

            use super::super::first_reads::era;
            use super::super::functions::Got;
            use super::super::source::{Row, compute};
            use super::super::write_log::Written;
            use super::REFRESHED;
            use crate::cells::{Cell, Kind, LIFE, STALE};
            use crate::invalidation_mode::InvalidationMode;

            #[cached(tier = $tier, tags = ["bucket:{bucket}", "group:{ret.part}"])]
            async fn inner(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::Nested, row)).await
            }

            #[cached(tier = $tier)]
            async fn middle(bucket: u64, row: u64) -> Row {
                inner(bucket, row).await
            }

            /// Is made of two rows, of one by a level in between.
            #[cached(tier = $tier)]
            async fn outer(bucket: u64, row: u64) -> [Row; 2] {
                let other = Cell::new(Kind::Nested, row).twin();
                [middle(bucket, row).await, inner(bucket, other.row()).await]
            }

            /// Lives in the memory of each node, and what is above it in Redis too.
            #[cached(tier = $inside, tags = ["bucket:{bucket}"])]
            async fn near_inner(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::NestedNear, row)).await
            }

            #[cached(tier = $tier)]
            async fn near_middle(bucket: u64, row: u64) -> Row {
                near_inner(bucket, row).await
            }

            #[cached(tier = $tier)]
            async fn near_outer(bucket: u64, row: u64) -> Row {
                near_middle(bucket, row).await
            }

            #[cached(tier = $tier, stale = STALE, events = ["changed:{row}"])]
            async fn aging_inner(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::NestedStale, row)).await
            }

            #[cached(tier = $tier, stale = STALE)]
            async fn aging_middle(bucket: u64, row: u64) -> Row {
                aging_inner(bucket, row).await
            }

            /// Serves nothing old by itself.
            #[cached(tier = $tier)]
            async fn aging_outer(bucket: u64, row: u64) -> Row {
                aging_middle(bucket, row).await
            }

            /// Those that meet compute each for itself: such a value has no entry.
            #[cached(tier = $tier, single_flight = off, tags = ["bucket:{bucket}"])]
            async fn alone_inner(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::NestedAlone, row)).await
            }

            #[cached(tier = $tier)]
            async fn alone_middle(bucket: u64, row: u64) -> Row {
                alone_inner(bucket, row).await
            }

            #[cached(tier = $tier)]
            async fn alone_outer(bucket: u64, row: u64) -> Row {
                alone_middle(bucket, row).await
            }

            #[cached(tier = $tier, ttl = LIFE)]
            async fn brief_inner(row: u64) -> Row {
                compute(Cell::new(Kind::NestedBrief, row)).await
            }

            #[cached(tier = $tier, ttl = LIFE)]
            async fn brief_middle(row: u64) -> Row {
                brief_inner(row).await
            }

            #[cached(tier = $tier, ttl = LIFE)]
            async fn brief_outer(row: u64) -> Row {
                brief_middle(row).await
            }

            /// Has another name in each era.
            #[cached(tier = $tier, tags = ["first:{ret.cell}"])]
            async fn first_inner(era: u64, row: u64) -> Row {
                compute(Cell::new(Kind::NestedFirst, row)).await
            }

            #[cached(tier = $tier)]
            async fn first_outer(era: u64, row: u64) -> Row {
                first_inner(era, row).await
            }

            /// Writes one row, and names the innermost entry alone.
            #[invalidates(inner(bucket, row), near_inner(bucket, row), alone_inner(bucket, row))]
            pub(super) async fn change(bucket: u64, row: u64, written: &Written) {
                written.commit_annotated(&written_by_name(row)).await;
            }

            /// Names every entry, outermost first.
            #[invalidates(
                outer(bucket, row),
                middle(bucket, row),
                inner(bucket, row),
                near_outer(bucket, row),
                near_middle(bucket, row),
                near_inner(bucket, row),
                alone_inner(bucket, row)
            )]
            pub(super) async fn change_all(bucket: u64, row: u64, written: &Written) {
                written.commit_annotated(&written_by_name(row)).await;
            }

            /// Names every entry, the innermost in an attribute of its own.
            #[invalidates(outer(bucket, row), middle(bucket, row))]
            #[invalidates(inner(bucket, row), near_inner(bucket, row), alone_inner(bucket, row))]
            pub(super) async fn change_apart(bucket: u64, row: u64, written: &Written) {
                written.commit_annotated(&written_by_name(row)).await;
            }

            fn written_by_name(row: u64) -> [Cell; 3] {
                let kinds = [Kind::Nested, Kind::NestedNear, Kind::NestedAlone];
                kinds.map(|kind| Cell::new(kind, row))
            }

            /// Writes one row, and names the innermost entry alone, softly.
            #[invalidates(aging_inner(bucket, row), soft)]
            pub(super) async fn soften(bucket: u64, row: u64, written: &Written) {
                written.softens(InvalidationMode::SoftEntry);
                let cell = Cell::new(Kind::NestedStale, row);
                written.commit_annotated(&[cell]).await;
            }

            /// Names every entry softly.
            #[invalidates(
                aging_outer(bucket, row),
                aging_middle(bucket, row),
                aging_inner(bucket, row),
                soft
            )]
            pub(super) async fn soften_all(bucket: u64, row: u64, written: &Written) {
                written.softens(InvalidationMode::SoftEntry);
                let cell = Cell::new(Kind::NestedStale, row);
                written.commit_annotated(&[cell]).await;
            }

            /// Writes one row through into the innermost entry.
            #[write_through(inner(bucket, row))]
            pub(super) async fn store(bucket: u64, row: u64, written: &Written) -> Row {
                let cell = Cell::new(Kind::Nested, row);
                Row::new(cell, written.commit_annotated(&[cell]).await)
            }

            pub(super) async fn read(cell: Cell, level: u32) -> Got {
                let (part, row) = (cell.part(), cell.row());
                let is_refreshed = fastrand::u32(..REFRESHED) == 0;
                let one = match (cell.kind(), level) {
                    (Kind::NestedNear, 0) => near_inner(part, row).await,
                    (Kind::NestedNear, 1) if is_refreshed => near_middle::refresh(part, row).await,
                    (Kind::NestedNear, 1) => near_middle(part, row).await,
                    (Kind::NestedNear, _) => near_outer(part, row).await,
                    (Kind::NestedStale, 0) => aging_inner(part, row).await,
                    (Kind::NestedStale, 1) if is_refreshed => {
                        aging_middle::refresh(part, row).await
                    }
                    (Kind::NestedStale, 1) => aging_middle(part, row).await,
                    (Kind::NestedStale, _) => aging_outer(part, row).await,
                    (Kind::NestedAlone, 0) => alone_inner(part, row).await,
                    (Kind::NestedAlone, 1) => alone_middle(part, row).await,
                    (Kind::NestedAlone, _) => alone_outer(part, row).await,
                    (Kind::NestedBrief, 0) => brief_inner(row).await,
                    (Kind::NestedBrief, 1) => brief_middle(row).await,
                    (Kind::NestedBrief, _) => brief_outer(row).await,
                    (Kind::NestedFirst, _) => first_outer(era(), row).await,
                    (_, 0) => inner(part, row).await,
                    (_, 1) if is_refreshed => middle::refresh(part, row).await,
                    (_, 1) => middle(part, row).await,
                    _ => return Got::Rows(outer(part, row).await),
                };
                Got::Row(one)
            }

            pub(super) async fn fresh(cell: Cell, level: u32) -> Option<Row> {
                let (part, row) = (cell.part(), cell.row());
                match level {
                    0 => aging_inner::entry(part, row).get().await,
                    1 => aging_middle::entry(part, row).get().await,
                    _ => aging_outer::entry(part, row).get().await,
                }
            }

            pub(super) fn key(cell: Cell) -> String {
                let (part, row) = (cell.part(), cell.row());
                match cell.kind() {
                    Kind::NestedNear => near_inner::entry(part, row).key().to_owned(),
                    Kind::NestedStale => aging_inner::entry(part, row).key().to_owned(),
                    Kind::NestedAlone => alone_inner::entry(part, row).key().to_owned(),
                    Kind::NestedBrief => brief_inner::entry(row).key().to_owned(),
                    Kind::NestedFirst => first_inner::entry(era(), row).key().to_owned(),
                    _ => inner::entry(part, row).key().to_owned(),
                }
            }

            pub(super) fn name(cell: Cell) -> String {
                let name = match cell.kind() {
                    Kind::NestedNear => "near_inner",
                    Kind::NestedStale => "aging_inner",
                    Kind::NestedAlone => "alone_inner",
                    Kind::NestedBrief => "brief_inner",
                    Kind::NestedFirst => "first_inner",
                    _ => "inner",
                };
                format!("{}::{name}", module_path!())
            }

            pub(super) async fn invalidate_entry(cell: Cell) {
                let (part, row) = (cell.part(), cell.row());
                match cell.kind() {
                    Kind::NestedNear => near_inner::entry(part, row).invalidate().await,
                    Kind::NestedStale => aging_inner::entry(part, row).invalidate().await,
                    Kind::NestedAlone => alone_inner::entry(part, row).invalidate().await,
                    Kind::NestedBrief => brief_inner::entry(row).invalidate().await,
                    Kind::NestedFirst => first_inner::entry(era(), row).invalidate().await,
                    _ => inner::entry(part, row).invalidate().await,
                }
            }

            pub(super) async fn invalidate_function(cell: Cell) {
                match cell.kind() {
                    Kind::NestedNear => near_inner::invalidate_all().await,
                    Kind::NestedStale => aging_inner::invalidate_all().await,
                    Kind::NestedAlone => alone_inner::invalidate_all().await,
                    Kind::NestedBrief => brief_inner::invalidate_all().await,
                    Kind::NestedFirst => first_inner::invalidate_all().await,
                    _ => inner::invalidate_all().await,
                }
            }

            pub(super) async fn expire_entry(cell: Cell) {
                let entry = aging_inner::entry(cell.part(), cell.row());
                entry.expire().await;
            }

            pub(super) async fn expire_function() {
                aging_inner::expire_all().await;
            }
        }
    };
}

functions!(near, both, memory);
// Nobody would tell a node what is invalid in its memory.
functions!(far, redis, redis);

/// Calls the function of that name: the one with memory where nodes tell one another.
macro_rules! dispatch {
    ($name:ident($($arg:expr),*)) => {
        if node().settings.bus {
            near::$name($($arg),*).await
        } else {
            far::$name($($arg),*).await
        }
    };
}

fn any_level() -> u32 {
    fastrand::u32(..=LEVELS)
}

/// What a call of any level gets.
pub(super) async fn read(cell: Cell) -> Got {
    dispatch!(read(cell, any_level()))
}

/// What any level has that is not old. Never computes.
pub(super) async fn fresh(cell: Cell) -> Option<Row> {
    dispatch!(fresh(cell, any_level()))
}

pub(super) async fn invalidate_entry(cell: Cell) {
    dispatch!(invalidate_entry(cell));
}

pub(super) async fn invalidate_function(cell: Cell) {
    dispatch!(invalidate_function(cell));
}

pub(super) async fn expire_entry(cell: Cell) {
    dispatch!(expire_entry(cell));
}

pub(super) async fn expire_function() {
    dispatch!(expire_function());
}

/// Writes a row, and names the innermost entry, or those above it too in one of two ways.
pub(super) async fn change(cell: Cell, written: &Written) {
    let (part, row) = (cell.part(), cell.row());
    match fastrand::u32(..3) {
        0 => dispatch!(change(part, row, written)),
        1 => dispatch!(change_all(part, row, written)),
        _ => dispatch!(change_apart(part, row, written)),
    }
}

/// The same softly.
pub(super) async fn soften(cell: Cell, written: &Written) {
    let (part, row) = (cell.part(), cell.row());
    if fastrand::bool() {
        dispatch!(soften(part, row, written));
    } else {
        dispatch!(soften_all(part, row, written));
    }
}

pub(super) async fn store(cell: Cell, written: &Written) -> Row {
    dispatch!(store(cell.part(), cell.row(), written))
}

pub(super) fn key(cell: Cell, bus: bool) -> String {
    if bus { near::key(cell) } else { far::key(cell) }
}

pub(super) fn name(cell: Cell, bus: bool) -> String {
    if bus {
        near::name(cell)
    } else {
        far::name(cell)
    }
}
