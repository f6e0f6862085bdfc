//! The cached functions, once with values in memory too and once without.

use cachekit::Region;

use super::node;
use super::source::Row;
use super::write_log::Written;
use crate::cells::Cell;

/// The name of the region.
pub(super) const REGION: &str = "rows";

/// What a read gave.
pub(super) enum Got {
    Row(Row),
    /// An entry that is made of several.
    Rows([Row; 2]),
    Absent,
    Failed(String),
}

/// This node does not know whether a write is older than another.
pub(super) struct Unknown;

/// Any of its handles.
fn region() -> &'static Region<Row> {
    &node().regions[fastrand::usize(..2)]
}

/// `cell`'s name among tags.
fn tags(cell: Cell) -> (String, String) {
    (
        format!("bucket:{}", cell.part()),
        format!("changed:{}", cell.row()),
    )
}

macro_rules! functions {
    ($module:ident, $tier:ident, $policy:expr) => {
        mod $module {
            use std::future::ready;

            use cachekit::{Cache, Policy, Tier, cached, invalidates, write_through};

            use super::super::source::{Row, compute, compute_maybe, try_compute};
            use super::super::write_log::Written;
            use super::super::{nested_functions, pause, stale_functions};
            use super::{Got, Unknown, region, tags};
            use crate::cells::{Cell, Kind};

            use super::REGION;

            /// Whether values are in memory too.
            const BUS: bool = matches!($policy, Tier::Both);

            #[cached(tier = $tier, tags = ["plain", "bucket:{bucket}"])]
            async fn plain(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::Plain, row)).await
            }

            #[cached(tier = $tier, tags = ["row:{row}", "group:{ret.part}"])]
            async fn grouped(row: u64) -> Row {
                compute(Cell::new(Kind::Grouped, row)).await
            }

            #[cached(tier = $tier, ttl = "1500ms", events = ["changed", "changed:{row}"])]
            async fn evented(row: u64) -> Row {
                compute(Cell::new(Kind::Evented, row)).await
            }

            #[cached(tier = $tier, none_ttl = 2, tags = ["bucket:{bucket}"])]
            async fn maybe(bucket: u64, row: u64) -> Option<Row> {
                compute_maybe(Cell::new(Kind::Maybe, row)).await
            }

            #[cached(tier = $tier, tags = ["bucket:{bucket}"])]
            async fn fallible(bucket: u64, row: u64) -> Result<Row, String> {
                try_compute(Cell::new(Kind::Fallible, row)).await
            }

            #[cached(tier = $tier, tags = ["group:{ret.part}"])]
            async fn through(row: u64) -> Row {
                compute(Cell::new(Kind::Through, row)).await
            }

            #[cached(tier = $tier, tags = ["group:{ret.part}"])]
            async fn ordered(row: u64) -> Row {
                compute(Cell::new(Kind::Ordered, row)).await
            }

            #[cached(tier = redis, replicas = 3, tags = ["bucket:{bucket}"])]
            async fn copied(bucket: u64, row: u64) -> Row {
                compute(Cell::new(Kind::Replicated, row)).await
            }

            /// Writes three rows, and names their entries.
            #[invalidates(plain(bucket, row), fallible(bucket, row), copied(bucket, row))]
            pub(super) async fn change(bucket: u64, row: u64, written: &Written) {
                let kinds = [Kind::Plain, Kind::Fallible, Kind::Replicated];
                let cells = kinds.map(|kind| Cell::new(kind, row));
                written.commit_annotated(&cells).await;
            }

            /// Writes rows of a group, and names its tag and an event.
            #[invalidates(tags = ["group:{group}"], events = ["changed:{row}"])]
            pub(super) async fn regroup(group: u64, row: u64, written: &Written) {
                let mut cells = Cell::new(Kind::Grouped, group).alike(&[Kind::Grouped], 2);
                cells.push(Cell::new(Kind::Evented, row));
                written.commit_annotated(&cells).await;
            }

            /// Writes one row through.
            #[write_through(through(row))]
            pub(super) async fn store(row: u64, written: &Written) -> Row {
                let cell = Cell::new(Kind::Through, row);
                Row::new(cell, written.commit_annotated(&[cell]).await)
            }

            /// The same with an order, and so long after the commit that writes overlap.
            #[write_through(ordered(row), order_by = ret.version)]
            pub(super) async fn store_ordered(row: u64, written: &Written) -> Row {
                let cell = Cell::new(Kind::Ordered, row);
                let stored = Row::numbered(cell, written.commit_annotated(&[cell]).await);
                pause(20).await;
                stored
            }

            /// The same of a version that was raised by then, if memory has a newer one, with a
            /// number too: of any other nobody here can tell that it is.
            #[write_through(ordered(row), order_by = ret.version)]
            pub(super) async fn store_delayed(row: u64, version: u64) -> Result<Row, Unknown> {
                let late = Row::numbered(Cell::new(Kind::Ordered, row), version);
                pause(3).await;
                let entry = ordered::entry(row);
                let there = tokio::select! {
                    biased;
                    // At once, from memory. Tracked, the look would ask Redis for versions, and the
                    // write would count as made of its own entry, and store nothing.
                    there = cachekit::untracked(entry.get()) => there,
                    () = ready(()) => None,
                };
                let is_newer = |there: &Row| there.is_numbered && there.version > version;
                there.filter(is_newer).map(|_| late).ok_or(Unknown)
            }

            fn policy(cell: Cell) -> Policy {
                let (tag, event) = tags(cell);
                // Half of what is stored by hand lives in memory alone.
                let is_near = BUS && cell.kind() == Kind::Put && cell.row() % 2 == 1;
                let tier = if is_near { Tier::Memory } else { $policy };
                let policy = Policy::new().tier(tier);
                if cell.kind() == Kind::Direct {
                    policy.tag(tag).event(event)
                } else {
                    policy
                }
            }

            pub(super) async fn read(cell: Cell, cache: &Cache) -> Got {
                let (part, row) = (cell.part(), cell.row());
                match cell.kind() {
                    Kind::Plain => Got::Row(plain(part, row).await),
                    Kind::Grouped => Got::Row(grouped(row).await),
                    Kind::Evented => Got::Row(evented(row).await),
                    Kind::Maybe => maybe(part, row).await.map_or(Got::Absent, Got::Row),
                    Kind::Fallible => match fallible(part, row).await {
                        Ok(row) => Got::Row(row),
                        Err(why) => Got::Failed(why),
                    },
                    Kind::Through => Got::Row(through(row).await),
                    Kind::Ordered => Got::Row(ordered(row).await),
                    Kind::Region if BUS => {
                        let row = region().get_or_compute(row, || compute(cell));
                        Got::Row(row.await)
                    }
                    Kind::Direct | Kind::Put | Kind::Region => {
                        let (key, policy) = (cell.to_string(), policy(cell));
                        let computed = cache.get_or_compute(&key, &policy, || compute(cell));
                        Got::Row(computed.await)
                    }
                    Kind::Stale | Kind::StaleGroup => Got::Row(stale_functions::read(cell).await),
                    Kind::Replicated => Got::Row(copied(part, row).await),
                    _ => nested_functions::read(cell).await,
                }
            }

            pub(super) async fn put(cell: Cell, row: Row, cache: &Cache) {
                if BUS && cell.kind() == Kind::Region {
                    region().set(cell.row(), row).await;
                } else {
                    cache.put(&cell.to_string(), row, &policy(cell)).await;
                }
            }

            pub(super) fn key(cell: Cell) -> String {
                let (part, row) = (cell.part(), cell.row());
                match cell.kind() {
                    Kind::Plain => plain::entry(part, row).key().to_owned(),
                    Kind::Grouped => grouped::entry(row).key().to_owned(),
                    Kind::Evented => evented::entry(row).key().to_owned(),
                    Kind::Maybe => maybe::entry(part, row).key().to_owned(),
                    Kind::Fallible => fallible::entry(part, row).key().to_owned(),
                    Kind::Through => through::entry(row).key().to_owned(),
                    Kind::Ordered => ordered::entry(row).key().to_owned(),
                    Kind::Region if BUS => format!("{REGION}:{row}"),
                    Kind::Direct | Kind::Put | Kind::Region => cell.to_string(),
                    Kind::Stale | Kind::StaleGroup => stale_functions::key(cell, BUS),
                    Kind::Replicated => copied::entry(part, row).key().to_owned(),
                    _ => nested_functions::key(cell, BUS),
                }
            }

            pub(super) fn name(cell: Cell) -> Option<String> {
                let name = match cell.kind() {
                    Kind::Plain => "plain",
                    Kind::Grouped => "grouped",
                    Kind::Evented => "evented",
                    Kind::Maybe => "maybe",
                    Kind::Fallible => "fallible",
                    Kind::Through => "through",
                    Kind::Ordered => "ordered",
                    Kind::Replicated => "copied",
                    Kind::Region if BUS => return Some(format!("region {REGION}")),
                    Kind::Direct | Kind::Put | Kind::Region => return None,
                    Kind::Stale | Kind::StaleGroup => return Some(stale_functions::name(cell, BUS)),
                    _ => return Some(nested_functions::name(cell, BUS)),
                };
                Some(format!("{}::{name}", module_path!()))
            }

            pub(super) async fn invalidate_entry(cell: Cell, cache: &Cache) {
                let (part, row) = (cell.part(), cell.row());
                match cell.kind() {
                    Kind::Plain => plain::entry(part, row).invalidate().await,
                    Kind::Grouped => grouped::entry(row).invalidate().await,
                    Kind::Evented => evented::entry(row).invalidate().await,
                    Kind::Maybe => maybe::entry(part, row).invalidate().await,
                    Kind::Fallible => fallible::entry(part, row).invalidate().await,
                    Kind::Through => through::entry(row).invalidate().await,
                    Kind::Ordered => ordered::entry(row).invalidate().await,
                    Kind::Region if BUS => region().delete(row).await,
                    Kind::Direct | Kind::Put | Kind::Region => {
                        cache.invalidate(&cell.to_string()).await;
                    }
                    Kind::Stale | Kind::StaleGroup => stale_functions::invalidate_entry(cell).await,
                    Kind::Replicated => copied::entry(part, row).invalidate().await,
                    _ => nested_functions::invalidate_entry(cell).await,
                }
            }

            /// Every entry of the function that makes `cell`; what has none, by its tag.
            pub(super) async fn invalidate_function(cell: Cell, cache: &Cache) {
                match cell.kind() {
                    Kind::Plain => plain::invalidate_all().await,
                    Kind::Grouped => grouped::invalidate_all().await,
                    Kind::Evented => evented::invalidate_all().await,
                    Kind::Maybe => maybe::invalidate_all().await,
                    Kind::Fallible => fallible::invalidate_all().await,
                    Kind::Through => through::invalidate_all().await,
                    Kind::Ordered => ordered::invalidate_all().await,
                    Kind::Region if BUS => region().clear().await,
                    Kind::Direct | Kind::Put | Kind::Region => {
                        cache.invalidate_tags([tags(cell).0]).await;
                    }
                    Kind::Stale | Kind::StaleGroup => {
                        stale_functions::invalidate_function(cell).await
                    }
                    Kind::Replicated => copied::invalidate_all().await,
                    _ => nested_functions::invalidate_function(cell).await,
                }
            }
        }
    };
}

