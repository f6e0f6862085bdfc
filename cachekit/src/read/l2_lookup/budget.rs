//! The time budget of one call for requests to L2.

use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lookup::L2Lookup;
use crate::base::durations::{from_now, later};
use crate::base::fault::removed;
use crate::read::call::WaitBudget;

/// Deadline for all requests of one call to L2. The deadline is paused while the call waits for a
/// permit or for another computation.
pub(crate) struct StoreBudget {
    timeout: Duration,
    /// Deadline of each request to L2, until the call first waits for a permit or another
    /// computation.
    until: Instant,
    /// Latest end of the call's first wait for a permit or another computation, and the time to the
    /// deadline that was left when that wait began. `None` before that wait.
    paused: Option<(Instant, Duration)>,
    is_fresh: bool,
}

impl StoreBudget {
    pub(crate) fn new(lookup: &L2Lookup<'_>) -> Self {
        let timeout = lookup.l2.settings.timeout;
        Self {
            timeout,
            until: from_now(timeout),
            paused: None,
            is_fresh: removed!(lookup.core, FreshBudget),
        }
    }

    /// Returns the deadline of the call's next request to L2.
    pub(crate) fn until(&self) -> Instant {
        let next = from_now(self.timeout);
        match self.paused {
            _ if self.is_fresh => next,
            None => self.until,
            Some((end, left)) => next.min(later(end, left)),
        }
    }

    /// Returns the time for which the call may still wait for L2.
    pub(crate) fn left(&self) -> Duration {
        self.until().saturating_duration_since(Instant::now())
    }

    /// Pauses the deadline for requests to L2, because the call waits for a permit or another
    /// computation. The pause ends when `wait_budget` is over, at the latest.
    pub(crate) fn pause(&mut self, wait_budget: WaitBudget) {
        let now = Instant::now();
        let left = self.until.saturating_duration_since(now);
        self.paused
            .get_or_insert((later(now, wait_budget.left()), left));
    }
}
