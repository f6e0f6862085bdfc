//! A clock for all processes of the machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on the system's monotonic clock: comparable from process to process.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000_000_000 + nanos
}

/// A length of time in the clock's unit.
pub fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// A span of the clock in milliseconds.
pub fn millis(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1_000.0
}
