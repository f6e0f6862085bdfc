//! Epochs: counters that invalidate a million entries with one increment.
//!
//! Every invalidation on a node takes the next number of one sequence. Everything that can be
//! invalidated as a whole (a tag, a function, the cache) has an [`Epoch`]: the number of its last
//! invalidation. An entry remembers the number of the last invalidation before its computation
//! *began*, and refers to the epochs of its tags, of its function and of the cache. The entry is
//! valid while none of these epochs has a greater number.
//!
//! So a hit loads a few counters, and an invalidation stores one. A value whose computation began
//! before an invalidation can never pass for one whose computation began after the invalidation.
//! Facebook's memcache leases and Spanner's commit timestamps rest on this order, too: begin, then
//! compare.
//!
//! A soft invalidation raises an epoch like a hard one. A value whose computation began before the
//! invalidation is no longer fresh and is not stored as fresh, and no call joins such a
//! computation. Readers of stale values need two more facts: the number of the last hard
//! invalidation, and the times of the soft ones. The stale window of an entry begins with the first
//! soft invalidation after its computation began, even if no call read the entry at that time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use smallvec::SmallVec;

use crate::base::clock::Tick;
use crate::base::sync::unpoisoned;

/// Number of invalidations, in all caches of this process, that may have made an entry invalid. If
/// an entry is checked after this number was read, the result holds while the number is unchanged.
static REVISION: Revision = Revision(AtomicU64::new(0));

/// Counter on a CPU cache line of its own, because every hit reads it.
#[repr(align(128))]
struct Revision(AtomicU64);

/// Returns the number of invalidations, in all caches of this process, that may have made an entry
/// invalid. A caller that checks an entry must call this function before the check: the result of
/// the check holds while this number is unchanged.
#[inline]
pub(crate) fn revision() -> u64 {
    REVISION.0.load(Ordering::Acquire)
}

/// Records that an entry may have become invalid. A caller must call this function after the change
/// that makes the entry invalid, so that checks from before the change are repeated.
pub(crate) fn bump_revision() {
    REVISION.0.fetch_add(1, Ordering::Release);
}

/// Number of an invalidation in the order of all invalidations on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct SequenceNumber(u64);

/// Counter that numbers the invalidations of all caches of this process, so that an entry of one
/// cache can depend on the epochs of another.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

/// The counter that numbers the invalidations of all caches of this process.
pub(crate) static SEQUENCE: Sequence = Sequence(AtomicU64::new(0));

impl Sequence {
    /// Returns the number of the last invalidation on this node.
    pub(crate) fn now(&self) -> SequenceNumber {
        SequenceNumber(self.0.load(Ordering::SeqCst))
    }

    /// Returns the number of a new invalidation. Computations that read [`now`](Self::now) after
    /// this call count as begun after the invalidation.
    pub(crate) fn next(&self) -> SequenceNumber {
        SequenceNumber(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// Kind of the things that an epoch invalidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum EpochKind {
    /// All entries of one function or region.
    #[default]
    Owner,
    /// All entries of the cache.
    Cache,
    /// All entries of the cache, because this node may have missed invalidations of other nodes.
    Bus,
    /// Entries with one tag or event.
    Label,
    /// Entries that were computed from an entry of one key, or from entries of one function.
    Source,
}

/// State of the invalidations of one tag, event or function, or of the whole cache.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    kind: EpochKind,
    /// Name in the registry of its kind: a tag, an event, a key or a function. Empty for epochs
    /// that are in no registry.
    name: Box<[u8]>,
    /// Number of the last invalidation of this tag, function or cache, hard or soft.
    last: AtomicU64,
    /// Number of the last hard invalidation of this tag, function or cache.
    last_hard: AtomicU64,
    /// Numbers and times of the soft invalidations of this tag, function or cache.
    soft_invalidations: SoftInvalidations,
}

impl Epoch {
    /// Creates an epoch of this kind without a name, which was never invalidated.
    pub(crate) fn of(kind: EpochKind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// Creates the epoch of `name`, whose last invalidation, a hard one, was at `number`.
    pub(crate) fn named(kind: EpochKind, name: &[u8], number: SequenceNumber) -> Self {
        Self {
            kind,
            name: name.into(),
            last: AtomicU64::new(number.0),
            last_hard: AtomicU64::new(number.0),
            soft_invalidations: SoftInvalidations::default(),
        }
    }

    pub(crate) fn kind(&self) -> EpochKind {
        self.kind
    }

    /// Returns the name in the registry of its kind. Empty for epochs that are in no registry.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// Records the hard invalidation `number`, unless one with a greater number is already
    /// recorded.
    pub(crate) fn invalidate(&self, number: SequenceNumber) {
        // `last_hard` is changed before `last`: a reader that sees the new `last` must see that the
        // invalidation was hard.
        self.last_hard.fetch_max(number.0, Ordering::AcqRel);
        self.last.fetch_max(number.0, Ordering::AcqRel);
        bump_revision();
    }

    /// Records the soft invalidation `number` of the epoch, which came at `now`.
    pub(crate) fn invalidate_softly(&self, number: SequenceNumber, now: Tick) {
        // The time is recorded before `last` is changed: a reader that sees the new `last` must
        // find the time.
        self.soft_invalidations.add(number, now);
        self.last.fetch_max(number.0, Ordering::AcqRel);
        bump_revision();
    }

    /// Returns the number of the last invalidation of this tag, function or cache, hard or soft.
    pub(crate) fn last(&self) -> SequenceNumber {
        SequenceNumber(self.last.load(Ordering::Acquire))
    }

    /// Returns the number of the last hard invalidation of this tag, function or cache.
    pub(crate) fn last_hard(&self) -> SequenceNumber {
        SequenceNumber(self.last_hard.load(Ordering::Acquire))
    }
}

/// Largest number of soft invalidations that one epoch records separately. If an epoch has more
/// soft invalidations, older ones are merged into one record.
const EXACT: usize = 16;

/// Factor for merging soft invalidations: two are merged if the time from the first to the second,
/// multiplied by this factor, is not longer than the time from the second to now.
const NEARER: u32 = 8;

/// Soft invalidations of one tag, function or cache, in ascending order of their numbers.
///
/// Only soft invalidations, and readers of softly invalidated entries, take the lock.
#[derive(Debug, Default)]
struct SoftInvalidations(Mutex<Vec<SoftInvalidation>>);

/// Record of one soft invalidation, or of several that were merged.
#[derive(Debug, Clone, Copy)]
struct SoftInvalidation {
    /// Number of the last soft invalidation that was merged into this record.
    number: SequenceNumber,
    /// Times of the first and the last soft invalidation that were merged into this record.
    first: Tick,
    last: Tick,
}

impl SoftInvalidations {
    /// Records the soft invalidation `number` of the epoch, which came at `now`.
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

