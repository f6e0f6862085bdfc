//! Values that are computed from other cached values (composition): the entry of a computation
//! depends on each value that the computation took from the cache.
//!
//! An entry depends on the keys, functions, tags and caches of the values that its computation
//! took, and is fresh only while all these values are fresh. So an invalidation of an inner entry
//! reaches every entry that was computed from that entry, also through several levels: an inner
//! entry has the dependencies of its own inner entries.
//!
//! The record of the taken values is in the frame of the running computation
//! ([`frame`](crate::coordination::frame)). While a computation's body is polled, this thread's
//! table (L0) is lent: it answers no look-up. So a look-up in the table need not check if its
//! answer must be recorded.
//!
//! Transactional caches record the dependencies of computed values in the same way (Ports,
//! Clements, Zhang, Madden, Liskov: Transactional consistency and automatic management in an
//! application data cache, OSDI 2010).

use std::sync::Arc;

use crate::backfill::lease::LeaseState;
use crate::backfill::lineage::names_only;
use crate::base::trace::span::Entered;
use crate::coordination::frame;
use crate::coordination::taken::{Taken, TakenDependencies};
use crate::core::observing::{CallObserver, Observation};
use crate::core::outcome::Dependencies;
use crate::core::state::Core;
use crate::core::taking::Composition;
use crate::core::validity::Validity;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::lineage::Lineage;
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::call::Call;
use crate::store::key_name::{StoreKey, tag_prefix};

/// Recorder of the answer to a call that was made inside of a computation, or whose answer
/// observers are told.
pub(crate) struct Recorder {
    core: Arc<Core>,
    key: Key,
    is_taken: bool,
    observer: Option<Arc<CallObserver>>,
}

impl Recorder {
    /// Records `answer` in the frame of the running code, which takes the answer, and tells the
    /// observers of it.
    pub(crate) fn record(&self, answer: &Answer) {
        self.observe(None, Some(answer));
        if !self.is_taken {
            return;
        }
        match answer {
            Answer::Entry(stored) => self.core.record_taken(|| self.key.clone(), stored),
            Answer::Error(_) | Answer::TimedOut(_) => frame::record(Taken::add_error),
        }
    }

    /// Makes the code of this thread run inside of the call's span, if the call has a span.
    pub(crate) fn enter(&self) -> Option<Entered> {
        self.observer.as_ref().map(|observer| observer.enter())
    }

    /// Tells the observers the call's answer, which is the result of the function if `answer` is
    /// `None`. If `tier` is `None`, the observers already know the tier of the answer.
    pub(crate) fn observe(&self, tier: Option<SourceTier>, answer: Option<&Answer>) {
        let Some(observer) = &self.observer else {
            return;
        };
        let observation = match answer {
            Some(Answer::Entry(stored)) => self.core.observation_of(stored),
            _ => Observation::default(),
        };
        observer.answered(tier, observation, self.core.clock.now());
    }
}

impl Call {
    /// Returns the recorder of this call's answer. Returns `None` if the call is outside of
    /// computations and has no observer.
    pub(crate) fn recorder(&self) -> Option<Box<Recorder>> {
        (self.is_taken || self.observer.is_some()).then(|| {
            Box::new(Recorder {
                core: Arc::clone(&self.core),
                key: self.key.clone(),
                is_taken: self.is_taken,
                observer: self.observer.clone(),
            })
        })
    }

    /// Counts this call as a bypass, and tells the call's observers.
    pub(crate) fn note_bypass(&self) {
        self.owner.counts.bypassed.bump();
        if let Some(recorder) = self.recorder() {
            recorder.observe(Some(SourceTier::Bypassed), None);
        }
    }

    /// Records the tier that the answer to this call comes from, for its observers.
    pub(crate) fn came_from(&self, tier: SourceTier) {
        if let Some(observer) = &self.observer {
            observer.comes_from(tier);
        }
    }

    /// Records that the running code takes the value of `stored`.
    pub(crate) fn record_taken(&self, stored: &Arc<MemoryEntry>) {
        self.core.record_taken(|| self.key.clone(), stored);
    }

    /// Records a value for which this call made no entry, with everything that the value's
    /// computation took. The value depends on `epochs`, and on this call's key.
    pub(crate) fn record_unkept(&self, taken: Option<&TakenDependencies>, epochs: &Epochs) {
        self.core.record_unkept(&self.key, taken, epochs);
    }

    /// Returns the validity of the value of a computation that began at `began`, took `taken` with
    /// the lineage `foreign`, and has the lease state `lease_state`. Takes the epochs out of
    /// `dependencies`.
    pub(crate) fn validity(
        &self,
        began: SequenceNumber,
        dependencies: &mut Dependencies,
        (taken, foreign): (Option<Composition>, Option<&Lineage>),
        lease_state: &LeaseState,
    ) -> Validity {
        let mut validity = Validity::new(began, std::mem::take(&mut dependencies.epochs));
        if let Some(taken) = taken {
            validity.end = taken.end;
            validity.epochs.extend(taken.epochs);
        }
        if self.owner.is_taken() {
            let own = self.own_lineage(&dependencies.entry_tags, lease_state);
            let both = own.zip(foreign).map(|(mut own, foreign)| {
                own.merge(foreign);
                own
            });
            validity.lineage = both.into();
        }
        validity
    }

    /// Returns the lineage of a value that this call computes with the lease state `lease_state`,
    /// without the lineage of the values that the computation takes. Returns `None` if the versions
    /// are not known.
    fn own_lineage(&self, entry_tags: &EntryTags, lease_state: &LeaseState) -> Option<Lineage> {
        match lease_state {
            LeaseState::Granted(lease) => lease.lineage(entry_tags, &self.key),
            LeaseState::VersionsOnly(lineage) => {
                self.with_tags(Lineage::clone(lineage), entry_tags)
            }
            LeaseState::Unavailable | LeaseState::None => None,
        }
    }

    /// Adds the tags of a value that is not stored in L2 to the value's `lineage`, and records the
    /// prefixes of these tags. The next computation asks for the guards of the prefixes. Returns
    /// `None` if a guard is missing.
    fn with_tags(&self, mut lineage: Lineage, entry_tags: &EntryTags) -> Option<Lineage> {
        let prefixes = &self.owner.tag_prefixes;
        let known = lineage.unversioned.len();
        let is_guarded = lineage.add_value_tags(entry_tags.tags.iter().map(StoreKey::tag));
        for name in &lineage.unversioned[known..] {
            prefixes.record(tag_prefix(&StoreKey::of_shared(name)));
        }
        if is_guarded && lineage.unversioned.is_empty() {
            prefixes.record_none();
        }
        is_guarded.then_some(lineage)
    }

    /// Returns the lease state of a synchronous function's computation, with the names that entries
    /// computed from its value depend on.
    pub(crate) fn names_only(&self, dependencies: &Dependencies) -> LeaseState {
        if self.core.l2.is_none() || !self.owner.is_taken() {
            return LeaseState::None;
        }
        let names = names_only(&self.owner, &self.key, &dependencies.entry_tags);
        names.map_or(LeaseState::None, |names| {
            LeaseState::VersionsOnly(Box::new(names))
        })
    }
}
