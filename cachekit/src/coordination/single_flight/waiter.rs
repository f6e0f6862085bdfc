//! What a caller holds of a flight: a seat, and perhaps the lead.
//!
//! Both are obligations, so both are guards: dropped, they pass on what others wait for.

use std::sync::Arc;
use std::time::Duration;

use crate::base::block_on::block_on;
use crate::base::fault::{guard, removed};
use crate::base::sync::{Ordering, OwnedSemaphorePermit, timeout};
use crate::coordination::single_flight::table::{Flight, Flights, Leadership};

/// How many waiters may compute at once after errors that cannot be shared.
const MAX_PARALLEL_RETRIES: usize = 64;

/// How a wait ended.
pub(crate) enum Woken<O: Clone> {
    /// The flight was settled.
    Settled(O),
    /// The leader left, and the caller is next.
    Leader(Leader<O>),
    /// The flight was taken out of the table: enter again.
    Retired,
    /// The time was up.
    TimedOut(Waiter<O>),
}

/// A caller's part in a flight.
pub(crate) struct Waiter<O: Clone> {
    pub(crate) flights: Arc<Flights<O>>,
    pub(crate) flight: Arc<Flight<O>>,
}

impl<O: Clone> Waiter<O> {
    /// Waits until the flight is settled, or this caller leads it, for at most `limit`
    /// (where there is no timer to wait on, `None`: without a limit).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the line; a leadership that was already
    /// handed to it goes to the next one.
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
            // A permit and an outcome: it was settled while the permit was on its way.
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
            // Leading it would be in vain: what it computes is not stored any more.
            (_, None) => Woken::Retired,
        }
    }

    fn may_lead(&self) -> bool {
        guard!(self.flights, LeadGrounded: !self.flight.is_retired())
    }

    /// How long the current leader has been computing.
    pub(crate) fn age(&self) -> Duration {
        self.flight.leadership().start.elapsed()
    }

    /// Which flight it is.
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

/// The right, and the duty, to compute. Dropped without [`settle`](Self::settle), the next
/// waiter has it.
#[must_use]
pub(crate) struct Leader<O: Clone> {
    // Dropped before the seat: the next waiter must find the flight in the table.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    pub(crate) waiter: Waiter<O>,
    pub(crate) leadership: Leadership,
}

impl<O: Clone> Leader<O> {
    /// The flight that it leads.
    pub(crate) fn flight(&self) -> Arc<Flight<O>> {
        Arc::clone(&self.waiter.flight)
    }

    /// Which flight it leads.
    pub(crate) fn flight_id(&self) -> usize {
        self.waiter.flight.id()
    }

    /// Ends the flight with `outcome`. `store` runs if the outcome may be stored: it is
    /// the flight's first, and the flight was not taken out of the table. While it runs an
    /// invalidation of the key still finds the flight, and with it the outcome.
    pub(crate) fn settle(self, outcome: O, store: impl FnOnce()) -> bool {
        let (flights, flight) = (&self.waiter.flights, &self.waiter.flight);
        if removed!(flights, RemoveBeforeOutcome) {
            flights.remove(&mut flights.table(&flight.key), flight);
        }
        // What is not the first is dropped when the table is free again.
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

    /// Leaves the flight to its waiters after an error that cannot be shared: twice as
    /// many as before may try at once, up to a bound.
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
