//! Writers: they raise versions, and then invalidate in every available way.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::timeout;

use super::source::Row;
use super::write_log::Written;
use super::{functions, nested_functions, node, pause, soft_writes};
use crate::cells::{Cell, Kind};
use crate::invalidation_mode::InvalidationMode;
use crate::write_kind::WriteKind;
use cachekit_tests::clock;

/// What annotated functions cache, and what may be written by anybody.
pub(super) const SHARED: &[Kind] = &[
    Kind::Plain,
    Kind::Grouped,
    Kind::Evented,
    Kind::Maybe,
    Kind::Fallible,
    Kind::Through,
    Kind::Ordered,
    Kind::Direct,
    Kind::Stale,
    Kind::StaleGroup,
    Kind::Replicated,
    Kind::Nested,
    Kind::NestedNear,
    Kind::NestedStale,
    Kind::NestedAlone,
    Kind::NestedBrief,
];
/// Those with a tag made from arguments.
pub(super) const TAGGED: &[Kind] = &[
    Kind::Plain,
    Kind::Maybe,
    Kind::Fallible,
    Kind::Direct,
    Kind::Stale,
    Kind::Replicated,
    Kind::Nested,
    Kind::NestedNear,
    Kind::NestedAlone,
];
/// Those with a tag made from the value.
pub(super) const GROUPED: &[Kind] = &[
    Kind::Grouped,
    Kind::Through,
    Kind::Ordered,
    Kind::StaleGroup,
    Kind::Nested,
];
/// Those with an event.
pub(super) const EVENTED: &[Kind] = &[Kind::Evented, Kind::Direct, Kind::Stale, Kind::NestedStale];

/// Writes, one after the other, until the end.
pub(super) async fn write_on(_number: usize) {
    let node = node();
    while !node.is_stopped() {
        let write_kinds = node.mix.write_kinds;
        write_once(write_kinds[fastrand::usize(..write_kinds.len())]).await;
        pause(node.mix.write_pause).await;
    }
}

async fn write_once(kind: WriteKind) {
    let node = node();
    let _calling = node.calling();
    let written = Written::default();
    let dropped = fastrand::u32(..100) < node.mix.dropped;
    let mut name = format!("{kind:?}");
    if dropped {
        let longest = if fastrand::bool() { 3_000 } else { 60_000 };
        let patience = Duration::from_micros(fastrand::u64(..longest));
        if timeout(patience, write(kind, &written)).await.is_err() {
            name.push_str("-dropped");
        }
    } else {
        write(kind, &written).await;
    }
    tell(&name, &written);
}

/// Tells the parent of a write that returned, or was dropped, unless that was done.
pub(super) fn tell(name: &str, written: &Written) {
    let returned = clock::now();
    if let Some(ended) = written.end() {
        node().record.write(name, returned, &ended);
    }
}

async fn write(kind: WriteKind, written: &Written) {
    let kinds = node().mix.kinds;
    let shared: Vec<Kind> = SHARED
        .iter()
        .copied()
        .filter(|kind| kinds.contains(kind))
        .collect();
    let cell = Cell::any(if shared.is_empty() { SHARED } else { &shared });
    match kind {
        WriteKind::Key | WriteKind::Entry => by_name(kind, cell, written).await,
        WriteKind::Tag => by_tag(cell, TAGGED, written).await,
        WriteKind::ValueTag => by_tag(cell, GROUPED, written).await,
        WriteKind::Event => by_event(cell, written).await,
        WriteKind::Function => {
            written.commit(&[cell]).await;
            written.begin();
            functions::invalidate_function(cell).await;
        }
        WriteKind::Clear => {
            let cells: Vec<_> = (0..4).map(|_| Cell::any(SHARED)).collect();
            written.commit(&cells).await;
            written.begin();
            node().cache.clear().await;
        }
        WriteKind::Put => put(written).await,
        WriteKind::Through if cell.kind().is_nested() => {
            nested_functions::store(cell, written).await;
        }
        WriteKind::Through => {
            functions::store(cell, written).await;
        }
        WriteKind::Ordered => {
            functions::store_ordered(cell, written).await;
        }
        WriteKind::Delayed => delayed(cell, written).await,
        WriteKind::Annotated if cell.kind().is_nested() => {
            nested_functions::change(cell, written).await;
        }
        WriteKind::Annotated => functions::change(cell, written).await,
        WriteKind::Regrouped => functions::regroup(cell, written).await,
        WriteKind::Deferred => deferred(cell, written).await,
        WriteKind::AckedKey
        | WriteKind::AckedTag
        | WriteKind::AckedValueTag
        | WriteKind::AckedFunction => {
            acknowledged(kind, cell, written).await;
        }
        WriteKind::Soft(soft) => soft_writes::write(soft, written).await,
        WriteKind::Unsaid => {
            written.softens(InvalidationMode::Unsaid);
            written.commit(&[cell]).await;
            written.begin();
        }
    }
}

