//! The table of flights, and what one is.

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

/// The flights of one cache. `O` is what a flight ends with.
#[derive(Debug)]
pub(crate) struct Flights<O> {
    /// Takes an outcome out of use that is about to be stored.
    pub(crate) evict: fn(&O),
    pub(crate) faults: Faults,
    pub(crate) hasher: Hasher,
    pub(crate) shards: Box<[Mutex<Table<O>>]>,
}

/// One key's computation and the callers that want it.
pub(crate) struct Flight<O> {
    pub(crate) key: Key,
    /// Whose values it ends with: others' keys may read the same.
    pub(crate) owner: OwnerId,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) outcome: OnceLock<O>,
    /// When the current leader began, in the node's sequence of invalidations.
    pub(crate) began: Mutex<Leadership>,
    /// What can be invalidated and is known before the computation.
    pub(crate) epochs: Epochs,
    /// Guarded by the shard's lock.
    pub(crate) waiters: AtomicUsize,
    pub(crate) retired: AtomicBool,
    /// How many may lead at once; grows on errors that cannot be shared.
    pub(crate) width: AtomicU64,
}

/// When a leader took over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leadership {
    pub(crate) number: SequenceNumber,
    pub(crate) start: Instant,
    /// Whether it surely computes: what it ends with is not what some tier had.
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

    /// Takes the flight of `key` out of the table: it stores nothing any more.
    pub(crate) fn retire(&self, key: &[u8]) {
        let mut table = self.shard(key).lock();
        if let Some(flight) = table.remove(key) {
            self.mark_retired(&flight);
        }
    }

    /// Takes `flight` out of use. Call with the shard locked.
    pub(crate) fn mark_retired(&self, flight: &Flight<O>) {
        flight.retired.store(true, Ordering::Release);
        if let Some(outcome) = flight.outcome.get()
            && !removed!(self, SpareOutcome)
        {
            // It was settled before, but may not have reached the memory tier yet.
            (self.evict)(outcome);
        }
    }

    /// Removes `flight` from `table` if it is the one that is there.
    pub(crate) fn remove(&self, table: &mut Table<O>, flight: &Arc<Flight<O>>) {
        let is_it =
            |current: &Arc<Flight<O>>| guard!(self, RemoveAnyFlight: Arc::ptr_eq(current, flight));
        if table.get(&flight.key).is_some_and(is_it) {
            table.remove(&flight.key);
        }
    }

    /// How many flights are in the air.
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
    /// Whether the current computation began no earlier than `number`, or nothing that it
    /// is known to depend on was invalidated since it began.
    pub(crate) fn is_current(&self, number: SequenceNumber) -> bool {
        let began = self.leadership().number;
        began >= number || self.epochs.unchanged_since(began)
    }

    /// Whether it surely computes, and began to no earlier than `number`.
    pub(crate) fn recomputes_after(&self, number: SequenceNumber) -> bool {
        let leadership = self.leadership();
        leadership.computes && leadership.number >= number
    }

    /// Which flight it is, for as long as it lives.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(crate) fn leadership(&self) -> Leadership {
        *self.began.lock()
    }

    /// Whether it was taken out of the table: what it ends with is not to be kept.
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
