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
//! - Who computes for another owner, under a key that reads the same, is not joined: the flight
//!   has an owner, and the table one flight for each text, so that an invalidation by text
//!   finds it whoever leads.
//! - The outcome is set before the flight leaves the table, so a caller that comes between
//!   finds the result in the flight, and one that comes later finds it in memory.
//!
//! A flight is in the table exactly while it has a seat and was neither settled nor taken
//! out, so dropping futures at any await point leaks nothing.
//!
//! `tests/models` compiles these files a second time, with another [`sync`](crate::base::sync), and
//! searches the interleavings of its steps.

// Found from there too.
#[path = "single_flight/waiter.rs"]
pub(crate) mod waiter;

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use tokio::time::Instant;

use crate::base::fault::{Fault, Faults};
use crate::base::sync::{
    AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, OnceLock, Ordering, Semaphore,
};
use crate::coordination::single_flight::waiter::Lead;
use crate::coordination::single_flight::waiter::Seat;
use crate::key::Key;
use crate::model::epoch::{Epochs, Moment};
use crate::model::owner::OwnerId;

const SHARDS: usize = 64;

type Hasher = foldhash::quality::RandomState;
type Table<O> = HashMap<Key, Arc<Flight<O>>, Hasher>;

/// The flights of one cache. `O` is what a flight ends with.
#[derive(Debug)]
pub(crate) struct Flights<O> {
    /// Takes an outcome out of use that is about to be stored.
    kill: fn(&O),
    faults: Faults,
    hasher: Hasher,
    shards: Box<[Mutex<Table<O>>]>,
}

/// One key's computation and the callers that want it.
pub(crate) struct Flight<O> {
    key: Key,
    /// Whose values it ends with: others' keys may read the same.
    owner: OwnerId,
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
    /// Whether it surely computes: what it ends with is not what some tier had.
    pub(crate) computes: bool,
}

/// How a caller came into a flight.
pub(crate) enum Entered<O: Clone> {
    /// The caller computes.
    Lead(Lead<O>),
    /// Somebody else does.
    Wait(Seat<O>),
}

impl<O: Clone> Flights<O> {
    pub(crate) fn new(kill: fn(&O), faults: Faults) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            kill,
            faults,
            hasher: Hasher::default(),
            shards,
        }
    }

    /// Joins the flight of `key` if that is `owner`'s and `joinable` says so, else leads a new
    /// one. A flight that may not be joined is taken out of the table.
    pub(crate) fn enter(
        self: &Arc<Self>,
        (key, owner): (&Key, OwnerId),
        epochs: &Epochs,
        leadership: impl FnOnce() -> Leadership,
        joinable: impl FnOnce(&Flight<O>) -> bool,
    ) -> Entered<O> {
        let mut table = self.table(key);
        if let Some(flight) = table.get(key) {
            let is_own = flight.owner == owner || self.faults.has(Fault::JoinAnother);
            if is_own && joinable(flight) {
                return Entered::Wait(self.seat(flight));
            }
            self.take_out(flight);
        }
        Entered::Lead(self.launch(&mut table, (key, owner), epochs, leadership()))
    }

    /// Leads a flight of `key`, unless one is in the air, whosever it is.
    pub(crate) fn lead_if_none(
        self: &Arc<Self>,
        (key, owner): (&Key, OwnerId),
        epochs: &Epochs,
        leadership: Leadership,
    ) -> Option<Lead<O>> {
        let mut table = self.table(key);
        let is_none = !table.contains_key(key);
        is_none.then(|| self.launch(&mut table, (key, owner), epochs, leadership))
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
            _ => self.take_out(flight),
        }
        let spot = (&flight.key, flight.owner);
        Some(self.launch(&mut table, spot, &flight.epochs, leadership()))
    }

    /// Takes the flight of `key` out of the table: it stores nothing any more.
    pub(crate) fn ground(&self, key: &[u8]) {
        let mut table = self.shard(key).lock();
        if let Some(flight) = table.remove(key) {
            self.take_out(&flight);
        }
    }

    /// Takes `flight` out of use. Call with the shard locked.
    fn take_out(&self, flight: &Flight<O>) {
        flight.grounded.store(true, Ordering::Release);
        if let Some(outcome) = flight.outcome.get()
            && !self.faults.has(Fault::SpareOutcome)
        {
            // It was settled before, but may not have reached the memory tier yet.
            (self.kill)(outcome);
        }
    }

    /// Removes `flight` from `table` if it is the one that is there.
    fn remove(&self, table: &mut Table<O>, flight: &Arc<Flight<O>>) {
        let is_it = |current: &Arc<Flight<O>>| {
            Arc::ptr_eq(current, flight) || self.faults.has(Fault::RemoveAnyFlight)
        };
        if table.get(&flight.key).is_some_and(is_it) {
            table.remove(&flight.key);
        }
    }

    /// How many flights are in the air.
    pub(crate) fn len(&self) -> usize {
        let size = |shard: &Mutex<Table<O>>| shard.lock().len();
        self.shards.iter().map(size).sum()
    }

    fn launch(
        self: &Arc<Self>,
        table: &mut Table<O>,
        (key, owner): (&Key, OwnerId),
        epochs: &Epochs,
        leadership: Leadership,
    ) -> Lead<O> {
        let permits = Arc::new(Semaphore::new(1));
        // Nobody else has the semaphore yet, so the permit is free.
        let permit = Arc::clone(&permits).try_acquire_owned().ok();
        let flight = Arc::new(Flight {
            key: key.clone(),
            owner,
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
        self.shard(key.as_bytes()).lock()
    }

    fn shard(&self, key: &[u8]) -> &Mutex<Table<O>> {
        let hash = self.hasher.hash_one(key);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

impl<O> Flight<O> {
    /// Whether the current computation began no earlier than `moment`, or nothing that it
    /// is known to depend on was invalidated since it began.
    pub(crate) fn is_current(&self, moment: Moment) -> bool {
        let began = self.leadership().moment;
        began >= moment || self.epochs.unmoved_since(began)
    }

    /// Whether it surely computes, and began to no earlier than `moment`.
    pub(crate) fn recomputes_after(&self, moment: Moment) -> bool {
        let leadership = self.leadership();
        leadership.computes && leadership.moment >= moment
    }

    /// Which flight it is, for as long as it lives.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn leadership(&self) -> Leadership {
        *self.began.lock()
    }

    /// Whether it was taken out of the table: what it ends with is not to be kept.
    pub(crate) fn is_grounded(&self) -> bool {
        self.grounded.load(Ordering::Acquire)
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
