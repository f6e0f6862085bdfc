//! Single-flight: concurrent misses of one key run the function once.
//!
//! A [`Flight`] is one running computation of a key. Every caller that misses the key has a
//! [`Waiter`]. A waiter that has a permit of the flight leads the flight: it computes. The permits
//! are those of a semaphore, so a permit that is dropped passes to the next waiter:
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
//! - A leader whose error cannot be cloned for the waiters frees its permit and adds another one,
//!   up to a limit. So after each such error, one more waiter than before computes at the same
//!   time.
//! - An invalidation of the key removes the flight from the table. No further call joins that
//!   flight, and its outcome is not stored. The flight's waiters began before the invalidation, so
//!   they may get its outcome.
//! - A call does not join the flight of another function or region whose key has an equal text. The
//!   table has one flight for each text, so that an invalidation of the text finds the flight of
//!   every function and region.
//! - The outcome is set before the flight is removed from the table. A caller that arrives between
//!   these two steps finds the outcome in the flight. A later caller finds the value in memory.
//!
//! A flight is in the table exactly while it has a waiter and was neither settled nor retired. So a
//! future that is dropped at any await point leaves no flight behind.
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
use crate::coordination::single_flight::waiter::{Leader, Permit, Waiter};
use crate::key::Key;
use crate::model::epoch::Epochs;
use crate::model::owner::OwnerId;

/// Role that a caller gets when it enters a flight: leader or waiter.
pub(crate) enum Entered<O: Clone> {
    /// The caller is the leader of the flight, and must compute the value.
    Leader(Leader<O>),
    /// Another caller is the leader of the flight and computes the value. This caller may wait for
    /// the outcome of the flight.
    Wait(Waiter<O>),
}

impl<O: Clone> Flights<O> {
    /// Joins the flight of `key` if that flight computes a value of the function or region `owner`,
    /// and `joinable` returns `true` for the flight. Otherwise starts a new flight with the caller
    /// as its leader, and retires the previous flight, so that its outcome is not stored.
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

    /// Starts a flight of `key` with the caller as its leader. Returns `None` if a flight of `key`,
    /// of any function or region, is running.
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

    /// Starts a new flight with the caller as its leader, in place of the flight of the waiter
    /// `old`, which is retired. Returns `None` if another flight of the key is in the table
    /// already.
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
        let flight = Arc::new(Flight {
            key: key.clone(),
            owner,
            // The leader has the one permit.
            permits: Semaphore::new(0),
            outcome: OnceLock::new(),
            began: Mutex::new(leadership),
            epochs: epochs.clone(),
            waiters: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            width: AtomicU64::new(1),
        });
        table.insert(key.clone(), Arc::clone(&flight));
        Leader {
            permit: Permit::of(&flight),
            waiter: self.waiter(&flight),
            leadership,
        }
    }

    /// Adds a waiter to `flight`. The caller must hold the lock of the flight's shard.
    fn waiter(self: &Arc<Self>, flight: &Arc<Flight<O>>) -> Waiter<O> {
        flight.waiters.fetch_add(1, Ordering::Relaxed);
        Waiter {
            flights: Arc::clone(self),
            flight: Arc::clone(flight),
        }
    }
}
