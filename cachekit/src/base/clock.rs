//! The clock that lengths of life are measured on.
//!
//! Deadlines are kept as nanoseconds since the clock's own start, so that a reading is one
//! integer and no two machines' clocks are ever compared.

use std::fmt;
use std::time::Duration;

/// A monotonic clock.
///
/// The default is [`SystemClock`]; tests move a [`ManualClock`](crate::testing::ManualClock)
/// by hand (feature `testing`).
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time since this clock's start. Never goes back.
    fn now(&self) -> Duration;

    /// The same for a hit in memory: it may be behind [`now`](Self::now) by up to
    /// [`lag`](Self::lag), and may cost less. As given, it is `now`.
    fn coarse(&self) -> Duration {
        self.now()
    }

    /// How far [`coarse`](Self::coarse) may be behind. As given, not at all.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// [`coarse`](Self::coarse) in nanoseconds.
    #[doc(hidden)]
    fn __coarse_nanos(&self) -> u64 {
        nanos(self.coarse())
    }
}

/// The operating system's monotonic clock.
///
/// On Linux a hit in memory reads `CLOCK_MONOTONIC_COARSE`, the kernel's time at its last
/// tick, which is behind by up to 10 ms (4 ms with the usual settings) and costs a tenth.
/// There is no ticker of our own: after the process was stopped or throttled, the first
/// reading is already right.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Duration,
    start_nanos: u64,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        let start = system::now();
        Self {
            start,
            start_nanos: nanos(start),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        system::now().saturating_sub(self.start)
    }

    fn coarse(&self) -> Duration {
        Duration::from_nanos(self.__coarse_nanos())
    }

    fn lag(&self) -> Duration {
        system::lag()
    }

    fn __coarse_nanos(&self) -> u64 {
        // Zero before the first tick after the start.
        system::coarse_nanos().saturating_sub(self.start_nanos)
    }
}

/// The kernel's two readings of one clock.
#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    pub(crate) fn now() -> Duration {
        length(clock_gettime(ClockId::Monotonic))
    }

    /// For every hit: nothing is checked that cannot be otherwise.
    #[inline]
    pub(crate) fn coarse_nanos() -> u64 {
        let time = clock_gettime(ClockId::MonotonicCoarse);
        time.tv_sec
            .wrapping_mul(1_000_000_000)
            .wrapping_add(time.tv_nsec)
            .cast_unsigned()
    }

    pub(crate) fn lag() -> Duration {
        length(clock_getres(ClockId::MonotonicCoarse))
    }

    fn length(time: Timespec) -> Duration {
        // Since the machine's start: neither is negative, nor is the second too large.
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }
}

/// Elsewhere one reading.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::Duration;

    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

    pub(crate) fn now() -> Duration {
        START.elapsed()
    }

    pub(crate) fn coarse_nanos() -> u64 {
        super::nanos(now())
    }

    pub(crate) fn lag() -> Duration {
        Duration::ZERO
    }
}

/// A reading of a [`Clock`], in nanoseconds since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// Now, on `clock`.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self(nanos(clock.now()))
    }

    /// The same for a hit in memory: see [`Clock::coarse`].
    #[inline]
    pub(crate) fn coarse(clock: &dyn Clock) -> Self {
        Self(clock.__coarse_nanos())
    }

    /// `length` later; lengths beyond 584 years mean "never".
    pub(crate) fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }

    /// A moment that does not come.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// `length` earlier, or the clock's beginning.
    pub(crate) fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// How long it is from `earlier` to here; zero if it is not later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

#[inline]
fn nanos(length: Duration) -> u64 {
    // In 64 bits: a hit does this.
    let seconds = length.as_secs().checked_mul(1_000_000_000);
    seconds
        .and_then(|nanos| nanos.checked_add(u64::from(length.subsec_nanos())))
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_reading_is_behind_by_no_more_than_it_says() {
        let clock = SystemClock::new();
        assert!(
            clock.lag() <= Duration::from_millis(10),
            "{:?}",
            clock.lag()
        );
        for _ in 0..1_000 {
            let before = clock.now();
            let coarse = clock.coarse();
            assert!(coarse <= clock.now(), "ahead");
            assert!(coarse + clock.lag() >= before, "{coarse:?} at {before:?}");
        }
    }

    #[test]
    fn lengths_beyond_the_integer_are_its_end() {
        assert_eq!(nanos(Duration::MAX), u64::MAX);
        assert_eq!(nanos(Duration::new(18_446_744_073, 709_551_615)), u64::MAX);
        assert_eq!(nanos(Duration::new(1, 2)), 1_000_000_002);
    }
}
