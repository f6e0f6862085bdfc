//! Registries of epochs by name. An epoch is created when its name is first used, and removed after
//! it is no longer referenced.
//!
//! An epoch without references is removed (swept) once its shard has grown. The number of the newest
//! invalidation, hard or soft, of all epochs that were swept from a shard is kept as the `floor` of
//! the shard. An epoch that is created later starts with that number, as if its name had been
//! invalidated then.
//!
//! So the value of a computation that began before an invalidation of a name is rejected, even if
//! the name's epoch was swept during the computation. In return, a value is sometimes rejected
//! although none of its names was invalidated.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::model::epoch::{Epoch, SequenceNumber};

const SHARDS: usize = 16;

/// Number of epochs in a shard below which the shard is not swept.
const SWEEP_FROM: usize = 256;

/// Epochs of all names of one kind on one node.
pub(crate) struct EpochRegistry<N> {
    hasher: foldhash::quality::RandomState,
    shards: [Mutex<Shard<N>>; SHARDS],
}

struct Shard<N> {
    epochs: HashMap<N, Arc<Epoch>, foldhash::quality::RandomState>,
    floor: SequenceNumber,
    /// Number of epochs in this shard at which the next sweep is due.
    sweep_at: usize,
}

impl<N> Default for EpochRegistry<N> {
    fn default() -> Self {
        Self {
            hasher: foldhash::quality::RandomState::default(),
            shards: Default::default(),
        }
    }
}

impl<N> Default for Shard<N> {
    fn default() -> Self {
        Self {
            epochs: HashMap::default(),
            floor: SequenceNumber::default(),
            sweep_at: 0,
        }
    }
}

impl<N: Clone + Eq + Hash> EpochRegistry<N> {
    /// Returns the epoch of `name`, and creates the epoch if this process has none.
    pub(crate) fn epoch(&self, name: &N) -> Arc<Epoch> {
        self.shard(name).lock().epoch(name)
    }

    /// Calls `raise` with the epoch of `name`. The shard is locked meanwhile, so that a sweep either
    /// finds the raised epoch or comes first. With `only_known`, which only tests set, nothing is
    /// raised if this process has no epoch of `name`.
    pub(crate) fn raise(&self, name: &N, only_known: bool, raise: impl FnOnce(&Epoch)) {
        let mut shard = self.shard(name).lock();
        if only_known && !shard.epochs.contains_key(name) {
            return;
        }
        raise(&shard.epoch(name));
    }

    /// Returns the number of names whose epochs are in memory.
    pub(crate) fn len(&self) -> usize {
        let size = |shard: &Mutex<Shard<N>>| shard.lock().epochs.len();
        self.shards.iter().map(size).sum()
    }

    fn shard(&self, name: &N) -> &Mutex<Shard<N>> {
        // The low bits of this hash choose only the shard. The map in a shard hashes the name with
        // another seed.
        let hash = self.hasher.hash_one(name);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

impl<N: Clone + Eq + Hash> Shard<N> {
    fn epoch(&mut self, name: &N) -> Arc<Epoch> {
        if let Some(epoch) = self.epochs.get(name) {
            return Arc::clone(epoch);
        }
        if self.epochs.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sweep();
        }
        let epoch = Arc::new(Epoch::at(self.floor));
        self.epochs.insert(name.clone(), Arc::clone(&epoch));
        epoch
    }

    /// Removes the epochs without references. The next sweep is due when the number of remaining
    /// epochs has doubled, so the average cost for each new name is constant.
    fn sweep(&mut self) {
        let floor = &mut self.floor;
        self.epochs.retain(|_, epoch| {
            let used = Arc::strong_count(epoch) > 1;
            if !used {
                *floor = (*floor).max(epoch.last());
            }
            used
        });
        self.sweep_at = self.epochs.len() * 2;
    }
}

impl<N> fmt::Debug for EpochRegistry<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochRegistry").finish_non_exhaustive()
    }
}