    /// Returns the time of the first soft invalidation whose number is greater than `began`, or
    /// `None` if none has come. If that invalidation was merged with earlier ones, the time is
    /// slightly earlier: see [`thin_out`].
    fn first_since(&self, began: SequenceNumber) -> Option<Tick> {
        let all = self.lock();
        let since = all.iter().filter(|other| other.number > began);
        since.map(|other| other.first).min()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SoftInvalidation>> {
        // This is the mutex of `std`, not that of `crate::base::sync`: tests that search all
        // interleavings of flights need not switch threads at this lock.
        unpoisoned(self.0.lock())
    }
}

/// Merges soft invalidations that were close together long ago into one, which keeps the time of
/// the first.
///
/// If the computation of an entry began between two merged invalidations, the entry's stale window
/// is shorter, by at most an eighth of the time since the invalidation. No entry gets a longer
/// window. The number of remaining invalidations grows with the logarithm of the time that they
/// span.
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

/// Epochs that an entry or a computation depends on. Up to five need no allocation: those of two
/// tags, the function, the cache and the bus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epochs(SmallVec<[Arc<Epoch>; 5]>);

impl Epochs {
    /// Returns the bytes that the list of epochs has allocated. Zero if the list is stored inline.
    pub(crate) fn heap(&self) -> usize {
        if self.0.spilled() {
            self.0.capacity() * size_of::<Arc<Epoch>>()
        } else {
            0
        }
    }

    /// Returns `true` if no epoch was raised after `began`, neither by a hard nor by a soft
    /// invalidation.
    pub(crate) fn unchanged_since(&self, began: SequenceNumber) -> bool {
        self.0.iter().all(|epoch| epoch.last() <= began)
    }

    /// Returns an epoch that an invalidation raised after `began`. An epoch of messages that this
    /// node may have missed is returned only if no other was raised.
    pub(crate) fn moved_since(&self, began: SequenceNumber) -> Option<&Epoch> {
        let moved = self.0.iter().filter(|epoch| epoch.last() > began);
        let epoch = moved.min_by_key(|epoch| epoch.kind == EpochKind::Bus);
        epoch.map(|epoch| &**epoch)
    }

    /// Returns `true` if no hard invalidation raised an epoch after `began`, so that a value
    /// whose computation began at `began` may still be served as stale.
    pub(crate) fn only_softly_changed_since(&self, began: SequenceNumber) -> bool {
        self.0.iter().all(|epoch| epoch.last_hard() <= began)
    }

    /// Returns the time of the first soft invalidation of any of the epochs after `began`, or
    /// `None` if none has come.
    pub(crate) fn soft_invalidated_since(&self, began: SequenceNumber) -> Option<Tick> {
        let bump_revision = self.0.iter().filter(|epoch| epoch.last() > began);
        let first = bump_revision.filter_map(|epoch| epoch.soft_invalidations.first_since(began));
        first.min()
    }
}

impl Epochs {
    /// Returns an iterator over the epochs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Epoch>> {
        self.0.iter()
    }

    /// Returns the number of epochs.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
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

    /// With an invalidation every second for a day, each recorded time is too early by at most an
    /// eighth of its age, and never too late. The list of invalidations stays short.
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
