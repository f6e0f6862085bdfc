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
//! fresh, stored as such or joined. Only who serves an old value asks more: the number of the
//! last hard one, and when the soft ones took place. The window of an entry begins with
//! the first of those that came after its computation began, whether or not anybody looked then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use crate::base::clock::Tick;

/// How often something was taken out of use in this process, of whichever cache: what was
/// valid when this was read is valid for as long as it stands.
static REVISION: Revision = Revision(AtomicU64::new(0));

/// On a line that nothing else shares: every hit reads it.
#[repr(align(128))]
struct Revision(AtomicU64);

/// How often something was taken out of use; read before a check, it tells whether the
/// check's result still stands.
#[inline]
pub(crate) fn revision() -> u64 {
    REVISION.0.load(Ordering::Acquire)
}

/// Something was taken out of use. Said afterwards: who checks in between checks again.
pub(crate) fn bump_revision() {
    REVISION.0.fetch_add(1, Ordering::Release);
}

/// A place in the sequence of a node's invalidations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct SequenceNumber(u64);

/// The sequence of a node's invalidations.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

impl Sequence {
    /// The number of the last invalidation.
    pub(crate) fn now(&self) -> SequenceNumber {
        SequenceNumber(self.0.load(Ordering::SeqCst))
    }

    /// The number of a new invalidation. It takes effect for whoever reads `now` from
    /// here on.
    pub(crate) fn next(&self) -> SequenceNumber {
        SequenceNumber(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// The last invalidations of one tag, function or cache.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    /// The last one, hard or soft.
    last: AtomicU64,
    /// The last hard one.
    last_hard: AtomicU64,
    /// When the soft ones took place.
    soft_invalidations: SoftInvalidations,
}

impl Epoch {
    /// An epoch whose last invalidation, a hard one, was at `number`.
    pub(crate) fn at(number: SequenceNumber) -> Self {
        Self {
            last: AtomicU64::new(number.0),
            last_hard: AtomicU64::new(number.0),
            soft_invalidations: SoftInvalidations::default(),
        }
    }

    /// Records an invalidation. A slower, older one never hides a newer one.
    pub(crate) fn invalidate(&self, number: SequenceNumber) {
        // Before the other: who finds that it moved finds out how.
        self.last_hard.fetch_max(number.0, Ordering::AcqRel);
        self.last.fetch_max(number.0, Ordering::AcqRel);
        bump_revision();
    }

    /// Records a soft invalidation that takes place `now`.
    pub(crate) fn invalidate_softly(&self, number: SequenceNumber, now: Tick) {
        // Before the other, as above.
        self.soft_invalidations.add(number, now);
        self.last.fetch_max(number.0, Ordering::AcqRel);
        bump_revision();
    }

    /// When it was last invalidated, in whichever manner.
    pub(crate) fn last(&self) -> SequenceNumber {
        SequenceNumber(self.last.load(Ordering::Acquire))
    }

    fn last_hard(&self) -> SequenceNumber {
        SequenceNumber(self.last_hard.load(Ordering::Acquire))
    }
}

/// So many are kept one by one.
const EXACT: usize = 16;

/// Of more, two become one that are this much nearer to each other than to now.
const NEARER: u32 = 8;

/// The soft invalidations of one tag, function or cache, in order.
///
/// Only who serves an old value, or invalidates, takes the lock.
#[derive(Debug, Default)]
struct SoftInvalidations(Mutex<Vec<SoftInvalidation>>);

/// One of them, or some that are taken for one.
#[derive(Debug, Clone, Copy)]
struct SoftInvalidation {
    /// Of the last.
    number: SequenceNumber,
    /// When the first and the last took place.
    first: Tick,
    last: Tick,
}

impl SoftInvalidations {
    /// Records one.
    fn add(&self, number: SequenceNumber, now: Tick) {
        let mut all = self.lock();
        let at = all.partition_point(|other| other.number < number);
        let (first, last) = (now, now);
        all.insert(
            at,
            SoftInvalidation {
                number,
                first,
                last,
            },
        );
        if all.len() > EXACT {
            thin_out(&mut all, now);
        }
    }

    /// When the first after `began` took place, or a little earlier: see [`thin_out`].
    fn first_since(&self, began: SequenceNumber) -> Option<Tick> {
        let all = self.lock();
        let since = all.iter().filter(|other| other.number > began);
        since.map(|other| other.first).min()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SoftInvalidation>> {
        // Not by `crate::base::sync`: a search of the flights does not stop here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes one of those that were close together, long ago: with the time of the first. What began
/// between them has a shorter window then, by an eighth of the time since at most, and nothing
/// has a longer one. How many are left grows with the logarithm of the time only.
fn thin_out(all: &mut Vec<SoftInvalidation>, now: Tick) {
    for next in std::mem::take(all) {
        match all.last_mut() {
            Some(group) if next.last.since(group.first) * NEARER <= now.since(next.last) => {
                group.number = next.number;
                group.last = next.last;
            }
            _ => all.push(next),
        }
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
    pub(crate) fn unchanged_since(&self, began: SequenceNumber) -> bool {
        self.0.iter().all(|epoch| epoch.last() <= began)
    }

    /// Whether what began then may still be served as old: nothing but soft invalidations
    /// came after it.
    pub(crate) fn only_softly_changed_since(&self, began: SequenceNumber) -> bool {
        self.0.iter().all(|epoch| epoch.last_hard() <= began)
    }

    /// When what began then was first softly invalidated.
    pub(crate) fn soft_invalidated_since(&self, began: SequenceNumber) -> Option<Tick> {
        let bump_revision = self.0.iter().filter(|epoch| epoch.last() > began);
        let first = bump_revision.filter_map(|epoch| epoch.soft_invalidations.first_since(began));
        first.min()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn each_age_has_its_own_first_one() {
        let all = SoftInvalidations::default();
        for (number, second) in [(10, 100), (20, 200), (30, 300)] {
            all.add(SequenceNumber(number), at(second));
        }
        let first = |began| all.first_since(SequenceNumber(began));
        assert_eq!([0, 9].map(first), [Some(at(100)); 2]);
        assert_eq!([10, 19].map(first), [Some(at(200)); 2]);
        assert_eq!([20, 29].map(first), [Some(at(300)); 2]);
        assert_eq!(first(30), None);
    }

    /// One a second for a day: what is known of each is early by an eighth of its age at most,
    /// never late, and the list stays short.
    #[test]
    fn of_very_many_it_is_never_later_and_a_little_earlier() {
        const DAY: u64 = 86_400;
        let all = SoftInvalidations::default();
        for second in 1..=DAY {
            all.add(SequenceNumber(second), at(second));
        }
        let left = all.lock().len();
        assert!(left <= 150, "{left}");
        for began in 0..DAY {
            let first = at(began + 1);
            let known = all
                .first_since(SequenceNumber(began))
                .expect("there was one");
            assert!(known <= first, "{known:?} after {first:?}");
            let early = first.since(known);
            let age = at(DAY).since(first);
            assert!(
                early * NEARER <= age.max(Duration::from_secs(1)),
                "{early:?} of {age:?}"
            );
        }
        assert_eq!(
            all.first_since(SequenceNumber(0)),
            Some(at(1)),
            "the first is exact"
        );
    }
}
