//! Writers that leave what may be served old.

use super::writing::{EVENTED, GROUPED, SHARED, TAGGED};
use super::written::Written;
use super::{aging, functions, node};
use crate::cells::{Cell, Kind};
use crate::manner::Manner;
use crate::way::Soft;

/// Raises versions, and then invalidates softly.
pub(super) async fn write(soft: Soft, written: &Written) {
    let aging = Cell::any(&[Kind::Aging, Kind::AgingGroup]);
    match soft {
        Soft::Key | Soft::AckedKey => by_key(soft, written).await,
        Soft::Tag | Soft::AckedTag => by_tag(soft, TAGGED, written).await,
        Soft::ValueTag => by_tag(soft, GROUPED, written).await,
        Soft::Event => by_event(written).await,
        Soft::Entry => {
            begin(Manner::SoftEntry, &[aging], written).await;
            aging::expire_entry(aging).await;
        }
        Soft::Function => {
            begin(Manner::SoftGroup, &[aging], written).await;
            aging::expire_function(aging).await;
        }
        Soft::Annotated => aging::change(aging, written).await,
        Soft::Regrouped => aging::regroup(aging, written).await,
    }
}

/// Of `kinds`, those that are read; all, if none is.
fn read(kinds: &[Kind]) -> Vec<Kind> {
    let read = &node().mix.kinds;
    let both: Vec<_> = kinds.iter().filter(|kind| read.contains(kind)).collect();
    if both.is_empty() {
        return kinds.to_vec();
    }
    both.into_iter().copied().collect()
}

async fn begin(manner: Manner, cells: &[Cell], written: &Written) {
    written.softens(manner);
    written.commit(cells).await;
    written.begin();
}

async fn by_key(soft: Soft, written: &Written) {
    let cell = Cell::any(&read(SHARED));
    begin(Manner::SoftEntry, &[cell], written).await;
    let key = functions::key(cell, node().settings.bus);
    let cache = &node().cache;
    if soft == Soft::AckedKey {
        let certain = cache.acknowledged().soft().invalidate(&key).await;
        written.acknowledged(certain);
    } else {
        cache.soft().invalidate(&key).await;
    }
}

async fn by_tag(soft: Soft, kinds: &[Kind], written: &Written) {
    let kinds_read = read(kinds);
    let cell = Cell::any(&kinds_read);
    let cells = cell.alike(&kinds_read, fastrand::usize(1..=3));
    begin(Manner::SoftGroup, &cells, written).await;
    let tag = if kinds == GROUPED {
        format!("group:{}", cell.part())
    } else {
        functions::labels(cell).0
    };
    let cache = &node().cache;
    if soft == Soft::AckedTag {
        let certain = cache.acknowledged().soft().invalidate_tags([tag]).await;
        written.acknowledged(certain);
    } else {
        cache.soft().invalidate_tags([tag]).await;
    }
}

async fn by_event(written: &Written) {
    let kinds = read(EVENTED);
    let cell = Cell::any(&kinds);
    let cells: Vec<_> = kinds
        .iter()
        .map(|kind| Cell::new(*kind, cell.row()))
        .collect();
    begin(Manner::SoftGroup, &cells, written).await;
    node().cache.soft().emit(&functions::labels(cell).1).await;
}
