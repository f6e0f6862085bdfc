//! Owners of entries: a function, a region, or the cache itself.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::fault::Faults;
use crate::base::sync::RwLock;
use crate::base::trace;
use crate::key::joined;
use crate::model::call_stats::Counts;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::Epoch;
use crate::model::event_template::render;
use crate::model::miss_cause::MissCause;
use crate::model::recent_lookups::RecentLookups;
use crate::model::residents::Residents;
use crate::model::tag_prefixes::TagPrefixes;

/// Identity of an owner (a function, a region, or the cache itself), unique in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OwnerId(pub(crate) usize);

impl OwnerId {
    /// Owner of entries that are stored by `put` and `get_or_compute` on the cache, not by a
    /// function or a region.
    pub(crate) const DIRECT: Self = Self(0);
}

/// Name, in statistics, of the owner of entries that are stored by `put` and `get_or_compute` on
/// the cache.
pub(crate) const DIRECT_NAME: &str = "(direct)";

/// Prefix, in statistics, of the name of an owner of entries (function, region or cache) that is a
/// region.
pub(crate) const REGION: &str = "region ";

/// Prefix of the name in a store of the version that all entries of a function depend on.
pub(crate) const FUNCTION: &[u8] = b"f:";

/// State of one owner (a function, a region, or the cache itself) in one cache.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) id: OwnerId,
    pub(crate) name: Box<str>,
    /// Name in a store of the version that all entries of the owner depend on.
    pub(crate) version_name: Arc<[u8]>,
    /// Epoch of the owner (a function, a region, or the cache itself). The epoch is raised when all
    /// of the owner's entries are invalidated at once.
    pub(crate) epoch: Arc<Epoch>,
    pub(crate) counts: Counts,
    /// Entries of the owner (function, region or cache) in memory.
    pub(crate) residents: Residents,
    /// Outcomes of the last look-ups of the owner (function, region or cache) in Redis (L2).
    pub(crate) recent_lookups: RecentLookups,
    /// Prefixes of the tags that were made from the values of the owner (function or region).
    pub(crate) tag_prefixes: TagPrefixes,
    /// Literal starts of the templates of the owner's tags, as written in the attribute. Misses
    /// because of tags are counted by these.
    tag_families: &'static [&'static str],
    /// Templates of the events that invalidate the entries of the owner: those in the attribute of
    /// a function, or those of the rules of one name.
    events: RwLock<Vec<Cow<'static, str>>>,
    /// Hash of the templates and expressions in the attribute that make the tags and events of the
    /// owner (a function).
    pub(crate) tags_hash: u64,
    /// Options of the owner (a function), which a reload of the configuration file can change. A
    /// hit does not read them.
    options: RwLock<Arc<EntryOptions>>,
    is_reported: AtomicBool,
    /// `true` once a computation took a value of this owner. From then on, the versions of the
    /// owner's entries in Redis are kept with the entries in memory.
    is_taken: AtomicBool,
    /// `true` once an entry of this owner in Redis was found to depend on values that its
    /// computation took.
    is_composed: AtomicBool,
    /// `true` if another owner in this cache has the same name. Redis could not tell the entries of
    /// the two apart.
    pub(crate) is_namesake: bool,
    /// Number of owners that the cache had before this one.
    #[cfg(feature = "metrics")]
    pub(crate) owners_before: usize,
    /// `true` if this owner of entries (function, region or cache) and another owner were found to
    /// use the same key. A warning about the key has then been logged.
    has_collision: AtomicBool,
    /// Protections against races that a test switched off in its cache, to show that the test
    /// detects the fault.
    pub(crate) faults: Faults,
}

impl Owner {
    pub(crate) fn new(id: OwnerId, name: &str) -> Self {
        Self {
            id,
            name: name.into(),
            version_name: joined(FUNCTION, name.as_bytes()),
            epoch: Arc::default(),
            counts: Counts::default(),
            residents: Residents::default(),
            recent_lookups: RecentLookups::default(),
            tag_prefixes: TagPrefixes::default(),
            tag_families: &[],
            events: RwLock::default(),
            tags_hash: 0,
            options: RwLock::default(),
            is_reported: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            is_composed: AtomicBool::new(false),
            is_namesake: false,
            #[cfg(feature = "metrics")]
            owners_before: 0,
            has_collision: AtomicBool::new(false),
            faults: Faults::default(),
        }
    }

