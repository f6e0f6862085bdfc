//! For how long what nodes tell each other holds.

use std::time::Duration;

use crate::base::fault::Faults;

/// The durations that the rules use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// Memory is trusted for this long after the sending of a heartbeat that came back.
    pub(crate) liveness: Duration,
    /// A heartbeat goes without a hello only if the last accepted hello was sent less than this
    /// long before.
    pub(crate) hello: Duration,
    /// A node that has listened for this long has heard every node that trusts its memory. At least
    /// `liveness` and `hello` together.
    pub(crate) window: Duration,
    /// After this long, every node that has not received an invalidation has stopped trusting its
    /// memory.
    pub(crate) wait: Duration,
    /// Guards that a test removed.
    pub(crate) faults: Faults,
}

impl BusTimings {
    /// Derives the durations. Nodes' clocks may differ by a hundredth, and the clock that this
    /// node's hits read is behind by up to `lag`.
    pub(crate) fn of(bus_timeout: Duration, lag: Duration) -> Self {
        Self {
            // With such a clock, memory would be served longer by `lag`.
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
