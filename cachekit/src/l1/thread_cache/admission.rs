//! Admission of entries to a thread's table (L0), which depends on the hits that earlier entries
//! brought.
//!
//! Putting an entry into the table costs as much as a few hits save. If entries change or are
//! evicted before they are used again, these writes save nothing, and the table displaces the
//! service's data from the CPU's caches. So a thread counts admissions and hits. While the hits are
//! too few, admission is throttled: the thread admits only one entry in eight and keeps its table
//! small. The admitted entries show if entries bring enough hits again.

/// Number of entries offered to a thread's table (L0) between two decisions about throttling.
const PERIOD: u64 = 512;
/// Number of hits that an entry in a thread's table (L0) must bring on average. With fewer hits,
/// the admission of entries is throttled.
const MIN_HITS_PER_ENTRY: u64 = 2;
/// Number of entries offered to a thread's table (L0) of which one is admitted while admission is
/// throttled.
const ADMITTED_ONE_OF: u64 = 8;

/// Admission policy of one thread's table (L0), with counters of hits and admissions since the last
/// decision.
pub(crate) struct AdmissionPolicy {
    offered: u64,
    admitted: u64,
    hits: u64,
    is_throttled: bool,
}

impl AdmissionPolicy {
    pub(crate) const fn new() -> Self {
        Self {
            offered: 0,
            admitted: 0,
            hits: 0,
            is_throttled: false,
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
        if self.offered == PERIOD {
            self.is_throttled = self.hits < MIN_HITS_PER_ENTRY * self.admitted;
            (self.offered, self.admitted, self.hits) = (0, 0, 0);
        }
        self.offered += 1;
        !self.is_throttled || self.offered.is_multiple_of(ADMITTED_ONE_OF)
    }

    /// Records that an entry was put into the thread's table (L0).
    pub(crate) fn record_admitted(&mut self) {
        self.admitted += 1;
    }

    /// Returns `true` while the admission of entries to the thread's table (L0) is throttled,
    /// because the admitted entries brought too few hits.
    pub(crate) fn is_throttled(&self) -> bool {
        self.is_throttled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers `count` entries to `admission`, and records `finds` hits for each admitted entry.
    /// Returns the number of admitted entries.
    fn offer(admission: &mut AdmissionPolicy, count: u64, finds: u64) -> u64 {
        let mut admitted = 0;
        for _ in 0..count {
            if admission.admits() {
                admission.record_admitted();
                admitted += 1;
                (0..finds).for_each(|_| admission.record_hit());
            }
        }
        admitted
    }

    #[test]
    fn what_is_found_is_kept_and_what_is_not_only_now_and_then() {
        let mut admission = AdmissionPolicy::new();
        assert_eq!(offer(&mut admission, 10_000, MIN_HITS_PER_ENTRY), 10_000);
        assert!(!admission.is_throttled());
        let admitted = offer(&mut admission, 10_000, MIN_HITS_PER_ENTRY - 1);
        assert!((1_250..2_200).contains(&admitted), "{admitted}");
        assert!(admission.is_throttled());
    }

    #[test]
    fn it_ends_when_things_are_found_again() {
        let mut admission = AdmissionPolicy::new();
        offer(&mut admission, 10_000, 0);
        assert!(admission.is_throttled());
        let admitted = offer(&mut admission, 10_000, MIN_HITS_PER_ENTRY);
        assert!(admitted > 9_000, "{admitted}");
        assert!(!admission.is_throttled());
    }
}
