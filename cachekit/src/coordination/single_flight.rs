//! Single-flight: of the callers that miss one key at the same time, one computes.
//!
//! A [`Flight`] is the meeting of those callers. Each holds a [`Waiter`]; who also holds the
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
#[path = "single_flight/table.rs"]
pub(crate) mod table;
#[path = "single_flight/waiter.rs"]
pub(crate) mod waiter;

use std::sync::Arc;

use crate::base::fault::guard;
use crate::base::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, OnceLock, Ordering, Semaphore};
use crate::coordination::single_flight::table::{Flight, Flights, Leadership, Table};
use crate::coordination::single_flight::waiter::{Leader, Waiter};
use crate::key::Key;
use crate::model::epoch::Epochs;
use crate::model::owner::OwnerId;

/// How a caller came into a flight.
pub(crate) enum Entered<O: Clone> {
    /// The caller computes.
    Leader(Leader<O>),
    /// Somebody else does.
    Wait(Waiter<O>),
}

impl<O: Clone> Flights<O> {
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
            let is_own = guard!(self, JoinAnother: flight.owner == owner);
            if is_own && joinable(flight) {
                return Entered::Wait(self.waiter(flight));
            }
            self.mark_retired(flight);
        }
        Entered::Leader(self.start(&mut table, (key, owner), epochs, leadership()))
    }

    /// Leads a flight of `key`, unless one is in the air, whosever it is.
    pub(crate) fn lead_if_none(
        self: &Arc<Self>,
        (key, owner): (&Key, OwnerId),
        epochs: &Epochs,
        leadership: Leadership,
    ) -> Option<Leader<O>> {
        let mut table = self.table(key);
        let is_none = !table.contains_key(key);
        is_none.then(|| self.start(&mut table, (key, owner), epochs, leadership))
    }

    /// Leads a new flight in the place of `old`, unless another caller already did.
    pub(crate) fn replace(
        self: &Arc<Self>,
        old: &Waiter<O>,
        leadership: impl FnOnce() -> Leadership,
    ) -> Option<Leader<O>> {
        let flight = &old.flight;
        let mut table = self.table(&flight.key);
        match table.get(&flight.key) {
            Some(current) if !Arc::ptr_eq(current, flight) => return None,
            _ => self.mark_retired(flight),
        }
        let spot = (&flight.key, flight.owner);
        Some(self.start(&mut table, spot, &flight.epochs, leadership()))
    }

    fn start(
        self: &Arc<Self>,
        table: &mut Table<O>,
        (key, owner): (&Key, OwnerId),
        epochs: &Epochs,
        leadership: Leadership,
    ) -> Leader<O> {
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
            waiters: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            width: AtomicU64::new(1),
        });
        table.insert(key.clone(), Arc::clone(&flight));
        Leader {
            permit,
            waiter: self.waiter(&flight),
            leadership,
        }
    }

    /// Call with the shard locked.
    fn waiter(self: &Arc<Self>, flight: &Arc<Flight<O>>) -> Waiter<O> {
        flight.waiters.fetch_add(1, Ordering::Relaxed);
        Waiter {
            flights: Arc::clone(self),
            flight: Arc::clone(flight),
        }
    }
}
