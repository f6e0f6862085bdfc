//! The two types by which a caller takes part in a flight: [`Waiter`] and [`Leader`].
//!
//! A waiter that is dropped leaves the flight. A leader that is dropped hands the flight to the
//! next waiter. So a caller whose future is dropped never blocks the other callers.

use std::sync::Arc;
use std::time::Duration;

use crate::base::block_on::block_on;
use crate::base::fault::{guard, removed};
use crate::base::sync::{Ordering, timeout};
use crate::coordination::single_flight::table::{Flight, Flights, Leadership};

/// Largest number of waiters of one flight that compute at once after errors that cannot be cloned
/// for the waiters.
const MAX_PARALLEL_RETRIES: usize = 64;

/// Result of a caller's wait for a flight.
pub(crate) enum Woken<O: Clone> {
    /// The flight ended with this outcome, which a call with this leadership computed. The call
    /// may have joined the flight before it became the leader.
    Settled(O, Leadership),
    /// The previous leader of the flight left without an outcome. The caller is the leader now, and
    /// must compute the value.
    Leader(Leader<O>),
    /// The flight was removed from the table and has no outcome. The caller must enter a flight of
    /// the key again.
    Retired,
    /// The time limit of the wait was reached. The caller is still a waiter of the flight.
    TimedOut(Waiter<O>),
}

/// Membership of a caller in a flight. When the last `Waiter` of a flight is dropped, the flight is
/// removed from the table.
pub(crate) struct Waiter<O: Clone> {
    pub(crate) flights: Arc<Flights<O>>,
    pub(crate) flight: Arc<Flight<O>>,
}

impl<O: Clone> Waiter<O> {
    /// Waits until the flight ends or this caller becomes its leader, for at most `limit`. If
    /// `limit` is `None`, as in runtimes without a timer, the wait has no limit. `leadership` is
    /// called if this caller becomes the leader.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the caller leaves the flight. If the permit to lead was already
    /// given to this caller, the next waiter gets that permit.
    pub(crate) async fn wait(
        self,
        limit: Option<Duration>,
        leadership: impl FnOnce() -> Leadership,
    ) -> Woken<O> {
        let acquired = match limit {
            Some(limit) => timeout(limit, self.permit()).await,
            None => Ok(self.permit().await),
        };
        match acquired {
            Ok(permit) => self.woken(permit, leadership),
            Err(_) => Woken::TimedOut(self),
        }
    }

    /// Blocks the thread until the flight ends or this caller becomes its leader, for at most
    /// `limit`. Synchronous callers use this method in place of [`wait`](Self::wait).
    pub(crate) fn wait_blocking(
        self,
        limit: Duration,
        leadership: impl FnOnce() -> Leadership,
    ) -> Woken<O> {
        let acquired = block_on(self.permit(), limit);
        match acquired {
            Some(permit) => self.woken(permit, leadership),
            None => Woken::TimedOut(self),
        }
    }

    /// Waits for a permit of the flight. Returns `None` if the flight was settled.
    async fn permit(&self) -> Option<Permit<O>> {
        let permit = self.flight.permits.acquire().await.ok()?;
        // From here on, the permit is that of the returned value.
        permit.forget();
        Some(Permit::of(&self.flight))
    }

    fn woken(self, permit: Option<Permit<O>>, leadership: impl FnOnce() -> Leadership) -> Woken<O> {
        match (permit, self.flight.outcome.get()) {
            // A waiter with a permit and an outcome got the permit while the flight was settled.
            (_, Some((outcome, by))) => Woken::Settled(outcome.clone(), *by),
            (Some(permit), None) if self.may_lead() => {
                let leadership = leadership();
                *self.flight.began.lock() = leadership;
                Woken::Leader(Leader {
                    permit,
                    waiter: self,
                    leadership,
                })
            }
            // A retired flight stores no value, so the caller does not become its leader.
            (_, None) => Woken::Retired,
        }
    }

    fn may_lead(&self) -> bool {
        guard!(self.flights, LeadGrounded: !self.flight.is_retired())
    }

    /// Returns the time since the current leader of the flight began to compute.
    pub(crate) fn age(&self) -> Duration {
        self.flight.leadership().start.elapsed()
    }

    /// Returns a number that identifies the flight of this waiter as long as the flight exists.
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

/// Permit of a caller to lead a flight. The next waiter gets a permit that is dropped.
pub(crate) struct Permit<O>(Arc<Flight<O>>);

impl<O> Permit<O> {
    /// Creates a permit of `flight`. The caller must have taken it out of the flight's semaphore.
    pub(crate) fn of(flight: &Arc<Flight<O>>) -> Self {
        Self(Arc::clone(flight))
    }
}

impl<O> Drop for Permit<O> {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}

/// Right and duty of one caller to compute for all waiters of a flight. If a leader is dropped
/// without [`settle`](Self::settle), the next waiter leads the flight.
#[must_use]
pub(crate) struct Leader<O: Clone> {
    // The permit is dropped before the waiter, so that the next leader finds the flight in the
    // table.
    pub(crate) permit: Permit<O>,
    pub(crate) waiter: Waiter<O>,
    pub(crate) leadership: Leadership,
}

impl<O: Clone> Leader<O> {
    /// Returns the flight that this caller leads.
    pub(crate) fn flight(&self) -> Arc<Flight<O>> {
        Arc::clone(&self.waiter.flight)
    }

    /// Returns a number that identifies the flight that this caller leads.
    pub(crate) fn flight_id(&self) -> usize {
        self.waiter.flight.id()
    }

    /// Ends the flight: its waiters get `outcome`. If the flight had no outcome before and was not
    /// retired, this method calls `store`, which stores the value, and returns `true`. Otherwise
    /// this method does not call `store` and returns `false`.
    ///
    /// The flight stays in the table while `store` runs. An invalidation of the key during that
    /// time finds the flight, and makes the entry in its outcome unusable.
    pub(crate) fn settle(self, outcome: O, store: impl FnOnce()) -> bool {
        let (flights, flight) = (&self.waiter.flights, &self.waiter.flight);
        if removed!(flights, RemoveBeforeOutcome) {
            flights.remove(&mut flights.table(&flight.key), flight);
        }
        // A second outcome is dropped only after the table is unlocked.
        let (set, is_retired) = {
            let _table = flights.table(&flight.key);
            let set = flight.outcome.set((outcome, self.leadership));
            (set, flight.is_retired())
        };
        let may_store = set.is_ok() && !is_retired;
        if may_store {
            store();
        }
        flights.remove(&mut flights.table(&flight.key), flight);
        flight.permits.close();
        may_store
    }

    /// Leaves the flight after an error that cannot be cloned for the waiters, so that the waiters
    /// compute by themselves. The number of waiters that may compute at the same time grows by one,
    /// up to [`MAX_PARALLEL_RETRIES`].
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