functions!(near, both, Tier::Both);
functions!(far, redis, Tier::Redis);

/// Calls the function of that name: the one with memory where nodes tell one another.
macro_rules! dispatch {
    ($($name:ident($($arg:expr),*))+) => {$(
        if node().settings.bus {
            near::$name($($arg),*).await
        } else {
            far::$name($($arg),*).await
        }
    )+};
}

pub(super) async fn read(cell: Cell) -> Got {
    dispatch!(read(cell, &node().cache))
}

pub(super) async fn put(cell: Cell, row: Row) {
    dispatch!(put(cell, row, &node().cache));
}

pub(super) async fn invalidate_entry(cell: Cell) {
    dispatch!(invalidate_entry(cell, &node().cache));
}

pub(super) async fn invalidate_function(cell: Cell) {
    dispatch!(invalidate_function(cell, &node().cache));
}

pub(super) async fn change(cell: Cell, written: &Written) {
    dispatch!(change(cell.part(), cell.row(), written));
}

pub(super) async fn regroup(cell: Cell, written: &Written) {
    dispatch!(regroup(cell.part(), cell.row(), written));
}

pub(super) async fn store(cell: Cell, written: &Written) -> Row {
    dispatch!(store(cell.row(), written))
}

pub(super) async fn store_ordered(cell: Cell, written: &Written) -> Row {
    dispatch!(store_ordered(cell.row(), written))
}

pub(super) async fn store_delayed(cell: Cell, version: u64) {
    // One that is not known to be older writes nothing.
    let _ = dispatch!(store_delayed(cell.row(), version));
}

/// The text of `cell`'s key, with or without messages between nodes.
pub(crate) fn key(cell: Cell, bus: bool) -> String {
    if bus { near::key(cell) } else { far::key(cell) }
}

/// The name of `cell`'s function, if it has one.
pub(super) fn name(cell: Cell, bus: bool) -> Option<String> {
    if bus {
        near::name(cell)
    } else {
        far::name(cell)
    }
}

/// The tag, and the event, of `cell`.
pub(super) fn labels(cell: Cell) -> (String, String) {
    tags(cell)
}
