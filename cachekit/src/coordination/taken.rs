//! The values that a computation was given by the cache, which become part of its own entry.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::base::clock::{Clock, Tick};
use crate::model::entry::MemoryEntry;
use crate::model::epoch::{Epoch, Epochs};
use crate::model::lineage::{Lineage, MOST_NAMES};

/// Largest number of epochs that an entry refers to because of the values its computation took. The
/// value of a computation that took more is returned and not stored.
const MOST_EPOCHS: usize = 4_096;

/// Identity of a shared store: the address of the tier. Zero: a cache in memory only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoreId(pub(crate) usize);

/// The cache that gave a value: its clock, and the value's lineage in its store.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) store: StoreId,
    /// Names and versions in the store that the value depends on. `None`: they are not known.
    pub(crate) lineage: Option<&'a Lineage>,
}

/// Record of everything that one computation took from the cache.
///
/// The record keeps no value alive: it refers to what the values depend on.
#[derive(Default)]
pub(crate) struct Taken {
    /// Addresses of the epochs in `dependencies`.
    known: HashSet<usize, RandomState>,
    /// Addresses of the epochs of the entry that was recorded last. Entries of one function have
    /// most epochs in common, at the same places.
    last: SmallVec<[usize; 6]>,
    dependencies: TakenDependencies,
}

/// Everything that the value of a computation depends on because of the values that the computation
/// took.
pub(crate) struct TakenDependencies {
    /// Epochs of the keys, functions, tags and caches of the taken values.
    pub(crate) epochs: Vec<Arc<Epoch>>,
    /// For each clock of a cache that gave a value, the end of the fresh life that ends first.
    ends: SmallVec<[(Arc<dyn Clock>, Tick); 1]>,
    /// Names and versions in the store. `None` if a taken value has a version that is not known, or
    /// if there are too many: then the computation's value is not stored in L2.
    pub(crate) lineage: Option<Lineage>,
    /// Identity of the store with the names. `None`: no value was taken yet.
    store: Option<StoreId>,
    /// `true` if a taken call failed.
    pub(crate) has_error: bool,
    /// `true` if a taken value was softly invalidated.
    pub(crate) is_invalidated: bool,
}

impl Default for TakenDependencies {
    fn default() -> Self {
        Self {
            epochs: Vec::new(),
            ends: SmallVec::new(),
            lineage: Some(Lineage::default()),
            store: None,
            has_error: false,
            is_invalidated: false,
        }
    }
}

impl Taken {
    /// Records the value of `entry`, whose key has the epoch `key_epoch`. The fresh life of the entry
    /// ends at `end`, by the clock of its cache `origin`.
    pub(crate) fn add_entry(
        &mut self,
        entry: &MemoryEntry,
        key_epoch: &Arc<Epoch>,
        origin: Origin<'_>,
        end: Tick,
    ) {
        self.dependencies.is_invalidated |= end < entry.freshness.end;
        self.add_epoch(key_epoch);
        let count = entry.epochs.len();
        if self.last.len() != count {
            self.last.resize(count, 0);
        }
        for index in 0..count {
            let Some(epoch) = entry.epochs.get(index) else {
                continue;
            };
            let address = address(epoch);
            if std::mem::replace(&mut self.last[index], address) != address {
                self.add_epoch(epoch);
            }
        }
        self.dependencies.add_end(origin.clock, end);
        self.dependencies.merge(origin.lineage, origin.store);
    }

    /// Records that a call inside of the computation failed.
    pub(crate) fn add_error(&mut self) {
        self.dependencies.has_error = true;
    }

    /// Records a value that has no entry: everything that its computation took, and its own
    /// `epochs`. Its versions in the store are not known.
    pub(crate) fn add_unkept(&mut self, taken: Option<&TakenDependencies>, epochs: &Epochs) {
        self.add_epochs(epochs.iter());
        self.add_all(taken);
        self.dependencies.lineage = None;
    }

    /// Records everything that another piece of code took, whose result the computation is given.
    pub(crate) fn add_all(&mut self, taken: Option<&TakenDependencies>) {
        let Some(taken) = taken else { return };
        self.add_epochs(taken.epochs.iter());
        let all = &mut self.dependencies;
        for (clock, end) in &taken.ends {
            all.add_end(clock, *end);
        }
        all.has_error |= taken.has_error;
        all.is_invalidated |= taken.is_invalidated;
        if let Some(store) = taken.store {
            all.merge(taken.lineage.as_ref(), store);
        }
    }

    /// Returns `true` if nothing was recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.dependencies.is_empty()
    }

    /// Returns `true` if the value under the key with the epoch `key_epoch` was taken.
    pub(crate) fn has_taken(&self, key_epoch: &Arc<Epoch>) -> bool {
        self.known.contains(&address(key_epoch))
    }

    /// Returns everything that was recorded. Returns `None` if the computation took nothing.
    pub(crate) fn finish(self) -> Option<TakenDependencies> {
        (!self.is_empty()).then_some(self.dependencies)
    }

    fn add_epochs<'a>(&mut self, epochs: impl Iterator<Item = &'a Arc<Epoch>>) {
        for epoch in epochs {
            self.add_epoch(epoch);
        }
    }

    fn add_epoch(&mut self, epoch: &Arc<Epoch>) {
        // With more epochs the value is not stored, so they need not be known.
        if !self.dependencies.are_too_many() && self.known.insert(address(epoch)) {
            self.dependencies.epochs.push(Arc::clone(epoch));
        }
    }
}

impl TakenDependencies {
    /// Returns the end of the fresh life that ends first, by `clock`. Returns [`Tick::NEVER`] if no
    /// taken value ends.
    pub(crate) fn end_by(&self, clock: &Arc<dyn Clock>) -> Tick {
        let by_clock = |(own, end): &(Arc<dyn Clock>, Tick)| {
            if Arc::ptr_eq(own, clock) {
                return *end;
            }
            Tick::now(&**clock).after(end.since(Tick::now(&**own)))
        };
        self.ends.iter().map(by_clock).min().unwrap_or(Tick::NEVER)
    }

    /// Returns the lineage for an entry in `store`. Returns `None` if the lineage is not known, or
    /// its names are those of another store.
    pub(crate) fn lineage_in(&self, store: StoreId) -> Option<&Lineage> {
        let is_there = self.store.is_none_or(|of| of == store);
        self.lineage.as_ref().filter(|_| is_there)
    }

    fn add_end(&mut self, clock: &Arc<dyn Clock>, end: Tick) {
        let known = self
            .ends
            .iter_mut()
            .find(|(own, _)| Arc::ptr_eq(own, clock));
        match known {
            Some((_, first)) => *first = end.min(*first),
            None => self.ends.push((Arc::clone(clock), end)),
        }
    }

    fn merge(&mut self, lineage: Option<&Lineage>, store: StoreId) {
        if self.lineage.is_none() {
            return;
        }
        if *self.store.get_or_insert(store) != store {
            self.lineage = None;
            return;
        }
        let known = self.lineage.take().zip(lineage);
        self.lineage = known.and_then(|(mut all, lineage)| {
            all.merge(lineage);
            (all.len() <= MOST_NAMES).then_some(all)
        });
    }

    fn is_empty(&self) -> bool {
        self.epochs.is_empty() && !self.has_error
    }

    /// Returns `true` if there are too many dependencies for an entry to refer to all of them.
    pub(crate) fn are_too_many(&self) -> bool {
        self.epochs.len() > MOST_EPOCHS
    }
}

fn address(epoch: &Arc<Epoch>) -> usize {
    Arc::as_ptr(epoch).addr()
}