    /// Sets the literal starts of the templates of the tags of the owner (a function), the
    /// templates of its events, and the hash of the templates and expressions that make its tags
    /// and events.
    pub(crate) fn with_labels(
        mut self,
        tag_families: &'static [&'static str],
        events: &'static [&'static str],
        tags_hash: u64,
    ) -> Self {
        self.tag_families = tag_families;
        let events = events.iter().map(|event| Cow::Borrowed(*event)).collect();
        self.events = RwLock::new(events);
        self.tags_hash = tags_hash;
        self
    }

    /// Sets the options of the owner (a function).
    pub(crate) fn with_options(self, options: EntryOptions) -> Self {
        self.set_options(options);
        self
    }

    /// Replaces the options of the owner (a function), for entries that are computed and stored
    /// from now on.
    pub(crate) fn set_options(&self, options: EntryOptions) {
        *self.options.write() = Arc::new(options);
    }

    /// Returns `true` unless the configuration file turns the owner (a function) off.
    pub(crate) fn is_enabled(&self) -> bool {
        self.options.read().is_enabled
    }

    /// Returns the options of the owner (a function): those of its attribute, and over them those
    /// of the configuration file.
    pub(crate) fn options(&self) -> Arc<EntryOptions> {
        Arc::clone(&self.options.read())
    }

    /// Adds the templates of events that are not yet among those of the owner.
    #[cfg(feature = "http")]
    pub(crate) fn add_events<'a>(&self, events: impl IntoIterator<Item = &'a str>) {
        let mut all = self.events.write();
        for event in events {
            if !all.iter().any(|known| known == event) {
                all.push(Cow::Owned(event.to_owned()));
            }
        }
    }

    /// Returns the owner's events with arguments that `event` with the data `about` stands for.
    pub(crate) fn events_of(&self, event: &str, about: &[(String, String)]) -> Vec<String> {
        let events = self.events.read();
        let rendered = events.iter();
        rendered
            .filter_map(|template| render(template, event, about))
            .collect()
    }

    /// Returns the cause of a miss that an invalidation of the tag with the text `tag` made. The
    /// tag's family is the longest literal start of a template, else the text through its first
    /// colon: the rest of a tag may contain users' data.
    pub(crate) fn moved_tag(&self, tag: &str) -> MissCause {
        let starts = self.tag_families.iter().copied();
        let written = starts
            .filter(|start| tag.starts_with(start))
            .max_by_key(|start| start.len());
        let named = || {
            tag.split_inclusive(':')
                .next()
                .filter(|it| it.ends_with(':'))
        };
        match written.or_else(named) {
            Some(family) => self.counts.causes.of_family(family),
            None => MissCause::OTHER_TAG,
        }
    }

    /// Returns `true` at the first call and `false` at later calls, so that a warning about the
    /// value type of the owner (function or region) is logged once.
    pub(crate) fn is_first_report(&self) -> bool {
        !self.is_reported.swap(true, Ordering::Relaxed)
    }

    /// Returns `true` if a computation took a value of this owner.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Relaxed)
    }

    /// Records that a computation takes a value of this owner.
    pub(crate) fn set_taken(&self) {
        if !self.is_taken() {
            self.is_taken.store(true, Ordering::Relaxed);
        }
    }

    /// Returns `true` if an entry of this owner in Redis was found to depend on values that its
    /// computation took.
    pub(crate) fn is_composed(&self) -> bool {
        self.is_composed.load(Ordering::Relaxed)
    }

    /// Records that an entry of this owner in Redis depends on values that its computation took.
    pub(crate) fn set_composed(&self) {
        self.is_composed.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if this owner and another one were found to use one key.
    pub(crate) fn has_collided(&self) -> bool {
        self.has_collision.load(Ordering::Relaxed)
    }

    /// Records that `self` and `other`, two owners of entries (functions or regions), use one key,
    /// so that their entries replace each other. A warning is logged if this is the first such key
    /// of one of the two owners.
    #[cold]
    pub(crate) fn collides_with(&self, other: &Self) {
        let know_it = [self, other].map(|owner| owner.has_collision.swap(true, Ordering::Relaxed));
        if know_it.contains(&false) {
            trace::owners_collide(&self.name, &other.name);
        }
    }
}
