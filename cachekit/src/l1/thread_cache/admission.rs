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
const PAYS: u64 = 2;
/// Where it does not pay, one of so many is kept.
const ONE_OF: u64 = 8;

/// One thread's.
pub(crate) struct Thrift {
    offered: u64,
    kept: u64,
    found: u64,
    is_on: bool,
}

impl Thrift {
    pub(crate) const fn new() -> Self {
        Self {
            offered: 0,
            kept: 0,
            found: 0,
            is_on: false,
        }
    }

    /// An entry was at hand.
    #[inline]
    pub(crate) fn found(&mut self) {
        self.found += 1;
    }

    /// Whether one that was not is to be kept.
    pub(crate) fn admits(&mut self) -> bool {
        if self.offered == PERIOD {
            self.is_on = self.found < PAYS * self.kept;
            (self.offered, self.kept, self.found) = (0, 0, 0);
        }
        self.offered += 1;
        !self.is_on || self.offered.is_multiple_of(ONE_OF)
    }

    /// It was kept.
    pub(crate) fn kept(&mut self) {
        self.kept += 1;
    }

    /// Whether it does not pay now.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers so many, each of which is found so often; how many were kept.
    fn offer(thrift: &mut Thrift, count: u64, finds: u64) -> u64 {
        let mut kept = 0;
        for _ in 0..count {
            if thrift.admits() {
                thrift.kept();
                kept += 1;
                (0..finds).for_each(|_| thrift.found());
            }
        }
        kept
    }

    #[test]
    fn what_is_found_is_kept_and_what_is_not_only_now_and_then() {
        let mut thrift = Thrift::new();
        assert_eq!(offer(&mut thrift, 10_000, PAYS), 10_000);
        assert!(!thrift.is_on());
        let kept = offer(&mut thrift, 10_000, PAYS - 1);
        assert!((1_250..2_200).contains(&kept), "{kept}");
        assert!(thrift.is_on());
    }

    #[test]
    fn it_ends_when_things_are_found_again() {
        let mut thrift = Thrift::new();
        offer(&mut thrift, 10_000, 0);
        assert!(thrift.is_on());
        let kept = offer(&mut thrift, 10_000, PAYS);
        assert!(kept > 9_000, "{kept}");
        assert!(!thrift.is_on());
    }
}
