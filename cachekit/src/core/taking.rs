//! Values that running code takes from the cache, recorded for the computation that the code is
//! inside of.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::coordination::frame;
use crate::coordination::frame::Surroundings;
use crate::coordination::taken::TakenDependencies;
use crate::core::state::Core;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::Depends;

/// Longest fresh life of a value whose computation took a call that failed. A page whose widget
/// failed is computed again soon, and not at every call.
const AFTER_ERROR: Duration = Duration::from_secs(1);

impl Core {
    /// Prepares a call, before the call looks anything up, and returns its surroundings.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let mut surroundings = frame::surroundings();
        if removed!(self, ForgetNested) {
            surroundings.is_recorded = false;
        }
        if surroundings.is_recorded {
            self.tags.expect_compositions();
        }
        surroundings
    }

    /// Records that the running code is given the value of `stored`, the entry under `key`. Does
    /// nothing outside of computations.
    pub(crate) fn record_taken(&self, key: impl FnOnce() -> Key, stored: &Arc<MemoryEntry>) {
        self.record(key, stored, || stored.freshness_now().end);
    }

    /// [`record_taken`](Self::record_taken) for an entry that was found valid by a hit.
    pub(crate) fn record_hit(&self, key: impl FnOnce() -> Key, stored: &Arc<MemoryEntry>) {
        self.record(key, stored, || stored.freshness.end);
    }

    fn record(
        &self,
        key: impl FnOnce() -> Key,
        stored: &Arc<MemoryEntry>,
        end: impl FnOnce() -> Tick,
    ) {
        if removed!(self, ForgetNested) {
            return;
        }
        frame::record(|taken| {
            stored.owner.set_taken();
            let key_epoch = stored.key_epoch_or(|| self.tags.key_epoch(&key()));
            taken.add_entry(stored, key_epoch, end());
            if stored.cached_error().is_some() {
                taken.add_error();
            }
        });
    }

    /// Returns the part of `taken` that becomes part of an entry, as its `depends` says.
    pub(crate) fn of_interest(
        &self,
        taken: Option<TakenDependencies>,
        depends: Depends,
    ) -> Option<TakenDependencies> {
        let mut taken = taken?;
        match depends {
            Depends::All => {}
            Depends::Names => (taken.end, taken.has_error) = (Tick::NEVER, false),
            Depends::Nothing => return None,
        }
        if removed!(self, AddAges) {
            taken.end = Tick::NEVER;
        }
        if taken.has_error {
            let now = Tick::now(&*self.clock);
            taken.end = taken.end.min(now.after(AFTER_ERROR));
        }
        Some(taken)
    }

    /// Returns `true` if a value that was computed from `taken` may be stored: none of the values
    /// was old, and they are not too many to refer to.
    pub(crate) fn may_keep(&self, taken: &TakenDependencies) -> bool {
        Tick::now(&*self.clock) < taken.end && !taken.are_too_many()
    }
}
