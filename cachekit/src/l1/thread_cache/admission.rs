//! Admission of entries to a thread's table (L0), which depends on the hits that earlier entries
//! brought.
//!
//! Putting an entry into the table costs as much as a few hits save. If entries change or are
//! evicted before they are used again, these writes save nothing, and the table displaces the
//! service's data from the CPU's caches. So hits in the table earn a credit, and the end of an
//! entry in the table, the replacement of an entry and the growth of the table are paid from it.
//! While the credit is used up, admission is throttled: the thread admits only one entry in eight
//! and does not let its table grow. The admitted entries show if entries bring enough hits again.

/// Number of hits that an entry in a thread's table (L0) must bring before it ends, on average:
/// before the entry changes, is evicted or must be looked up in the engine again. With fewer hits,
/// the admission of entries is throttled.
const HITS_FOR_ENTRY: i64 = 2;
/// Number of hits that pay for the replacement of a valid entry by a new one.
const HITS_FOR_REPLACEMENT: i64 = 4;
/// Number of hits that pay for the growth of a thread's table (L0) by one part, which has room for
/// twice as many entries.
const HITS_FOR_PART: i64 = 96;
/// Largest credit, in hits. A thread whose entries no longer bring hits admits at most half as many
/// entries before it notices. The credit of a new thread is the largest.
const MOST_CREDIT: i64 = 1 << 10;
/// Least credit, in hits. A thread whose entries bring hits again notices after as many hits.
const LEAST_CREDIT: i64 = -(1 << 8);
/// Number of entries offered to a thread's table (L0) of which one is admitted while admission is
/// throttled.
const ADMITTED_ONE_OF: u64 = 8;

/// Admission policy of one thread's table (L0).
pub(crate) struct AdmissionPolicy {
    offered: u64,
    /// Number of hits that are not yet part of `credit`.
    hits: i64,
    /// Number of all hits before those in `hits`.
    counted: u64,
    /// Number of hits that were not needed to pay for entries, replacements and growth.
    credit: i64,
}

impl AdmissionPolicy {
    pub(crate) const fn new() -> Self {
        Self {
            offered: 0,
            hits: 0,
            counted: 0,
            credit: MOST_CREDIT,
        }
    }

    /// Records a hit in this thread's table (L0).
    #[inline]
    pub(crate) fn record_hit(&mut self) {
        self.hits += 1;
    }

    /// Records that an entry is offered to the thread's table (L0). Returns `true` if the caller
    /// should put the entry into the table.
    pub(crate) fn admits(&mut self) -> bool {
        let hits = std::mem::take(&mut self.hits);
        self.counted += hits.unsigned_abs();
        self.credit = (self.credit + hits).min(MOST_CREDIT);
        self.offered += 1;
        !self.is_throttled() || self.offered.is_multiple_of(ADMITTED_ONE_OF)
    }

    /// Returns the number of hits in the thread's table (L0) up to the last offered entry.
    pub(crate) fn counted_hits(&self) -> u64 {
        self.counted
    }

    /// Records that an entry in the thread's table (L0) ended: a look-up or a check found that the
    /// entry was no longer usable.
    pub(crate) fn record_ended(&mut self) {
        self.credit = (self.credit - HITS_FOR_ENTRY).max(LEAST_CREDIT);
    }

    /// Returns `true` if hits have paid for the replacement of a valid entry. What would pay for a
    /// part is not used: a table that replaces its entries with all that they earn never grows.
    pub(crate) fn pays_replacement(&mut self) -> bool {
        let pays = self.credit >= HITS_FOR_REPLACEMENT + HITS_FOR_PART;
        pays && self.pays(HITS_FOR_REPLACEMENT)
    }

    /// Returns `true` if hits have paid for the growth of the table by one part.
    pub(crate) fn pays_part(&mut self) -> bool {
        self.pays(HITS_FOR_PART)
    }

    fn pays(&mut self, hits: i64) -> bool {
        let pays = self.credit >= hits;
        if pays {
            self.credit -= hits;
        }
        pays
    }

    /// Returns `true` while the admission of entries to the thread's table (L0) is throttled,
    /// because the entries brought too few hits before they ended.
    pub(crate) fn is_throttled(&self) -> bool {
        self.credit < 0
    }

    /// Returns `true` if the table should become smaller: entries have ended with too few hits for so
    /// long that the credit is the least.
    pub(crate) fn is_useless(&self) -> bool {
        self.credit == LEAST_CREDIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers `count` entries to `admission`. Each admitted entry brings `hits` hits and ends.
    /// Returns the number of admitted entries.
    fn offer(admission: &mut AdmissionPolicy, count: u64, hits: u64) -> u64 {
        let mut admitted = 0;
        for _ in 0..count {
            if admission.admits() {
                admitted += 1;
                (0..hits).for_each(|_| admission.record_hit());
                admission.record_ended();
            }
        }
        admitted
    }

    #[test]
    fn what_is_found_is_kept_and_what_is_not_only_now_and_then() {
        let mut admission = AdmissionPolicy::new();
        assert_eq!(offer(&mut admission, 10_000, 2), 10_000);
        assert!(!admission.is_throttled());
        let admitted = offer(&mut admission, 10_000, 1);
        assert!((1_250..2_300).contains(&admitted), "{admitted}");
        assert!(admission.is_throttled());
    }

    #[test]
    fn it_ends_when_things_are_found_again() {
        let mut admission = AdmissionPolicy::new();
        offer(&mut admission, 10_000, 0);
        assert!(admission.is_throttled() && admission.is_useless());
        let admitted = offer(&mut admission, 10_000, 4);
        assert!(admitted > 8_900, "{admitted}");
        assert!(!admission.is_throttled());
    }

    #[test]
    fn entries_that_do_not_end_cost_nothing() {
        let mut admission = AdmissionPolicy::new();
        assert!((0..100_000).all(|_| admission.admits()));
    }

    #[test]
    fn what_is_paid_for_is_paid_by_hits() {
        let mut admission = AdmissionPolicy::new();
        while admission.pays_part() {}
        while admission.pays_replacement() {}
        assert!(!admission.is_throttled(), "what is paid is never owed");
        (0..HITS_FOR_PART).for_each(|_| admission.record_hit());
        admission.admits();
        assert!(admission.pays_part());
        assert!(!admission.pays_part());
    }
}
