//! The durations of trust in memory and of waits, which all nodes of a bus derive from
//! `bus_timeout`.

use std::time::Duration;

use crate::base::fault::Faults;

/// The durations that the rules of group membership use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// The time for which a node trusts its memory, from the sending of a heartbeat that came back.
    pub(crate) liveness: Duration,
    /// The age of the last accepted hello from which a heartbeat has a hello again.
    pub(crate) hello: Duration,
    /// The time after which a listening node has heard every node that trusts its memory. At least
    /// `liveness` and `hello` together.
    pub(crate) window: Duration,
    /// The time after which every node that has not received an invalidation has stopped trusting
    /// its memory, from the server's answer to that invalidation.
    pub(crate) wait: Duration,
    /// The guards that a test removed, to see a check fail without them.
    pub(crate) faults: Faults,
}

impl BusTimings {
    /// Derives all durations from `bus_timeout`. The clocks of two nodes may run at speeds that
    /// differ by a hundredth. The clock that this node's hits read may be behind by `lag`.
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
