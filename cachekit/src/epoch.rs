//! Epochs: how one increment takes a million entries out of use.
//!
//! Every invalidation on a node gets the next number of one sequence. What can be
//! invalidated as a whole (a tag, a function, the cache) has an [`Epoch`]: the number of
//! its last invalidation. An entry remembers the number at which its computation *began*
//! and refers to the epochs of its tags; it is valid while none of them is newer. So a
//! hit costs a few loads, an invalidation one store, and a computation that began before
//! an invalidation can never pass for one that began after it (Facebook's memcache leases
//! and Spanner's commit timestamps rest on the same order: begin, then compare).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often something was taken out of use in this process, of whichever cache: what was
/// valid when this was read is valid for as long as it stands.
static MOVES: Moves = Moves(AtomicU64::new(0));

/// On a line that nothing else shares: every hit reads it.
#[repr(align(128))]
struct Moves(AtomicU64);

/// How often something was taken out of use; read before a check, it tells whether the
/// check's result still stands.
#[inline]
pub(crate) fn moves() -> u64 {
    MOVES.0.load(Ordering::Acquire)
}

/// Something was taken out of use. Said afterwards: who checks in between checks again.
pub(crate) fn moved() {
    MOVES.0.fetch_add(1, Ordering::Release);
}

/// A place in the sequence of a node's invalidations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(u64);

/// The sequence of a node's invalidations.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

impl Sequence {
    /// The number of the last invalidation.
    pub(crate) fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }

    /// The number of a new invalidation. It takes effect for whoever reads `now` from
    /// here on.
    pub(crate) fn next(&self) -> Moment {
        Moment(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// The last invalidation of one tag, function or cache.
#[derive(Debug, Default)]
pub(crate) struct Epoch(AtomicU64);

impl Epoch {
    /// An epoch that was last invalidated at `moment`.
    pub(crate) fn at(moment: Moment) -> Self {
        Self(AtomicU64::new(moment.0))
    }

    /// Records an invalidation. A slower, older one never hides a newer one.
    pub(crate) fn invalidate(&self, moment: Moment) {
        self.0.fetch_max(moment.0, Ordering::AcqRel);
        moved();
    }

    /// When it was last invalidated.
    pub(crate) fn last(&self) -> Moment {
        Moment(self.0.load(Ordering::Acquire))
    }
}

/// The epochs that something depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epochs(Box<[Arc<Epoch>]>);

impl Epochs {
    /// Whether none of them was invalidated after `began`.
    pub(crate) fn unmoved_since(&self, began: Moment) -> bool {
        self.0.iter().all(|epoch| epoch.last() <= began)
    }
}

impl FromIterator<Arc<Epoch>> for Epochs {
    fn from_iter<I: IntoIterator<Item = Arc<Epoch>>>(epochs: I) -> Self {
        Self(epochs.into_iter().collect())
    }
}
