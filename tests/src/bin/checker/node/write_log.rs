//! The log of a write's changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::node;
use crate::cells::Cell;
use crate::invalidation_mode::InvalidationMode;
use cachekit_tests::clock;

/// The versions that a write raised, as far as it got. It outlives the write when that is
/// dropped.
#[derive(Debug, Default)]
pub(super) struct Written(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    began: Option<u64>,
    versions: Vec<(Cell, u64)>,
    acknowledged: bool,
    mode: InvalidationMode,
}

/// A write whose invalidation takes place.
pub(super) struct Ended {
    pub(super) began: u64,
    /// The versions whose past may not be served any more.
    pub(super) versions: Vec<(Cell, u64)>,
    /// Whether the invalidation is certain to have reached every node.
    pub(super) is_acknowledged: bool,
    pub(super) mode: InvalidationMode,
}

impl Written {
    /// Raises the versions of `cells`; the first of the new ones.
    pub(super) async fn commit(&self, cells: &[Cell]) -> u64 {
        let versions = node().truth.commit(cells).await;
        let first = versions.first().copied().unwrap_or_default();
        let committed = cells.iter().copied().zip(versions);
        self.lock().versions.extend(committed);
        first
    }

    /// The same in a function whose attribute does what is owed, whatever comes.
    pub(super) async fn commit_annotated(&self, cells: &[Cell]) -> u64 {
        let version = self.commit(cells).await;
        self.begin();
        version
    }

    /// From here on the invalidation takes place, also if it is dropped: to be said right
    /// before it is polled.
    pub(super) fn begin(&self) {
        self.lock().began.get_or_insert_with(clock::now);
    }

    /// Whether the invalidation is certain to have reached every node.
    pub(super) fn acknowledged(&self, certain: bool) {
        self.lock().acknowledged = certain;
    }

    /// The invalidation leaves what may be served old.
    pub(super) fn softens(&self, mode: InvalidationMode) {
        self.lock().mode = mode;
    }

    /// What it came to; `None` if it got no further than a commit, or this was asked before.
    pub(super) fn end(&self) -> Option<Ended> {
        let mut state = self.lock();
        Some(Ended {
            began: state.began.take()?,
            versions: std::mem::take(&mut state.versions),
            is_acknowledged: state.acknowledged,
            mode: state.mode,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
