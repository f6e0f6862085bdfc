//! The values that the cache gave to a computation, and on which the computation's own entry
//! depends.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::clock::{Clock, Tick};
use crate::coordination::number_set::NumberSet;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::{Epoch, Epochs};
use crate::model::lineage::{Lineage, MOST_NAMES};

/// Largest number of epochs that an entry refers to because of the values its computation took. If
/// a computation took values with more epochs, its own value is returned and not stored.
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
/// The record keeps no value alive, because it refers only to what the values depend on.
#[derive(Default)]
pub(crate) struct Taken {
    /// Addresses of the epochs in `dependencies`, which are even, and numbers of the entries that hits
    /// took, which are odd. The addresses of the epochs of these entries' keys may be missing, because
    /// two entries seldom have one key.
    known: NumberSet,
    /// Number of epochs at the beginning of `dependencies.epochs` whose addresses are all in `known`.
    indexed: usize,
    /// Addresses of the epochs of the entry that was recorded last. Entries of one function have
    /// most epochs in common, at the same places.
    last: SmallVec<[u64; 6]>,
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
    /// if there are too many names. In these cases the computation's value is not stored in L2.
    pub(crate) lineage: Option<Lineage>,
    /// Identity of the store that has the names. `None`: no value was taken yet.
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
    /// Notes that a hit takes the value of `entry`. Returns `false` if an earlier hit took the
    /// value, which is therefore recorded already. Otherwise the caller must [add](Self::add_hit)
    /// the value.
    #[inline]
    pub(crate) fn is_first_hit(&mut self, entry: &MemoryEntry) -> bool {
        // With too many epochs, the computed value is not stored, so the entries need not be known.
        self.dependencies.are_too_many() || self.known.insert(entry.number)
    }

    /// Records the value of `entry`, which a hit takes for the first time. The key of the entry has the
    /// epoch `key_epoch`, and `origin` is the entry's cache.
    pub(crate) fn add_hit(
        &mut self,
        entry: &MemoryEntry,
        key_epoch: &Arc<Epoch>,
        origin: Origin<'_>,
    ) {
        let all = &mut self.dependencies;
        if !all.are_too_many() {
            all.epochs.push(Arc::clone(key_epoch));
        }
        self.add_without_key(entry, origin, entry.freshness.end);
    }

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
        self.dependencies.add_epoch(&mut self.known, key_epoch);
        self.add_without_key(entry, origin, end);
    }

    /// Records that a call inside of the computation failed.
    pub(crate) fn add_error(&mut self) {
        self.dependencies.has_error = true;
    }

    /// Records a value that has no entry: everything that the value's computation took, and the
    /// value's own `epochs`. The value's versions in the store are not known.
    pub(crate) fn add_unkept(&mut self, taken: Option<&TakenDependencies>, epochs: &Epochs) {
        self.add_epochs(epochs.iter());
        self.add_all(taken);
        self.dependencies.lineage = None;
    }

    /// Records everything that was taken by another piece of code, whose result the computation
    /// gets.
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
        let mut taken = self.dependencies.epochs.iter();
        taken.any(|epoch| Arc::ptr_eq(epoch, key_epoch))
    }

    /// Returns everything that was recorded. Returns `None` if the computation took nothing.
    pub(crate) fn finish(self) -> Option<TakenDependencies> {
        (!self.is_empty()).then_some(self.dependencies)
    }

    /// Adds everything that the value of `entry` depends on, except the epoch of the entry's key.
    fn add_without_key(&mut self, entry: &MemoryEntry, origin: Origin<'_>, end: Tick) {
        let all = &mut self.dependencies;
        all.add_end(origin.clock, end);
        all.merge(origin.lineage, origin.store);
        if self.last.len() != entry.epochs.len() {
            self.last.resize(entry.epochs.len(), 0);
        }
        for (epoch, last) in entry.epochs.iter().zip(&mut self.last) {
            let address = address(epoch);
            if *last != address {
                *last = address;
                all.add_epoch(&mut self.known, epoch);
            }
        }
    }

    /// Adds those of `epochs` that the record does not have yet.
    fn add_epochs<'a>(&mut self, epochs: impl Iterator<Item = &'a Arc<Epoch>>) {
        for epoch in &self.dependencies.epochs[self.indexed..] {
            self.known.insert(address(epoch));
        }
        for epoch in epochs {
            self.dependencies.add_epoch(&mut self.known, epoch);
        }
        self.indexed = self.dependencies.epochs.len();
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

    /// Adds `epoch`, unless its address is in `known`, the addresses of the epochs that were added.
    fn add_epoch(&mut self, known: &mut NumberSet, epoch: &Arc<Epoch>) {
        // With too many epochs, the computed value is not stored, so further epochs need not be
        // known.
        if !self.are_too_many() && known.insert(address(epoch)) {
            self.epochs.push(Arc::clone(epoch));
        }
    }

    #[inline]
    fn add_end(&mut self, clock: &Arc<dyn Clock>, end: Tick) {
        match self.ends.first_mut() {
            // Nearly always, all values are from one cache.
            Some((own, first)) if Arc::ptr_eq(own, clock) => *first = end.min(*first),
            _ => self.add_end_by_another(clock, end),
        }
    }

    #[cold]
    fn add_end_by_another(&mut self, clock: &Arc<dyn Clock>, end: Tick) {
        let mut known = self.ends.iter_mut();
        match known.find(|(own, _)| Arc::ptr_eq(own, clock)) {
            Some((_, first)) => *first = end.min(*first),
            None => self.ends.push((Arc::clone(clock), end)),
        }
    }

    #[inline]
    fn merge(&mut self, lineage: Option<&Lineage>, store: StoreId) {
        if self.lineage.is_some() {
            self.merge_known(lineage, store);
        }
    }

    fn merge_known(&mut self, lineage: Option<&Lineage>, store: StoreId) {
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

fn address(epoch: &Arc<Epoch>) -> u64 {
    Arc::as_ptr(epoch).addr() as u64
}
