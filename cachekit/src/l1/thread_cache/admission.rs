//! Whether having entries at hand pays.
//!
//! Keeping one costs about as much as finding it there saves a few times. Where entries change or are
//! evicted before they are asked for again, a table would be written for nothing, and its lines take
//! the place of what the service works with. So a thread counts both, and while too little is found
//! it keeps one in a few and its table small: few enough to cost little, and enough to see that
//! the times have changed.

/// Judged whenever so many were not at hand.
const PERIOD: u64 = 512;
/// So often each is to be found, on average.
const MIN_HITS_PER_ENTRY: u64 = 2;
/// Where it does not pay, one of so many is kept.
const ADMITTED_ONE_OF: u64 = 8;

/// One thread's.
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

    /// An entry was at hand.
    #[inline]
    pub(crate) fn record_hit(&mut self) {
        self.hits += 1;
    }

    /// Whether one that was not is to be kept.
    pub(crate) fn admits(&mut self) -> bool {
        if self.offered == PERIOD {
            self.is_throttled = self.hits < MIN_HITS_PER_ENTRY * self.admitted;
            (self.offered, self.admitted, self.hits) = (0, 0, 0);
        }
        self.offered += 1;
        !self.is_throttled || self.offered.is_multiple_of(ADMITTED_ONE_OF)
    }

    /// It was kept.
    pub(crate) fn record_admitted(&mut self) {
        self.admitted += 1;
    }

    /// Whether it does not pay now.
    pub(crate) fn is_throttled(&self) -> bool {
        self.is_throttled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers so many, each of which is found so often; how many were kept.
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
