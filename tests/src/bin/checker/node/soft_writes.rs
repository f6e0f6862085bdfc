//! Writers that invalidate softly, so that stale values may be served.

use super::write_log::Written;
use super::writing::{EVENTED, GROUPED, SHARED, TAGGED};
use super::{functions, nested_functions, node, stale_functions};
use crate::cells::{Cell, Kind};
use crate::invalidation_mode::InvalidationMode;
use crate::write_kind::SoftKind;

/// What may be served old.
const AGING: &[Kind] = &[Kind::Stale, Kind::StaleGroup, Kind::NestedStale];

/// Raises versions, and then invalidates softly.
pub(super) async fn write(soft: SoftKind, written: &Written) {
    let aging = Cell::any(&read(AGING));
    match soft {
        SoftKind::Key | SoftKind::AckedKey => by_key(soft, written).await,
        SoftKind::Tag | SoftKind::AckedTag => by_tag(soft, TAGGED, written).await,
        SoftKind::ValueTag => by_tag(soft, GROUPED, written).await,
        SoftKind::Event => by_event(written).await,
        SoftKind::Entry => {
            begin(InvalidationMode::SoftEntry, &[aging], written).await;
            expire_entry(aging).await;
        }
        SoftKind::Function => {
            begin(InvalidationMode::SoftGroup, &[aging], written).await;
            expire_function(aging).await;
        }
        SoftKind::Annotated if aging.kind().is_nested() => {
            nested_functions::soften(aging, written).await;
        }
        SoftKind::Annotated => stale_functions::change(aging, written).await,
        SoftKind::Regrouped => stale_functions::regroup(aging, written).await,
    }
}

async fn expire_entry(cell: Cell) {
    if cell.kind().is_nested() {
        nested_functions::expire_entry(cell).await;
    } else {
        stale_functions::expire_entry(cell).await;
    }
}

async fn expire_function(cell: Cell) {
    if cell.kind().is_nested() {
        nested_functions::expire_function().await;
    } else {
        stale_functions::expire_function(cell).await;
    }
}

/// Of `kinds`, those that are read; all, if none is.
pub(super) fn read(kinds: &[Kind]) -> Vec<Kind> {
    let read = &node().mix.kinds;
    let both: Vec<_> = kinds.iter().filter(|kind| read.contains(kind)).collect();
    if both.is_empty() {
        return kinds.to_vec();
    }
    both.into_iter().copied().collect()
}

async fn begin(mode: InvalidationMode, cells: &[Cell], written: &Written) {
    written.softens(mode);
    written.commit(cells).await;
    written.begin();
}

async fn by_key(soft: SoftKind, written: &Written) {
    let cell = Cell::any(&read(SHARED));
    begin(InvalidationMode::SoftEntry, &[cell], written).await;
    let key = functions::key(cell, node().settings.bus);
    let cache = &node().cache;
    if soft == SoftKind::AckedKey {
        let certain = cache
            .invalidation()
            .soft()
            .acknowledged()
            .keys([&key])
            .await;
        written.acknowledged(certain);
    } else {
        cache.invalidation().soft().keys([&key]).await;
    }
}

async fn by_tag(soft: SoftKind, kinds: &[Kind], written: &Written) {
    let kinds_read = read(kinds);
    let cell = Cell::any(&kinds_read);
    let cells = cell.alike(&kinds_read, fastrand::usize(1..=3));
    begin(InvalidationMode::SoftGroup, &cells, written).await;
    let tag = if kinds == GROUPED {
        format!("group:{}", cell.part())
    } else {
        functions::labels(cell).0
    };
    let cache = &node().cache;
    if soft == SoftKind::AckedTag {
        let certain = cache.invalidation().soft().acknowledged().tags([tag]).await;
        written.acknowledged(certain);
    } else {
        cache.invalidation().soft().tags([tag]).await;
    }
}

async fn by_event(written: &Written) {
    let kinds = read(EVENTED);
    let cell = Cell::any(&kinds);
    let cells: Vec<_> = kinds
        .iter()
        .map(|kind| Cell::new(*kind, cell.row()))
        .collect();
    begin(InvalidationMode::SoftGroup, &cells, written).await;
    node()
        .cache
        .invalidation()
        .soft()
        .events([&functions::labels(cell).1])
        .await;
}
