//! For how long what nodes tell each other holds.

use std::time::Duration;

use crate::base::fault::Faults;

/// For how long each thing holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// Memory is trusted for so long after the sending of an echo that came back.
    pub(crate) liveness: Duration,
    /// No echo goes without a hello that was sent at most so long before it.
    pub(crate) hello: Duration,
    /// Whoever listened for so long has heard everybody who trusts their memory: no less than
    /// both of the above together.
    pub(crate) window: Duration,
    /// After so long nobody trusts their memory who has not heard of an invalidation.
    pub(crate) wait: Duration,
    /// Guards that a test removed.
    pub(crate) faults: Faults,
}

impl BusTimings {
    /// Nodes' clocks may differ by a hundredth. Hits of this node read a clock that is behind by
    /// up to `lag`.
    pub(crate) fn of(bus_timeout: Duration, lag: Duration) -> Self {
        Self {
            // By such a clock memory would be served for so much longer.
            liveness: bus_timeout.saturating_sub(lag).max(bus_timeout / 2),
            hello: bus_timeout.mul_f64(0.75),
            window: bus_timeout.mul_f64(1.77),
            wait: bus_timeout.mul_f64(1.01),
            faults: Faults::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_leave_a_hundredth() {
        for millis in [20, 60, 1_000, 3_600_000] {
            let timeout = Duration::from_millis(millis);
            for lag in [0, 4, 10] {
                let terms = BusTimings::of(timeout, Duration::from_millis(lag));
                assert!(terms.liveness >= timeout / 2 && terms.liveness <= timeout);
                assert!(terms.window >= (timeout + terms.hello).mul_f64(1.01));
                assert!(terms.wait >= timeout.mul_f64(1.01));
            }
        }
    }
}
