//! Events in the life of an entry, which a dashboard shows.

use crate::base::clock::Tick;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::miss_cause::MissCause;
use crate::model::owner::OwnerId;
use crate::model::seen_invalidation::SeenTarget;

/// Event in the life of an entry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyEvent {
    /// The function begins to run.
    Computes,
    /// The value was stored.
    Stores,
    /// The value was not stored, because it may be outdated.
    Refuses,
    /// A call found no fresh value, for this cause.
    Misses(MissCause),
    /// A call found an entry in memory that an invalidation of this name had made unusable.
    Outdated(SeenTarget),
    /// A name was invalidated: the entry's key, or a name that entries may depend on.
    Invalidated {
        name: SeenTarget,
        mode: InvalidationMode,
        /// `true` if this process was told of the invalidation by another.
        is_heard: bool,
    },
}

/// Event with its time and, if one is known, the owner of the entry.
#[derive(Clone)]
pub(crate) struct PastEvent {
    pub(crate) at: Tick,
    pub(crate) owner: Option<OwnerId>,
    pub(crate) event: KeyEvent,
}
