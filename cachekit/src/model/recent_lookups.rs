//! The outcomes of an owner's last look-ups in Redis (L2), from which the next one is foreseen.

use std::sync::atomic::{AtomicU8, Ordering};

/// Number of misses among the last eight look-ups from which the next one is expected to be a miss.
const MISSES: u32 = 6;

/// Outcomes of the last eight look-ups of an owner (function, region or cache) in Redis (L2).
///
/// If the next look-up is expected to be a miss, the call requests the lease to compute together with
/// the entry, which saves a round trip. If there is an entry all the same, the server has run a script
/// in vain.
#[derive(Debug, Default)]
pub(crate) struct RecentLookups {
    /// A bit for each look-up, the last one lowest, and 1 for a miss. Look-ups that end at the same
    /// moment may lose one another's bits.
    misses: AtomicU8,
}

impl RecentLookups {
    /// Returns `true` if the next look-up is expected to be a miss.
    pub(crate) fn expects_miss(&self) -> bool {
        self.misses.load(Ordering::Relaxed).count_ones() >= MISSES
    }

    /// Records the outcome of a look-up.
    pub(crate) fn record(&self, is_miss: bool) {
        let misses = self.misses.load(Ordering::Relaxed);
        let misses = misses << 1 | u8::from(is_miss);
        self.misses.store(misses, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_expected_after_mostly_misses() {
        let recent = RecentLookups::default();
        for _ in 0..MISSES {
            assert!(!recent.expects_miss());
            recent.record(true);
        }
        assert!(recent.expects_miss());
        for is_miss in [false, true, true, false] {
            recent.record(is_miss);
        }
        assert!(recent.expects_miss(), "two hits among eight");
        recent.record(false);
        assert!(!recent.expects_miss());
    }
}
