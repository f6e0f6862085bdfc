//! Single-flight: concurrent misses of one key run the function once.
//!
//! A [`Flight`] is one running computation of a key. Every caller that misses the key holds a
//! [`Waiter`]. The waiter with the flight's permit leads it. The permit comes from a semaphore,
//! which therefore does the handover:
//!
//! ```text
//! enter ── no flight ──────────────► Leader ── settle ──► waiters get the outcome
//!   └───── a flight runs ─► Waiter::wait ─┬─ the leader left ──► Leader (handed over)
//!                                         ├─ it settled ───────► the outcome
//!                                         └─ timeout ──────────► the caller decides
//! ```
//!
//! - A leader that is dropped (cancelled, or unwinding) drops its permit, and the next waiter in
//!   the queue gets it at once.
//! - A leader whose error cannot be cloned leaves two permits in place of its one, up to a bound,
//!   so that the waiters retry by themselves in growing numbers.
//! - An invalidation of the key removes the flight from the table. No call joins it any more, and
//!   its outcome is not stored. Its waiters began before the invalidation, so they may have its
//!   outcome.
//! - A flight of another owner whose key has the same text is not joined. The table has one flight
//!   for each text, so that an invalidation by text finds it, whoever leads.
//! - The outcome is set before the flight leaves the table. A caller that comes in between finds
//!   the outcome in the flight; a later one finds it in memory.
//!
//! A flight is in the table exactly while it has a waiter and was neither settled nor retired. So
//! dropping futures at any await point leaks nothing.
//!
//! `tests/models` compiles these files a second time, with another [`sync`](crate::base::sync), and
//! searches the interleavings of their steps.

// `tests/models` resolves these paths too.
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

/// Result of entering a flight.
pub(crate) enum Entered<O: Clone> {
    /// The caller computes.
    Leader(Leader<O>),
    /// Another caller computes.
    Wait(Waiter<O>),
}

impl<O: Clone> Flights<O> {
    /// Joins the flight of `key` if it belongs to `owner` and `joinable` returns `true`; otherwise
    /// leads a new one. A flight that may not be joined is retired.
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

    /// Leads a flight of `key`, unless one is running, of any owner.
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

    /// Leads a new flight in place of `old`, unless another caller already does.
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

    /// Adds a waiter. Call it with the shard locked.
    fn waiter(self: &Arc<Self>, flight: &Arc<Flight<O>>) -> Waiter<O> {
        flight.waiters.fetch_add(1, Ordering::Relaxed);
        Waiter {
            flights: Arc::clone(self),
            flight: Arc::clone(flight),
        }
    }
}
