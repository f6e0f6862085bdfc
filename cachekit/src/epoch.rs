//! Epochs: how one increment takes a million entries out of use.
//!
//! Every invalidation on a node gets the next number of one sequence. What can be
//! invalidated as a whole (a tag, a function, the cache) has an [`Epoch`]: the number of
//! its last invalidation. An entry remembers the number at which its computation *began*
//! and refers to the epochs of its tags; it is valid while none of them is newer. So a
//! hit costs a few loads, an invalidation one store, and a computation that began before
//! an invalidation can never pass for one that began after it (Facebook's memcache leases
//! and Spanner's commit timestamps rest on the same order: begin, then compare).
//!
//! A soft invalidation moves an epoch as a hard one does: nothing that began before it is
//! fresh, stored as such or joined. Only who serves an old value asks a second number,
//! that of the last hard one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::clock::Tick;

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

/// The last invalidations of one tag, function or cache.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    /// The last one, hard or soft.
    last: AtomicU64,
    /// The last hard one.
    last_hard: AtomicU64,
    /// When the last soft one took place, in nanoseconds of the cache's clock.
    softened_at: AtomicU64,
}

impl Epoch {
    /// An epoch whose last invalidation, a hard one, was at `moment`.
    pub(crate) fn at(moment: Moment) -> Self {
        Self {
            last: AtomicU64::new(moment.0),
            last_hard: AtomicU64::new(moment.0),
            softened_at: AtomicU64::default(),
        }
    }

    /// Records an invalidation. A slower, older one never hides a newer one.
    pub(crate) fn invalidate(&self, moment: Moment) {
        // Before the other: who finds that it moved finds out how.
        self.last_hard.fetch_max(moment.0, Ordering::AcqRel);
        self.last.fetch_max(moment.0, Ordering::AcqRel);
        moved();
    }

    /// Records a soft invalidation that takes place `now`.
    pub(crate) fn soften(&self, moment: Moment, now: Tick) {
        // Before the other, as above.
        self.softened_at.fetch_max(now.nanos(), Ordering::AcqRel);
        self.last.fetch_max(moment.0, Ordering::AcqRel);
        moved();
    }

    /// When it was last invalidated, in whichever manner.
    pub(crate) fn last(&self) -> Moment {
        Moment(self.last.load(Ordering::Acquire))
    }

    fn last_hard(&self) -> Moment {
        Moment(self.last_hard.load(Ordering::Acquire))
    }
}

/// The epochs that something depends on. In place for two tags, the function, the cache and
/// the messages of other nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epochs(SmallVec<[Arc<Epoch>; 5]>);

impl Epochs {
    /// How many bytes they take beside their own size.
    pub(crate) fn heap(&self) -> usize {
        if self.0.spilled() {
            self.0.capacity() * size_of::<Arc<Epoch>>()
        } else {
            0
        }
    }

    /// Whether none of them was invalidated after `began`, not even softly.
    pub(crate) fn unmoved_since(&self, began: Moment) -> bool {
        self.0.iter().all(|epoch| epoch.last() <= began)
    }

    /// Whether what began then may still be served as old: nothing but soft invalidations
    /// came after it.
    pub(crate) fn only_softened_since(&self, began: Moment) -> bool {
        self.0.iter().all(|epoch| epoch.last_hard() <= began)
    }

    /// When one of them was softly invalidated after `began`: of each, the last time.
    pub(crate) fn softened_since(&self, began: Moment) -> Option<Tick> {
        let moved = self.0.iter().filter(|epoch| epoch.last() > began);
        let at = moved.map(|epoch| epoch.softened_at.load(Ordering::Acquire));
        at.min().map(Tick::from_nanos)
    }
}

impl Extend<Arc<Epoch>> for Epochs {
    fn extend<I: IntoIterator<Item = Arc<Epoch>>>(&mut self, epochs: I) {
        self.0.extend(epochs);
    }
}

impl FromIterator<Arc<Epoch>> for Epochs {
    fn from_iter<I: IntoIterator<Item = Arc<Epoch>>>(epochs: I) -> Self {
        Self(epochs.into_iter().collect())
    }
}
