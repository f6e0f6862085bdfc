//! The table of flights, which are the running computations of one cache.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use tokio::time::Instant;

use crate::base::fault::{Faults, guard, removed};
use crate::base::sync::{
    AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, OnceLock, Ordering, Semaphore,
};
use crate::key::Key;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::owner::OwnerId;

pub(crate) const SHARDS: usize = 64;

pub(crate) type Hasher = foldhash::quality::RandomState;

pub(crate) type Table<O> = HashMap<Key, Arc<Flight<O>>, Hasher>;

/// Running flights of one cache, by key. `O` is the type of the outcome of a flight.
#[derive(Debug)]
pub(crate) struct Flights<O> {
    /// Function that makes the entry in the outcome of a flight unusable, even if the entry is
    /// stored later.
    pub(crate) evict: fn(&O),
    pub(crate) faults: Faults,
    pub(crate) hasher: Hasher,
    pub(crate) shards: Box<[Mutex<Table<O>>]>,
}

/// A running computation of one key, with the callers that wait for it.
pub(crate) struct Flight<O> {
    pub(crate) key: Key,
    /// Owner (function or region) of the value that the flight computes. A key of another owner may
    /// have an equal text.
    pub(crate) owner: OwnerId,
    /// The permits to lead that nobody has. A caller has its permit as a
    /// [`Permit`](super::waiter::Permit).
    pub(crate) permits: Semaphore,
    /// Outcome of the flight, with the leadership of the call that computed it.
    pub(crate) outcome: OnceLock<(O, Leadership)>,
    /// Start of the computation by the flight's current leader.
    pub(crate) began: Mutex<Leadership>,
    /// Epochs on which the value is known to depend when the flight starts. Epochs of tags made
    /// from the value are not known at that time.
    pub(crate) epochs: Epochs,
    /// Number of callers in this flight, the leader included. Changed only under the lock of the
    /// flight's shard.
    pub(crate) waiters: AtomicUsize,
    pub(crate) retired: AtomicBool,
    /// Number of callers in this flight that may compute at the same time. The number grows with
    /// each error that cannot be cloned for the waiters.
    pub(crate) width: AtomicU64,
}

/// Start of a computation by a flight's leader: the number of the node's last invalidation at that
/// moment, and the time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leadership {
    pub(crate) number: SequenceNumber,
    pub(crate) start: Instant,
    /// `true` if the leader of the flight certainly runs the function, `false` if the leader may
    /// return an entry that a tier has.
    pub(crate) computes: bool,
    /// Number of the scope of `refresh(future)` in which the leader runs. Zero: none.
    pub(crate) refresh_scope: u64,
}

impl<O: Clone> Flights<O> {
    pub(crate) fn new(evict: fn(&O)) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            evict,
            faults: Faults::default(),
            hasher: Hasher::default(),
            shards,
        }
    }

    /// Retires the flight of `key`, if a flight of `key` is running: removes the flight from the
    /// table, and prevents its outcome from being stored.
    pub(crate) fn retire(&self, key: &[u8]) {
        let mut table = self.shard(key).lock();
        if let Some(flight) = table.remove(key) {
            self.mark_retired(&flight);
        }
    }

    /// Marks `flight` as retired, so that its outcome is not stored, and makes an outcome that is
    /// already set unusable. The caller must hold the lock of the flight's shard.
    pub(crate) fn mark_retired(&self, flight: &Flight<O>) {
        flight.retired.store(true, Ordering::Release);
        if let Some((outcome, _)) = flight.outcome.get()
            && !removed!(self, SpareOutcome)
        {
            // The flight was settled, but its outcome may not have been inserted into memory yet.
            (self.evict)(outcome);
        }
    }

    /// Removes `flight` from `table`, unless `table` has another flight for the key.
    pub(crate) fn remove(&self, table: &mut Table<O>, flight: &Arc<Flight<O>>) {
        let is_it =
            |current: &Arc<Flight<O>>| guard!(self, RemoveAnyFlight: Arc::ptr_eq(current, flight));
        if table.get(&flight.key).is_some_and(is_it) {
            table.remove(&flight.key);
        }
    }

    /// Returns the number of running flights, which is the number of keys that are computed now.
    pub(crate) fn len(&self) -> usize {
        let size = |shard: &Mutex<Table<O>>| shard.lock().len();
        self.shards.iter().map(size).sum()
    }

    pub(crate) fn table(&self, key: &Key) -> MutexGuard<'_, Table<O>> {
        self.shard(key.as_bytes()).lock()
    }

    pub(crate) fn shard(&self, key: &[u8]) -> &Mutex<Table<O>> {
        let hash = self.hasher.hash_one(key);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

impl<O> Flight<O> {
    /// Returns `true` if a caller that began at the sequence number `number` may join the flight:
    /// the flight's computation began no earlier than `number`, or no epoch that the computation is
    /// known to depend on was raised since the computation began.
    pub(crate) fn is_current(&self, number: SequenceNumber) -> bool {
        let began = self.leadership().number;
        began >= number || self.epochs.unchanged_since(began)
    }

    /// Returns `true` if the leader of the flight certainly computes, and began no earlier than the
    /// sequence number `number`.
    pub(crate) fn recomputes_after(&self, number: SequenceNumber) -> bool {
        let leadership = self.leadership();
        leadership.computes && leadership.number >= number
    }

    /// Returns `true` if the leader of the flight certainly computes in the scope with the number
    /// `scope` of `refresh(future)`, and a caller that began at `number` may join the flight.
    pub(crate) fn recomputes_in(&self, scope: u64, number: SequenceNumber) -> bool {
        let leadership = self.leadership();
        leadership.computes && leadership.refresh_scope == scope && self.is_current(number)
    }

    /// Returns a number that identifies this flight as long as the flight exists.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(crate) fn leadership(&self) -> Leadership {
        *self.began.lock()
    }

    /// Returns `true` if this flight was retired: removed from the table, so that its outcome is
    /// not stored.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }
}

impl<O> fmt::Debug for Flight<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("seats", &self.waiters)
            .field("settled", &self.outcome.get().is_some())
            .field("grounded", &self.retired)
            .finish_non_exhaustive()
    }
}
