//! Admission to a thread's table: whether caching entries on the thread pays.
//!
//! Caching an entry costs as much as a few hits save. Where entries change or are evicted before
//! they are used again, the table would be written for nothing, and would displace the service's
//! own data from the CPU's caches. So a thread counts admissions and hits. While there are too few
//! hits it admits one entry in eight and keeps its table small: few enough to cost little, and
//! enough to notice when caching pays again.

/// Offers between two decisions.
const PERIOD: u64 = 512;
/// Hits that an admitted entry must bring, on average.
const MIN_HITS_PER_ENTRY: u64 = 2;
/// While throttled, one in this many is admitted.
const ADMITTED_ONE_OF: u64 = 8;

/// Admission policy of one thread.
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

    /// Records a hit in the table.
    #[inline]
    pub(crate) fn record_hit(&mut self) {
        self.hits += 1;
    }

    /// Returns `true` if the entry that is offered is to be admitted.
    pub(crate) fn admits(&mut self) -> bool {
        if self.offered == PERIOD {
            self.is_throttled = self.hits < MIN_HITS_PER_ENTRY * self.admitted;
            (self.offered, self.admitted, self.hits) = (0, 0, 0);
        }
        self.offered += 1;
        !self.is_throttled || self.offered.is_multiple_of(ADMITTED_ONE_OF)
    }

    /// Records an admission.
    pub(crate) fn record_admitted(&mut self) {
        self.admitted += 1;
    }

    /// Returns `true` while caching does not pay.
    pub(crate) fn is_throttled(&self) -> bool {
        self.is_throttled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers `count` entries, each with `finds` hits if admitted. Returns the number of
    /// admissions.
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
