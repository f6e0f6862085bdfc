//! What an entry and all that it hangs on are called in the store.

use crate::base::random::Random;
use crate::key::Key;
use crate::l2::outbox::Outbox;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::port::EntryQuery;

/// Which entry of a key is meant.
///
/// Copies are entries of their own: each has its token, its lease and its value. What they have in
/// common is a version, the version of all copies of the key, on which they hang as on a tag's. The
/// store takes it out of use with every invalidation of the key, and with every write of it, whoever
/// does that: nobody has to know whether there are copies. A computation of a copy is fenced by that
/// version, where one of an entry without copies is by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replica {
    /// The one that there is.
    Only,
    /// One of several, by its number from 0 on.
    Nth(u8),
}

impl Replica {
    /// The one that a call reads.
    pub(crate) fn pick(options: EntryOptions, random: &Random) -> Self {
        match options.copies() {
            Some(copies) => Self::Nth(random.below(copies)),
            None => Self::Only,
        }
    }

    pub(crate) fn entry(self, key: &Key) -> StoreKey {
        match self {
            Self::Only => StoreKey::entry(key),
            Self::Nth(index) => StoreKey::copy(key, index),
        }
    }

    /// Whether the store was not told yet of something that concerns it.
    pub(crate) fn is_blocked(self, key: &Key, outbox: &Outbox) -> bool {
        let is_copy = self != Self::Only;
        outbox.blocks(&StoreKey::entry(key)) || (is_copy && outbox.blocks(&self.entry(key)))
    }

    /// The version that all copies have in common, if there are any.
    pub(crate) fn shared_version(self, key: &Key) -> Option<StoreKey> {
        (self != Self::Only).then(|| StoreKey::copies(key))
    }
}

/// The names of one entry, as far as they are known before its value.
#[derive(Debug, Clone)]
pub(crate) struct EntryKeys {
    pub(crate) entry: StoreKey,
    pub(crate) replica: Replica,
    /// The namespace's, the function's, that of the copies, and those of the tags.
    pub(crate) versions: Vec<StoreKey>,
}

impl EntryKeys {
    pub(crate) fn new(key: &Key, replica: Replica, owner: &Owner, entry_tags: &EntryTags) -> Self {
        let implicit = [StoreKey::everything(), StoreKey::function(&owner.name)];
        let tags = tag_keys(key, replica, entry_tags);
        Self {
            entry: replica.entry(key),
            replica,
            versions: implicit.into_iter().chain(tags).collect(),
        }
    }

    pub(crate) fn query(&self, owner: &Owner) -> EntryQuery<'_> {
        EntryQuery {
            entry: &self.entry,
            versions: &self.versions,
            with_value_tags: owner.tag_prefixes.is_known(),
        }
    }
}

/// What an entry names beside the namespace and its function: the version of its copies comes
/// first, for it is known of every one of them.
pub(crate) fn tag_keys<'a>(
    key: &Key,
    replica: Replica,
    entry_tags: &'a EntryTags,
) -> impl Iterator<Item = StoreKey> + use<'a> {
    let shared_version = replica.shared_version(key);
    shared_version
        .into_iter()
        .chain(entry_tags.tags.iter().map(StoreKey::tag))
}

/// The guards that must not move while an owner's late tags are unknown: those of the
/// families that its tags were of so far; of all tags, before it had a value.
pub(crate) fn guards(owner: &Owner) -> Vec<StoreKey> {
    owner
        .tag_prefixes
        .names()
        .iter()
        .map(|it| StoreKey::guard(it))
        .collect()
}

/// Whether `guards` cover `tag`.
pub(crate) fn is_guarded(guards: &[StoreKey], tag: &StoreKey) -> bool {
    let covers = |tag_prefix: &[u8]| guards.contains(&StoreKey::guard(tag_prefix));
    covers(b"") || covers(tag_prefix(tag))
}

/// What is removed with a tag: its version, and the guards that cover it.
pub(crate) fn with_guards(tag: &StoreKey) -> Vec<StoreKey> {
    let mut names = vec![tag.clone(), StoreKey::guard(b"")];
    if !tag_prefix(tag).is_empty() {
        names.push(StoreKey::guard(tag_prefix(tag)));
    }
    names
}
