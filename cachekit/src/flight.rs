//! Single-flight: of the callers that miss one key at the same time, one computes.
//!
//! A [`Flight`] is the meeting of those callers. Each holds a [`Seat`]; who also holds the
//! flight's permit leads it. The permit is a semaphore's, so handing over is its business:
//!
//! ```text
//! enter ── no flight ──────────────► Lead ── settle ──► waiters get the outcome
//!   └───── one is in the air ─► Seat::wait ─┬─ the leader left ──► Lead (handed over)
//!                                           ├─ it settled ───────► the outcome
//!                                           └─ too late ─────────► the caller decides
//! ```
//!
//! - A leader that is dropped (cancelled, or unwinding) drops its permit, and the next
//!   waiter in line has it at once.
//! - A leader whose error cannot be cloned leaves two permits for its one, up to a bound,
//!   so that the waiters find out by themselves in ever broader rows.
//! - An invalidation of the key takes the flight out of the table: nobody joins it any
//!   more, and what it computes is not stored. Who waits on it already began before the
//!   invalidation and may have its result.
//! - The outcome is set before the flight leaves the table, so a caller that comes between
//!   finds the result in the flight, and one that comes later finds it in memory.
//!
//! A flight is in the table exactly while it has a seat and was neither settled nor taken
//! out, so dropping futures at any await point leaks nothing.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::epoch::{Epochs, Moment};
use crate::key::Key;

const SHARDS: usize = 64;

/// How many waiters may compute at once after errors that cannot be shared.
const WIDEST: usize = 64;

type Hasher = foldhash::quality::RandomState;
type Table<O> = HashMap<Key, Arc<Flight<O>>, Hasher>;

/// The flights of one cache. `O` is what a flight ends with.
#[derive(Debug)]
pub(crate) struct Flights<O> {
    /// Takes an outcome out of use that is about to be stored.
    kill: fn(&O),
    hasher: Hasher,
    shards: Box<[Mutex<Table<O>>]>,
}

/// One key's computation and the callers that want it.
pub(crate) struct Flight<O> {
    key: Key,
    permits: Arc<Semaphore>,
    outcome: OnceLock<O>,
    /// When the current leader began, in the node's sequence of invalidations.
    began: Mutex<Leadership>,
    /// What can be invalidated and is known before the computation.
    epochs: Epochs,
    /// Guarded by the shard's lock.
    seats: AtomicUsize,
    grounded: AtomicBool,
    /// How many may lead at once; grows on errors that cannot be shared.
    width: AtomicU64,
}

/// When a leader took over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leadership {
    pub(crate) moment: Moment,
    pub(crate) start: Instant,
}

/// How a caller came into a flight.
pub(crate) enum Entered<O: Clone> {
    /// The caller computes.
    Lead(Lead<O>),
    /// Somebody else does.
    Wait(Seat<O>),
}

/// How a wait ended.
pub(crate) enum Woken<O: Clone> {
    /// The flight was settled.
    Settled(O),
    /// The leader left, and the caller is next.
    Lead(Lead<O>),
    /// The flight was taken out of the table: enter again.
    Grounded,
    /// The time was up.
    TimedOut(Seat<O>),
}

