//! The two guards of a caller in a flight: [`Waiter`] and [`Leader`].
//!
//! Both are obligations, so both are guards: on drop they pass on what other callers wait for.

use std::sync::Arc;
use std::time::Duration;

use crate::base::block_on::block_on;
use crate::base::fault::{guard, removed};
use crate::base::sync::{Ordering, OwnedSemaphorePermit, timeout};
use crate::coordination::single_flight::table::{Flight, Flights, Leadership};

/// Limit of waiters that compute at once after errors that cannot be shared.
const MAX_PARALLEL_RETRIES: usize = 64;

/// Result of waiting for a flight.
pub(crate) enum Woken<O: Clone> {
    /// The flight was settled.
    Settled(O),
    /// The leader left, and the caller leads now.
    Leader(Leader<O>),
    /// The flight was retired: enter again.
    Retired,
    /// The time limit passed.
    TimedOut(Waiter<O>),
}

/// A caller's share in a flight. The last one to leave removes the flight from the table.
pub(crate) struct Waiter<O: Clone> {
    pub(crate) flights: Arc<Flights<O>>,
    pub(crate) flight: Arc<Flight<O>>,
}

impl<O: Clone> Waiter<O> {
    /// Waits until the flight is settled or this caller leads it, for at most `limit`. `None` waits
    /// without a limit, where there is no timer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in the queue. A leadership that was already handed to
    /// it passes to the next waiter.
    pub(crate) async fn wait(
        self,
        limit: Option<Duration>,
        leadership: impl FnOnce() -> Leadership,
    ) -> Woken<O> {
        let acquire = Arc::clone(&self.flight.permits).acquire_owned();
        let acquired = match limit {
            Some(limit) => match timeout(limit, acquire).await {
                Ok(acquired) => acquired,
                Err(_) => return Woken::TimedOut(self),
            },
            None => acquire.await,
        };
        self.woken(acquired.ok(), leadership)
    }

    /// [`wait`](Self::wait) for a synchronous caller: parks the thread.
    pub(crate) fn wait_blocking(
        self,
        limit: Duration,
        leadership: impl FnOnce() -> Leadership,
    ) -> Woken<O> {
        let acquire = Arc::clone(&self.flight.permits).acquire_owned();
        match block_on(acquire, limit) {
            Some(acquired) => self.woken(acquired.ok(), leadership),
            None => Woken::TimedOut(self),
        }
    }

    fn woken(
        self,
        permit: Option<OwnedSemaphorePermit>,
        leadership: impl FnOnce() -> Leadership,
    ) -> Woken<O> {
        match (permit, self.flight.outcome.get()) {
            // A permit and an outcome: the flight was settled while the permit was being handed
            // over.
            (_, Some(outcome)) => Woken::Settled(outcome.clone()),
            (Some(permit), None) if self.may_lead() => {
                let leadership = leadership();
                *self.flight.began.lock() = leadership;
                Woken::Leader(Leader {
                    permit: Some(permit),
                    waiter: self,
                    leadership,
                })
            }
            // Leading is pointless: a retired flight stores nothing.
            (_, None) => Woken::Retired,
        }
    }

    fn may_lead(&self) -> bool {
        guard!(self.flights, LeadGrounded: !self.flight.is_retired())
    }

    /// Returns how long the current leader has been computing.
    pub(crate) fn age(&self) -> Duration {
        self.flight.leadership().start.elapsed()
    }

    /// Returns the flight's identity.
    pub(crate) fn flight_id(&self) -> usize {
        self.flight.id()
    }
}

impl<O: Clone> Drop for Waiter<O> {
    fn drop(&mut self) {
        let mut table = self.flights.table(&self.flight.key);
        if self.flight.waiters.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.flights.remove(&mut table, &self.flight);
        }
    }
}

/// The right and the duty to compute. If it is dropped without [`settle`](Self::settle), the next
/// waiter takes over.
#[must_use]
pub(crate) struct Leader<O: Clone> {
    // Dropped before the waiter: the next leader must find the flight in the table.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    pub(crate) waiter: Waiter<O>,
    pub(crate) leadership: Leadership,
}

impl<O: Clone> Leader<O> {
    /// Returns the flight that it leads.
    pub(crate) fn flight(&self) -> Arc<Flight<O>> {
        Arc::clone(&self.waiter.flight)
    }

    /// Returns the identity of the flight that it leads.
    pub(crate) fn flight_id(&self) -> usize {
        self.waiter.flight.id()
    }

    /// Ends the flight with `outcome`. Runs `store` if the outcome is the flight's first and the
    /// flight is not retired, and returns `true` then.
    ///
    /// While `store` runs, an invalidation of the key still finds the flight, and with it the
    /// outcome.
    pub(crate) fn settle(self, outcome: O, store: impl FnOnce()) -> bool {
        let (flights, flight) = (&self.waiter.flights, &self.waiter.flight);
        if removed!(flights, RemoveBeforeOutcome) {
            flights.remove(&mut flights.table(&flight.key), flight);
        }
        // An outcome that is not the first is dropped after the table is unlocked.
        let (set, is_retired) = {
            let _table = flights.table(&flight.key);
            (flight.outcome.set(outcome), flight.is_retired())
        };
        let may_store = set.is_ok() && !is_retired;
        if may_store {
            store();
        }
        flights.remove(&mut flights.table(&flight.key), flight);
        flight.permits.close();
        may_store
    }

    /// Leaves the flight to its waiters after an error that cannot be shared: one more of them than
    /// before may compute at once, up to a bound.
    pub(crate) fn retry_wider(self) {
        let flight = &self.waiter.flight;
        let width = flight.width.load(Ordering::Relaxed);
        if width < MAX_PARALLEL_RETRIES as u64 {
            flight.width.store(width + 1, Ordering::Relaxed);
            flight.permits.add_permits(1);
        }
        drop(self.permit);
    }
}
