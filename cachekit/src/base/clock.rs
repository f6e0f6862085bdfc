//! The clock that decides when entries expire.
//!
//! Deadlines are nanoseconds since the clock's own start. So a reading is one integer, and the
//! clocks of two machines are never compared.

use std::fmt;
use std::time::Duration;

/// A monotonic clock.
///
/// The default is [`SystemClock`]. With the feature `testing`, a test can advance a
/// [`ManualClock`](crate::testing::ManualClock).
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the time since this clock's start. It never goes back.
    fn now(&self) -> Duration;

    /// Returns a cheaper reading, for hits in memory. It may be behind [`now`](Self::now) by up to
    /// [`lag`](Self::lag).
    ///
    /// The default implementation returns `now`.
    fn coarse(&self) -> Duration {
        self.now()
    }

    /// Returns the most that [`coarse`](Self::coarse) may be behind.
    ///
    /// The default implementation returns zero.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns [`coarse`](Self::coarse) in nanoseconds.
    #[doc(hidden)]
    fn __coarse_nanos(&self) -> u64 {
        nanos(self.coarse())
    }
}

/// The operating system's monotonic clock.
///
/// On Linux, a hit in memory reads `CLOCK_MONOTONIC_COARSE`, the kernel's time at its last
/// tick. It is behind by up to 10 ms (4 ms with the usual settings) and costs a tenth. No thread
/// updates the time: the first reading after the process was stopped or throttled is right.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Duration,
    start_nanos: u64,
}

impl SystemClock {
    /// Creates a clock that starts now.
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

/// The kernel's monotonic clock, with an exact and a coarse reading.
#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    pub(crate) fn now() -> Duration {
        length(clock_gettime(ClockId::Monotonic))
    }

    /// Reads the kernel's time at its last tick. Every hit does this, so it has no checks of values
    /// that the kernel cannot return.
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
        // The time since the machine's start: neither part is negative, and the nanoseconds are less
        // than a second.
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }
}

/// Other systems: both readings are the same.
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
    /// Reads `clock`.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self(nanos(clock.now()))
    }

    /// Reads `clock` for a hit in memory; see [`Clock::coarse`].
    #[inline]
    pub(crate) fn coarse(clock: &dyn Clock) -> Self {
        Self(clock.__coarse_nanos())
    }

    /// Returns the tick `length` later. A length beyond 584 years gives [`NEVER`](Self::NEVER).
    pub(crate) fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }

    /// A moment that never comes.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Returns the tick `length` earlier, or the clock's start if that is later.
    pub(crate) fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to this tick; zero if `earlier` is not before it.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

#[inline]
fn nanos(length: Duration) -> u64 {
    // In 64 bits, not 128: every hit does this.
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