async fn by_name(kind: WriteKind, cell: Cell, written: &Written) {
    written.commit(&[cell]).await;
    written.begin();
    if kind == WriteKind::Key {
        node()
            .cache
            .invalidate(&functions::key(cell, node().settings.bus))
            .await;
    } else {
        functions::invalidate_entry(cell).await;
    }
}

async fn by_tag(cell: Cell, kinds: &[Kind], written: &Written) {
    let cells = cell.alike(&soft_writes::read(kinds), fastrand::usize(1..=3));
    written.commit(&cells).await;
    written.begin();
    let tag = if kinds == GROUPED {
        format!("group:{}", cell.part())
    } else {
        functions::labels(cell).0
    };
    node().cache.invalidate_tags([tag]).await;
}

/// Invalidates, and notes whether every node is certain to have applied it.
async fn acknowledged(kind: WriteKind, cell: Cell, written: &Written) {
    let (kinds, most) = match kind {
        WriteKind::AckedTag => (TAGGED, 3),
        WriteKind::AckedValueTag => (GROUPED, 3),
        _ => (&[cell.kind()][..], 1),
    };
    let cells = if most > 1 {
        cell.alike(&soft_writes::read(kinds), most)
    } else {
        vec![cell]
    };
    written.commit(&cells).await;
    written.begin();
    let invalidation = node().cache.invalidation().acknowledged();
    let bus = node().settings.bus;
    let certain = match kind {
        WriteKind::AckedKey => invalidation.keys([functions::key(cell, bus)]).await,
        WriteKind::AckedTag => invalidation.tags([functions::labels(cell).0]).await,
        WriteKind::AckedValueTag => {
            let tag = format!("group:{}", cell.part());
            invalidation.tags([tag]).await
        }
        _ => match functions::name(cell, bus) {
            Some(name) => invalidation.functions([name]).await,
            None => invalidation.everything().await,
        },
    };
    written.acknowledged(certain);
}

async fn by_event(cell: Cell, written: &Written) {
    let kinds = soft_writes::read(EVENTED).into_iter();
    let cells: Vec<_> = kinds.map(|kind| Cell::new(kind, cell.row())).collect();
    written.commit(&cells).await;
    written.begin();
    node().cache.emit(&functions::labels(cell).1).await;
}

/// Stores a row by hand, in a region or not. Which of two values is the newer one, `put` cannot
/// know: so one node writes the row, and one value after the other.
async fn put(written: &Written) {
    let node = node();
    let settings = &node.settings;
    let kinds: &[Kind] = match node.mix.kinds {
        [Kind::Region] => &[Kind::Region],
        _ => &[Kind::Put, Kind::Region],
    };
    let cell = Cell::any(kinds);
    let owner = cell.row() % u64::from(settings.nodes);
    if owner != u64::from(settings.id) {
        return;
    }
    let _turn = node.turns[usize::from(cell.0)].lock().await;
    let version = written.commit(&[cell]).await;
    functions::put(cell, Row::new(cell, version)).await;
    // Dropped before, it promises nothing.
    written.begin();
}

/// A write that has its number, as one of an event has, and is held up until a newer one has
/// returned, and longer: Redis may lose what that stored. What memory knows to be newer, an older
/// write does not replace anywhere.
async fn delayed(cell: Cell, written: &Written) {
    let cell = Cell::new(Kind::Ordered, cell.row());
    let number = node().truth.commit(&[cell]).await;
    functions::store_ordered(cell, written).await;
    tell("Late", written);
    pause(400).await;
    if let Some(number) = number.first() {
        functions::store_delayed(cell, *number).await;
    }
}

/// Several writes as one transaction, which takes a moment to commit.
async fn deferred(cell: Cell, written: &Written) {
    let transaction = async {
        functions::change(cell, written).await;
        functions::store(cell, written).await;
        functions::regroup(cell, written).await;
        pause(3).await;
        Ok::<_, Infallible>(())
    };
    let Ok(()) = cachekit::deferred(transaction).await;
}
