//! Whose an entry is: a function's, a region's, or the caller's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::counter::Counter;
use crate::base::fault::Faults;
use crate::base::trace;
use crate::model::epoch::Epoch;
use crate::model::tag_prefixes::TagPrefixes;

/// Tells owners apart within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OwnerId(pub(crate) usize);

impl OwnerId {
    /// Entries that were stored by `put` and `get_or_compute` of the cache itself.
    pub(crate) const DIRECT: Self = Self(0);
}

/// The name of what is stored by `put` and `get_or_compute` of the cache itself.
pub(crate) const DIRECT_NAME: &str = "(direct)";

/// How the names of regions begin.
pub(crate) const REGION: &str = "region ";

/// One owner's state in one cache.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) id: OwnerId,
    pub(crate) name: Box<str>,
    /// Moved when all of the owner's entries are invalidated.
    pub(crate) epoch: Arc<Epoch>,
    pub(crate) counts: Counts,
    /// Of tags made from its values.
    pub(crate) tag_prefixes: TagPrefixes,
    /// The templates of its events, as they are written.
    pub(crate) events: &'static [&'static str],
    /// Tells apart sets of tags and events made from its values.
    pub(crate) value_tags_hash: u64,
    is_reported: AtomicBool,
    /// Another has the same name, so that nobody could tell their values apart in a shared tier.
    pub(crate) is_namesake: bool,
    /// Another has a key in common with it, which was said.
    has_collision: AtomicBool,
    /// Guards that a test removed from its cache.
    pub(crate) faults: Faults,
}

/// What happened to one owner's calls.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) memory_hits: Counter,
    pub(crate) redis_hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) computations: Counter,
    pub(crate) coalesced: Counter,
    pub(crate) bypassed: Counter,
    pub(crate) errors: Counter,
    pub(crate) stores: Counter,
    pub(crate) refused_stores: Counter,
    pub(crate) superseded: Counter,
    pub(crate) lock_timeouts: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) over_limit: Counter,
    pub(crate) detached: Counter,
    pub(crate) stale_hits: Counter,
    pub(crate) early_refreshes: Counter,
    pub(crate) refresh_failures: Counter,
}

impl Owner {
    pub(crate) fn new(id: OwnerId, name: &str) -> Self {
        Self {
            id,
            name: name.into(),
            epoch: Arc::default(),
            counts: Counts::default(),
            tag_prefixes: TagPrefixes::default(),
            events: &[],
            value_tags_hash: 0,
            is_reported: AtomicBool::new(false),
            is_namesake: false,
            has_collision: AtomicBool::new(false),
            faults: Faults::default(),
        }
    }

    /// The same with these templates of events, and this of labels made from values.
    pub(crate) fn with_labels(
        mut self,
        events: &'static [&'static str],
        value_tags_hash: u64,
    ) -> Self {
        self.events = events;
        self.value_tags_hash = value_tags_hash;
        self
    }

    /// Whether nothing was said against its type before.
    pub(crate) fn is_first_report(&self) -> bool {
        !self.is_reported.swap(true, Ordering::Relaxed)
    }

    /// Whether it is known to have a key in common with another.
    pub(crate) fn has_collided(&self) -> bool {
        self.has_collision.load(Ordering::Relaxed)
    }

    /// One of both found an entry of the other's under its key: they push each other out, which is
    /// said where it is new of one of them.
    #[cold]
    pub(crate) fn collides_with(&self, other: &Self) {
        let know_it = [self, other].map(|owner| owner.has_collision.swap(true, Ordering::Relaxed));
        if know_it.contains(&false) {
            trace::owners_collide(&self.name, &other.name);
        }
    }
}
