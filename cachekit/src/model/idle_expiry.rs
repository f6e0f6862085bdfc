//! Idle expiration: the end of entries that nobody uses (`idle`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::Tick;

/// Divisor of the idle time: within a quarter of the idle time, only one use of an entry is
/// recorded. Other uses cost nothing, and an unused entry lives at most a quarter longer than its
/// idle time.
const NOTED: u32 = 4;

/// Idle time of one entry, after which the entry expires, and the time of the entry's last recorded
/// use.
#[derive(Debug)]
pub(crate) struct Idle {
    length: Duration,
    /// Time of the entry's last recorded use, in nanoseconds of the clock.
    noted: AtomicU64,
}

impl Idle {
    /// Creates the state of an entry that is used at `now` and expires when it was unused for
    /// `length`.
    pub(crate) fn new(now: Tick, length: Duration) -> Self {
        let noted = AtomicU64::new(now.nanos());
        Self { length, noted }
    }

    /// Returns the time before which further uses of the entry are not recorded.
    pub(crate) fn quiet_until(&self) -> Tick {
        self.noted().after(self.length / NOTED)
    }

    /// Returns `true` if the entry expired for lack of use. An entry expires no earlier than its
    /// idle time after the last use, and no more than a quarter of that time later.
    pub(crate) fn is_over(&self, now: Tick) -> bool {
        // The idle time is counted from the latest use that need not have been recorded.
        now >= self.quiet_until().after(self.length)
    }

    /// Records that the entry was used at `now`, unless a use was recorded shortly before.
    pub(crate) fn note(&self, now: Tick) {
        if now >= self.quiet_until() {
            self.noted.fetch_max(now.nanos(), Ordering::Relaxed);
        }
    }

    fn noted(&self) -> Tick {
        Tick::from_nanos(self.noted.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    /// An entry never expires earlier than its idle time after its last use, and at most a quarter
    /// of that time later.
    #[test]
    fn it_ends_a_length_after_its_last_use_or_a_quarter_more() {
        for last in 0..400 {
            let idle = Idle::new(at(0), Duration::from_millis(100));
            for used in (0..=last).step_by(7).chain([last]) {
                assert!(!idle.is_over(at(used)), "used at {used} of {last}");
                idle.note(at(used));
            }
            assert!(!idle.is_over(at(last + 99)), "used at {last}");
            assert!(idle.is_over(at(last + 125)), "used at {last}");
        }
    }

    #[test]
    fn the_longest_and_the_shortest_have_an_end() {
        let longest = Idle::new(at(5), crate::base::durations::LONGEST);
        assert!(!longest.is_over(at(1_000_000)));
        let shortest = Idle::new(at(5), Duration::from_nanos(1));
        assert!(shortest.is_over(at(6)) && !shortest.is_over(at(5)));
    }
}
