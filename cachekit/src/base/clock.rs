//! The clock that decides when entries expire.
//!
//! A deadline is a number of nanoseconds since the start of the cache's own clock. So a reading of
//! the clock is a single integer, and the clocks of two machines are never compared.

use std::fmt;
use std::time::Duration;

/// A monotonic clock, by which a cache decides when its entries expire.
///
/// A cache uses [`SystemClock`] by default. With the feature `testing`, a test can give the cache a
/// [`ManualClock`](crate::testing::ManualClock), which advances only when the test says so.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the time since this clock's start. No reading is smaller than an earlier reading.
    fn now(&self) -> Duration;

    /// Returns a cheaper reading of the clock, for hits in memory. The reading is behind
    /// [`now`](Self::now) by [`lag`](Self::lag) at most.
    ///
    /// The default implementation returns `now`.
    fn coarse(&self) -> Duration {
        self.now()
    }

    /// Returns the longest time by which [`coarse`](Self::coarse) is behind [`now`](Self::now).
    ///
    /// The default implementation returns zero.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns the reading of [`coarse`](Self::coarse), in nanoseconds.
    #[doc(hidden)]
    fn __coarse_nanos(&self) -> u64 {
        nanos(self.coarse())
    }
}

/// The operating system's monotonic clock.
///
/// On Linux, a hit in memory reads `CLOCK_MONOTONIC_COARSE`, the kernel's time at its last timer
/// tick. This reading is behind the exact time by up to 10 ms (4 ms with the usual kernel
/// settings), and costs a tenth of an exact reading. The kernel updates this time without help of
/// the process, so the first reading after the process was stopped or throttled is right, too.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Duration,
    start_nanos: u64,
}

impl SystemClock {
    /// Creates a clock whose readings are the time since this call.
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
        // The coarse time is before the start until the kernel's next tick: the reading is then
        // zero.
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

    /// Returns the kernel's time at its last timer tick, in nanoseconds since the machine's start.
    /// Every hit in memory calls this function, so the function does not check for values that the
    /// kernel cannot return.
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
        // The kernel's time counts from the machine's start: neither part is negative, and the
        // nanoseconds are less than a second.
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }
}

/// The clock of systems other than Linux, whose coarse reading is the exact reading.
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

/// A reading of a [`Clock`], in nanoseconds since the clock's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// Returns the exact reading of `clock`.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self(nanos(clock.now()))
    }

    /// Returns the reading of `clock` that is cheap enough for a hit in memory, by
    /// [`Clock::coarse`].
    #[inline]
    pub(crate) fn coarse(clock: &dyn Clock) -> Self {
        Self(clock.__coarse_nanos())
    }

    /// Returns the tick that is `length` after `self`. Returns [`NEVER`](Self::NEVER) if that is
    /// more than 584 years after the clock's start.
    pub(crate) fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }

    /// The greatest tick, 584 years after the clock's start. No clock reaches this tick, so a
    /// deadline at this tick never comes.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Returns the tick that is `length` before `self`, or the clock's start if the clock has not
    /// run for `length` yet.
    pub(crate) fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, or zero if `earlier` is not before `self`.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

#[inline]
fn nanos(length: Duration) -> u64 {
    // The product is computed in 64 bits and not in 128, because every hit in memory computes it.
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
