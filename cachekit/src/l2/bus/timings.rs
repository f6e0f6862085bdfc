//! The durations that all nodes of a bus derive from `bus_timeout`: for the trust in memory, and
//! for waits.

use std::time::Duration;

use crate::base::fault::Faults;

/// The durations that the rules of group membership use, such as the time for which a node trusts
/// its memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// The time for which a node serves from memory after it sent a heartbeat that came back.
    pub(crate) liveness: Duration,
    /// The time from an accepted hello until a node sends a hello with its heartbeat again.
    pub(crate) hello: Duration,
    /// The time after which a node that listens without interruption has received a message of
    /// every node that serves from memory. At least `liveness` and `hello` together.
    pub(crate) window: Duration,
    /// The time after which every node that has not received an invalidation no longer serves from
    /// memory. The time starts when the server answers the node that sent the invalidation.
    pub(crate) wait: Duration,
    /// The guards (conditions in the cache's code) that a test removed, to show that a check fails
    /// without them.
    pub(crate) faults: Faults,
}

impl BusTimings {
    /// Derives all durations of the bus from the setting `bus_timeout`, the time after which a node
    /// without a heartbeat stops serving from memory. The durations allow for clocks of two nodes
    /// whose speeds differ by one percent, and for the clock that this node's hits read, which is
    /// behind by up to `lag`.
    pub(crate) fn of(bus_timeout: Duration, lag: Duration) -> Self {
        Self {
            // A clock that is behind by `lag` would let memory be served for `lag` longer.
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
