//! Registries of epochs by name. An epoch is created when its name is first used, and removed after
//! it is no longer referenced.
//!
//! An epoch without references is removed (swept) once its shard (a part of the registry) has
//! grown. The number of the newest invalidation, hard or soft, of all epochs that were swept from a
//! shard is kept as the `floor` of the shard. An epoch that is created later starts with that
//! number, as if its name had been invalidated then.
//!
//! So the value of a computation that began before an invalidation of a name is rejected, even if
//! the name's epoch was swept during the computation. In return, a value is sometimes rejected
//! although none of its names was invalidated.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::model::epoch::{Epoch, EpochKind, SequenceNumber};

const SHARDS: usize = 16;

/// Number of epochs in a shard below which the shard is not swept.
const SWEEP_FROM: usize = 256;

/// Epochs of all names of one kind on one node.
pub(crate) struct EpochRegistry {
    kind: EpochKind,
    hasher: foldhash::quality::RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    epochs: HashSet<Named, foldhash::quality::RandomState>,
    floor: SequenceNumber,
    /// Number of epochs in this shard at which the next sweep is due.
    sweep_at: usize,
}

/// An epoch that is found by its name.
struct Named(Arc<Epoch>);

impl Borrow<[u8]> for Named {
    fn borrow(&self) -> &[u8] {
        self.0.name()
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.name().hash(hasher);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for Named {}

impl EpochRegistry {
    pub(crate) fn new(kind: EpochKind) -> Self {
        Self {
            kind,
            hasher: foldhash::quality::RandomState::default(),
            shards: Default::default(),
        }
    }

    /// Returns the epoch of `name`, and creates the epoch if this process has none.
    pub(crate) fn epoch(&self, name: &[u8]) -> Arc<Epoch> {
        self.shard(name).lock().epoch(self.kind, name)
    }

    /// Calls `raise` with the epoch of `name`. The shard is locked meanwhile, so that a sweep either
    /// finds the raised epoch or comes first. With `only_known`, which only tests set, nothing is
    /// raised if this process has no epoch of `name`.
    pub(crate) fn raise(&self, name: &[u8], only_known: bool, raise: impl FnOnce(&Epoch)) {
        let mut shard = self.shard(name).lock();
        if only_known && !shard.epochs.contains(name) {
            return;
        }
        raise(&shard.epoch(self.kind, name));
    }

    /// Returns the number of names whose epochs are in memory.
    pub(crate) fn len(&self) -> usize {
        let size = |shard: &Mutex<Shard>| shard.lock().epochs.len();
        self.shards.iter().map(size).sum()
    }

    fn shard(&self, name: &[u8]) -> &Mutex<Shard> {
        // The low bits of this hash choose only the shard. The set in a shard hashes the name with
        // another seed.
        let hash = self.hasher.hash_one(name);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

impl Shard {
    fn epoch(&mut self, kind: EpochKind, name: &[u8]) -> Arc<Epoch> {
        if let Some(Named(epoch)) = self.epochs.get(name) {
            return Arc::clone(epoch);
        }
        if self.epochs.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sweep();
        }
        let epoch = Arc::new(Epoch::named(kind, name, self.floor));
        self.epochs.insert(Named(Arc::clone(&epoch)));
        epoch
    }

    /// Removes the epochs without references. The next sweep is due when the number of remaining
    /// epochs has doubled, so the average cost for each new name is constant.
    fn sweep(&mut self) {
        let floor = &mut self.floor;
        self.epochs.retain(|Named(epoch)| {
            let used = Arc::strong_count(epoch) > 1;
            if !used {
                *floor = (*floor).max(epoch.last());
            }
            used
        });
        self.sweep_at = self.epochs.len() * 2;
    }
}

impl fmt::Debug for EpochRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochRegistry").finish_non_exhaustive()
    }
}