impl<O: Clone> Flights<O> {
    pub(crate) fn new(kill: fn(&O)) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            kill,
            hasher: Hasher::default(),
            shards,
        }
    }

    /// Joins the flight of `key` if `joinable` says so, else leads a new one. A flight
    /// that may not be joined is taken out of the table.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: &Key,
        epochs: &Epochs,
        leadership: impl FnOnce() -> Leadership,
        joinable: impl FnOnce(&Flight<O>) -> bool,
    ) -> Entered<O> {
        let mut table = self.table(key);
        if let Some(flight) = table.get(key) {
            if joinable(flight) {
                return Entered::Wait(self.seat(flight));
            }
            flight.ground(self.kill);
        }
        Entered::Lead(self.launch(&mut table, key, epochs, leadership()))
    }

    /// Leads a new flight in the place of `old`, unless another caller already did.
    pub(crate) fn replace(
        self: &Arc<Self>,
        old: &Seat<O>,
        leadership: impl FnOnce() -> Leadership,
    ) -> Option<Lead<O>> {
        let flight = &old.flight;
        let mut table = self.table(&flight.key);
        match table.get(&flight.key) {
            Some(current) if !Arc::ptr_eq(current, flight) => return None,
            _ => flight.ground(self.kill),
        }
        Some(self.launch(&mut table, &flight.key, &flight.epochs, leadership()))
    }

    /// Takes the flight of `key` out of the table: it stores nothing any more.
    pub(crate) fn ground(&self, key: &[u8]) {
        let mut table = self
            .shard(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = table.remove(key) {
            flight.ground(self.kill);
        }
    }

    /// How many flights are in the air.
    pub(crate) fn len(&self) -> usize {
        let size =
            |shard: &Mutex<Table<O>>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(size).sum()
    }

    fn launch(
        self: &Arc<Self>,
        table: &mut Table<O>,
        key: &Key,
        epochs: &Epochs,
        leadership: Leadership,
    ) -> Lead<O> {
        let permits = Arc::new(Semaphore::new(1));
        // Nobody else has the semaphore yet, so the permit is free.
        let permit = Arc::clone(&permits).try_acquire_owned().ok();
        let flight = Arc::new(Flight {
            key: key.clone(),
            permits,
            outcome: OnceLock::new(),
            began: Mutex::new(leadership),
            epochs: epochs.clone(),
            seats: AtomicUsize::new(0),
            grounded: AtomicBool::new(false),
            width: AtomicU64::new(1),
        });
        table.insert(key.clone(), Arc::clone(&flight));
        Lead {
            permit,
            seat: self.seat(&flight),
            leadership,
        }
    }

    /// Call with the shard locked.
    fn seat(self: &Arc<Self>, flight: &Arc<Flight<O>>) -> Seat<O> {
        flight.seats.fetch_add(1, Ordering::Relaxed);
        Seat {
            flights: Arc::clone(self),
            flight: Arc::clone(flight),
        }
    }

    fn table(&self, key: &Key) -> MutexGuard<'_, Table<O>> {
        self.shard(key.as_bytes())
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn shard(&self, key: &[u8]) -> &Mutex<Table<O>> {
        let hash = self.hasher.hash_one(key);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

/// Removes `flight` from `table` if it is the one that is there.
fn remove<O>(table: &mut Table<O>, flight: &Arc<Flight<O>>) {
    if table
        .get(&flight.key)
        .is_some_and(|current| Arc::ptr_eq(current, flight))
    {
        table.remove(&flight.key);
    }
}

impl<O> Flight<O> {
    /// Whether the current computation began no earlier than `moment`, or nothing that it
    /// is known to depend on was invalidated since it began.
    pub(crate) fn is_current(&self, moment: Moment) -> bool {
        let began = self.leadership().moment;
        began >= moment || self.epochs.unmoved_since(began)
    }

    /// Whether the current computation began no earlier than `moment`.
    pub(crate) fn began_after(&self, moment: Moment) -> bool {
        self.leadership().moment >= moment
    }

    /// Which flight it is, for as long as it lives.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn leadership(&self) -> Leadership {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Call with the shard locked.
    fn ground(&self, kill: fn(&O)) {
        self.grounded.store(true, Ordering::Release);
        if let Some(outcome) = self.outcome.get() {
            // It was settled before, but may not have reached the memory tier yet.
            kill(outcome);
        }
    }

    fn is_grounded(&self) -> bool {
        self.grounded.load(Ordering::Acquire)
    }
}

/// A caller's part in a flight.
pub(crate) struct Seat<O: Clone> {
    flights: Arc<Flights<O>>,
    flight: Arc<Flight<O>>,
}

impl<O: Clone> Seat<O> {
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
            Some(limit) => match tokio::time::timeout(limit, acquire).await {
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
        match park_on(acquire, limit) {
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
            (Some(permit), None) if !self.flight.is_grounded() => {
                let leadership = leadership();
                *self
                    .flight
                    .began
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = leadership;
                Woken::Lead(Lead {
                    permit: Some(permit),
                    seat: self,
                    leadership,
                })
            }
            // Leading it would be in vain: what it computes is not stored any more.
            (_, None) => Woken::Grounded,
        }
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

/// Runs `future` on this thread for at most `limit`.
fn park_on<T>(future: impl Future<Output = T>, limit: Duration) -> Option<T> {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let start = std::time::Instant::now();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let left = limit
            .checked_sub(start.elapsed())
            .filter(|left| !left.is_zero())?;
        std::thread::park_timeout(left);
    }
}

impl<O: Clone> Drop for Seat<O> {
    fn drop(&mut self) {
        let mut table = self.flights.table(&self.flight.key);
        if self.flight.seats.fetch_sub(1, Ordering::Relaxed) == 1 {
            remove(&mut table, &self.flight);
        }
    }
}

/// The right, and the duty, to compute. Dropped without [`settle`](Self::settle), the next
/// waiter has it.
#[must_use]
pub(crate) struct Lead<O: Clone> {
    // Dropped before the seat: the next waiter must find the flight in the table.
    permit: Option<OwnedSemaphorePermit>,
    seat: Seat<O>,
    pub(crate) leadership: Leadership,
}

impl<O: Clone> Lead<O> {
    /// Which flight it leads.
    pub(crate) fn flight_id(&self) -> usize {
        self.seat.flight.id()
    }

    /// Ends the flight with `outcome`. `store` runs if the outcome may be stored: it is
    /// the flight's first, and the flight was not taken out of the table. While it runs an
    /// invalidation of the key still finds the flight, and with it the outcome.
    pub(crate) fn settle(self, outcome: O, store: impl FnOnce()) -> bool {
        let flight = &self.seat.flight;
        let may_store = {
            let _table = self.seat.flights.table(&flight.key);
            flight.outcome.set(outcome).is_ok() && !flight.is_grounded()
        };
        if may_store {
            store();
        }
        remove(&mut self.seat.flights.table(&flight.key), flight);
        flight.permits.close();
        may_store
    }

    /// Leaves the flight to its waiters after an error that cannot be shared: twice as
    /// many as before may try at once, up to a bound.
    pub(crate) fn leave_wider(self) {
        let flight = &self.seat.flight;
        let width = flight.width.load(Ordering::Relaxed);
        if width < WIDEST as u64 {
            flight.width.store(width + 1, Ordering::Relaxed);
            flight.permits.add_permits(1);
        }
        drop(self.permit);
    }
}

impl<O> fmt::Debug for Flight<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("seats", &self.seats)
            .field("settled", &self.outcome.get().is_some())
            .field("grounded", &self.grounded)
            .finish_non_exhaustive()
    }
}
