//! How long one call waits for the store.

use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::validate::L2Lookup;
use crate::base::durations::{from_now, later};
use crate::base::fault::removed;
use crate::read::call::WaitBudget;

/// Until when one call waits for answers, in all. Once it is another's computation that it
/// waits for, what it asks in between belongs to that wait, and is bounded with it.
pub(crate) struct StoreBudget {
    timeout: Duration,
    /// Without others' computations.
    until: Instant,
    /// When another's computation was first waited for: the end of that wait, and what was
    /// left then.
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

    /// Until when the next answer is waited for.
    pub(crate) fn until(&self) -> Instant {
        let next = from_now(self.timeout);
        match self.paused {
            _ if self.is_fresh => next,
            None => self.until,
            Some((end, left)) => next.min(later(end, left)),
        }
    }

    /// Another computes, and is waited for until `wait_budget` is over.
    pub(crate) fn pause(&mut self, wait_budget: WaitBudget) {
        let now = Instant::now();
        let left = self.until.saturating_duration_since(now);
        self.paused
            .get_or_insert((later(now, wait_budget.left()), left));
    }
}
