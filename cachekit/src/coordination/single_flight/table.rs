//! The table of flights.

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

/// Flights of one cache. `O` is the outcome of a flight.
#[derive(Debug)]
pub(crate) struct Flights<O> {
    /// Makes an outcome unusable that is about to be stored.
    pub(crate) evict: fn(&O),
    pub(crate) faults: Faults,
    pub(crate) hasher: Hasher,
    pub(crate) shards: Box<[Mutex<Table<O>>]>,
}

/// A running computation of one key, with the callers that wait for it.
pub(crate) struct Flight<O> {
    pub(crate) key: Key,
    /// Owner of the values. Other owners' keys may be the same text.
    pub(crate) owner: OwnerId,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) outcome: OnceLock<O>,
    /// When the current leader began.
    pub(crate) began: Mutex<Leadership>,
    /// Epochs that are known before the computation.
    pub(crate) epochs: Epochs,
    /// Changed only with the shard locked.
    pub(crate) waiters: AtomicUsize,
    pub(crate) retired: AtomicBool,
    /// Number of callers that may lead at once. Grows on errors that cannot be shared.
    pub(crate) width: AtomicU64,
}

/// Start of a leader's computation: in the node's sequence of invalidations, and in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leadership {
    pub(crate) number: SequenceNumber,
    pub(crate) start: Instant,
    /// `true` if the leader certainly computes, rather than return what some tier has.
    pub(crate) computes: bool,
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

    /// Retires the flight of `key`: it leaves the table and stores nothing any more.
    pub(crate) fn retire(&self, key: &[u8]) {
        let mut table = self.shard(key).lock();
        if let Some(flight) = table.remove(key) {
            self.mark_retired(&flight);
        }
    }

    /// Marks `flight` as retired, and makes its outcome unusable. Call it with the shard locked.
    pub(crate) fn mark_retired(&self, flight: &Flight<O>) {
        flight.retired.store(true, Ordering::Release);
        if let Some(outcome) = flight.outcome.get()
            && !removed!(self, SpareOutcome)
        {
            // Settled before, but its outcome may not have reached memory yet.
            (self.evict)(outcome);
        }
    }

    /// Removes `flight` from `table` if it is the current one of its key.
    pub(crate) fn remove(&self, table: &mut Table<O>, flight: &Arc<Flight<O>>) {
        let is_it =
            |current: &Arc<Flight<O>>| guard!(self, RemoveAnyFlight: Arc::ptr_eq(current, flight));
        if table.get(&flight.key).is_some_and(is_it) {
            table.remove(&flight.key);
        }
    }

    /// Returns the number of running flights.
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
    /// Returns `true` if the current computation began no earlier than `number`, or no epoch that
    /// it is known to depend on was raised since it began.
    pub(crate) fn is_current(&self, number: SequenceNumber) -> bool {
        let began = self.leadership().number;
        began >= number || self.epochs.unchanged_since(began)
    }

    /// Returns `true` if the leader certainly computes and began no earlier than `number`.
    pub(crate) fn recomputes_after(&self, number: SequenceNumber) -> bool {
        let leadership = self.leadership();
        leadership.computes && leadership.number >= number
    }

    /// Returns the flight's identity, unique while it lives.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(crate) fn leadership(&self) -> Leadership {
        *self.began.lock()
    }

    /// Returns `true` if the flight was removed from the table, so that its outcome is not stored.
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
