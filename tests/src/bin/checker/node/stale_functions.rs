//! The cached functions with a `stale` window, once with values in memory too and once without, and
//! functions that invalidate softly.

use super::node;
use super::source::Row;
use super::write_log::Written;
use crate::cells::Cell;

macro_rules! functions {
    ($module:ident, $tier:ident) => {
        mod $module {
            use cachekit::{cached, invalidates};

            use super::super::source::{Row, compute};
            use super::super::write_log::Written;
            use crate::cells::{Cell, Kind, STALE};
            use crate::invalidation_mode::InvalidationMode;

            #[cached(
                                                                        tier = $tier,
                                                                        stale = STALE,
                                                                        tags = ["bucket:{bucket}"],
                                                                        events = ["changed:{row}"],
                                                                    )]
            async fn aging(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::Stale, row)).await
            }

            #[cached(tier = $tier, stale = STALE, tags = ["group:{ret.part}"])]
            async fn aging_group(row: u64) -> Row {
                compute(Cell::new(Kind::StaleGroup, row)).await
            }

            /// Writes two rows, and names their entries.
            #[invalidates(aging(bucket, row), aging_group(row), soft)]
            pub(super) async fn change(bucket: u64, row: u64, written: &Written) {
                written.softens(InvalidationMode::SoftEntry);
                let kinds = [Kind::Stale, Kind::StaleGroup];
                let cells = kinds.map(|kind| Cell::new(kind, row));
                written.commit_annotated(&cells).await;
            }

            /// Writes rows of a group, and names its tag and an event.
            #[invalidates(tags = ["group:{group}"], events = ["changed:{row}"], soft)]
            pub(super) async fn regroup(group: u64, row: u64, written: &Written) {
                written.softens(InvalidationMode::SoftGroup);
                let mut cells = Cell::new(Kind::StaleGroup, group).alike(&[Kind::StaleGroup], 2);
                cells.push(Cell::new(Kind::Stale, row));
                written.commit_annotated(&cells).await;
            }

            pub(super) async fn read(cell: Cell) -> Row {
                if cell.kind() == Kind::Stale {
                    aging(cell.part(), cell.row()).await
                } else {
                    aging_group(cell.row()).await
                }
            }

            pub(super) async fn fresh(cell: Cell) -> Option<Row> {
                if cell.kind() == Kind::Stale {
                    aging::entry(cell.part(), cell.row()).get().await
                } else {
                    aging_group::entry(cell.row()).get().await
                }
            }

            pub(super) fn key(cell: Cell) -> String {
                if cell.kind() == Kind::Stale {
                    aging::entry(cell.part(), cell.row()).key().to_owned()
                } else {
                    aging_group::entry(cell.row()).key().to_owned()
                }
            }

            pub(super) fn name(cell: Cell) -> String {
                let is_aging = cell.kind() == Kind::Stale;
                let name = if is_aging { "aging" } else { "aging_group" };
                format!("{}::{name}", module_path!())
            }

            pub(super) async fn invalidate_entry(cell: Cell) {
                if cell.kind() == Kind::Stale {
                    aging::entry(cell.part(), cell.row()).invalidate().await;
                } else {
                    aging_group::entry(cell.row()).invalidate().await;
                }
            }

            pub(super) async fn expire_entry(cell: Cell) {
                if cell.kind() == Kind::Stale {
                    aging::entry(cell.part(), cell.row()).expire().await;
                } else {
                    aging_group::entry(cell.row()).expire().await;
                }
            }

            pub(super) async fn invalidate_function(cell: Cell) {
                if cell.kind() == Kind::Stale {
                    aging::invalidate_all().await;
                } else {
                    aging_group::invalidate_all().await;
                }
            }

            pub(super) async fn expire_function(cell: Cell) {
                if cell.kind() == Kind::Stale {
                    aging::expire_all().await;
                } else {
                    aging_group::expire_all().await;
                }
            }
        }
    };
}

functions!(near, both);
functions!(far, redis);

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

/// What a call gets, perhaps old.
pub(super) async fn read(cell: Cell) -> Row {
    dispatch!(read(cell))
}

/// What is there and not old. Never computes.
pub(super) async fn fresh(cell: Cell) -> Option<Row> {
    dispatch!(fresh(cell))
}

pub(super) async fn invalidate_entry(cell: Cell) {
    dispatch!(invalidate_entry(cell));
}

pub(super) async fn expire_entry(cell: Cell) {
    dispatch!(expire_entry(cell));
}

pub(super) async fn invalidate_function(cell: Cell) {
    dispatch!(invalidate_function(cell));
}

pub(super) async fn expire_function(cell: Cell) {
    dispatch!(expire_function(cell));
}

/// Softly invalidates the entries of two rows.
pub(super) async fn change(cell: Cell, written: &Written) {
    dispatch!(change(cell.part(), cell.row(), written));
}

/// Softly invalidates a tag and an event.
pub(super) async fn regroup(cell: Cell, written: &Written) {
    dispatch!(regroup(cell.part(), cell.row(), written));
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
