//! Values that running code takes from the cache, recorded for the computation that the code is
//! inside of.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::coordination::frame;
use crate::coordination::frame::Surroundings;
use crate::coordination::taken::{Origin, StoreId, TakenDependencies};
use crate::core::state::Core;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::Depends;
use crate::model::epoch::{Epoch, Epochs};
use crate::model::lineage::Lineage;

/// Longest fresh life of a value if a call inside of its computation failed. For example, a page
/// whose widget failed is computed again soon, but not at every call.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Everything that an entry takes over from the values that its computation took.
#[derive(Debug)]
pub(crate) struct Composition {
    /// Epochs of the keys, functions, tags and caches of the taken values.
    pub(crate) epochs: Vec<Arc<Epoch>>,
    /// End of the fresh life of the taken value that ends first. [`Tick::NEVER`]: no taken value
    /// ends.
    pub(crate) end: Tick,
    /// Names and versions in the store. `None` if they are not known, too many, or those of another
    /// store. In these cases the value is not stored in L2.
    pub(crate) lineage: Option<Lineage>,
    /// `true` if no entry may be made: there are too many epochs to refer to all of them, or a value
    /// was softly invalidated before it was taken.
    is_refused: bool,
}

impl Composition {
    /// Takes the lineage out of `taken`, the values that a computation took. Returns an empty lineage
    /// if the computation took no value, and `None` if the lineage is not known.
    pub(crate) fn take_lineage(taken: Option<&mut Self>) -> Option<Lineage> {
        taken.map_or_else(|| Some(Lineage::default()), |taken| taken.lineage.take())
    }
}

impl Core {
    /// Returns the surroundings of a call: the computations and scopes that its code is inside of,
    /// and what they mean for the call. Inside of a computation, invalidations of keys raise epochs
    /// from now on, so this method must be called before the call looks anything up.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let mut surroundings = frame::surroundings();
        if removed!(self, ForgetNested) {
            surroundings = surroundings.unrecorded();
        }
        if surroundings.is_recorded() {
            self.tags.expect_compositions();
        }
        surroundings
    }

    /// Records that the running code is given the value of `stored`, the entry under `key`. Does
    /// nothing outside of computations.
    pub(crate) fn record_taken(&self, key: impl FnOnce() -> Key, stored: &Arc<MemoryEntry>) {
        if removed!(self, ForgetNested) {
            return;
        }
        frame::record(|taken| {
            let end = stored.freshness_now().end;
            taken.add_entry(
                stored,
                self.key_epoch(key, stored),
                self.origin(stored),
                end,
            );
            if stored.cached_error().is_some() {
                taken.add_error();
            }
        });
    }

    /// Does what [`record_taken`](Self::record_taken) does, for an entry with a value that a hit
    /// has just found valid. Such an entry ends at its usual end, and a second record of the entry
    /// would add nothing.
    // Not inlined into the code that is compiled for each function.
    #[inline(never)]
    pub(crate) fn record_hit(&self, key: &dyn Fn() -> Key, stored: &Arc<MemoryEntry>) {
        if removed!(self, ForgetNested) {
            return;
        }
        frame::record(|taken| {
            if taken.is_first_hit(stored) {
                taken.add_hit(stored, self.key_epoch(key, stored), self.origin(stored));
            }
        });
    }

    /// Records that the running code was told that there is no value under `key`. The versions of
    /// the absence in the store are not known.
    pub(crate) fn record_absence(&self, key: &Key) {
        self.record_unkept(key, None, &Epochs::default());
    }

    /// Records that the running code is given a value for `key` that has no entry. The value depends
    /// on `taken`, which is everything that its computation took, on `epochs`, and on `key`.
    pub(crate) fn record_unkept(
        &self,
        key: &Key,
        taken: Option<&TakenDependencies>,
        epochs: &Epochs,
    ) {
        if !frame::surroundings().is_recorded() || removed!(self, ForgetUnkept) {
            return;
        }
        let mut epochs = epochs.clone();
        epochs.extend([self.tags.key_epoch(key)]);
        frame::record(|all| all.add_unkept(taken, &epochs));
    }

    /// Returns the epoch of the key of `stored`, whose value a computation takes.
    fn key_epoch<'a>(&self, key: impl FnOnce() -> Key, stored: &'a MemoryEntry) -> &'a Arc<Epoch> {
        stored.owner.set_taken();
        stored.key_epoch_or(|| self.tags.key_epoch(&key()))
    }

    fn origin<'a>(&'a self, stored: &'a MemoryEntry) -> Origin<'a> {
        Origin {
            clock: &self.clock,
            store: self.store_id(),
            lineage: stored.lineage(),
        }
    }

    /// Returns the part of `taken` on which the computed entry depends, as the entry's option
    /// `depends` says.
    pub(crate) fn of_interest(
        &self,
        taken: Option<TakenDependencies>,
        depends: Depends,
    ) -> Option<Composition> {
        let taken = taken.filter(|_| depends != Depends::Nothing)?;
        let mut end = Tick::NEVER;
        if depends == Depends::All && !removed!(self, AddAges) {
            end = taken.end_by(&self.clock);
        }
        if depends == Depends::All && taken.has_error {
            let now = Tick::now(&*self.clock);
            end = end.min(now.after(AFTER_ERROR));
        }
        let is_refused = taken.are_too_many() || taken.is_invalidated;
        let is_known = taken.lineage_in(self.store_id()).is_some();
        Some(Composition {
            epochs: taken.epochs,
            end,
            lineage: taken.lineage.filter(|_| is_known),
            is_refused,
        })
    }

    /// Returns the identity of the cache's store.
    fn store_id(&self) -> StoreId {
        let l2 = self.l2.as_ref();
        StoreId(l2.map_or(0, |l2| Arc::as_ptr(l2).addr()))
    }

    /// Returns `true` if a value that was computed from `taken` may be stored: no taken value was
    /// stale, and they do not depend on more epochs than an entry may refer to.
    pub(crate) fn may_keep(&self, taken: &Composition) -> bool {
        Tick::now(&*self.clock) < taken.end && !taken.is_refused
    }
}
