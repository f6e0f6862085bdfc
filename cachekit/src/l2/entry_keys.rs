//! The names in the store of an entry and of the versions that it depends on.

use crate::base::random::Random;
use crate::key::Key;
use crate::l2::outbox::Outbox;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::port::EntryQuery;

/// The replica of a key's entry that a call uses.
///
/// Replicas are entries of their own: each has its token, its lease and its value. All depend on a
/// shared version, as on a tag's. The store invalidates that version with every invalidation and
/// every write of the key, no matter which process does it, so no other code has to know whether
/// replicas exist. The computation of a replica is fenced by that version, where an entry without
/// replicas is fenced by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replica {
    /// The entry has no replicas.
    Only,
    /// The replica with this index, from 0.
    Nth(u8),
}

impl Replica {
    /// Picks the replica that a call reads.
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

    /// Returns `true` if the store has not accepted an invalidation that concerns the replica.
    pub(crate) fn is_blocked(self, key: &Key, outbox: &Outbox) -> bool {
        let is_copy = self != Self::Only;
        outbox.blocks(&StoreKey::entry(key)) || (is_copy && outbox.blocks(&self.entry(key)))
    }

    /// Returns the version that all replicas share, if there are any.
    pub(crate) fn shared_version(self, key: &Key) -> Option<StoreKey> {
        (self != Self::Only).then(|| StoreKey::copies(key))
    }
}

/// The names of an entry and its versions, as far as they are known before the value.
#[derive(Debug, Clone)]
pub(crate) struct EntryKeys {
    pub(crate) entry: StoreKey,
    pub(crate) replica: Replica,
    /// The versions of the namespace, the function, the replicas and the tags.
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

/// Returns the names of an entry's versions after those of the namespace and its function. The
/// replicas' version comes first, because it is known for each of them.
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

/// Returns the guards that must not change while an owner's value tags are unknown: those of the
/// prefixes seen so far, or, before the first value, the guard of all tags.
pub(crate) fn guards(owner: &Owner) -> Vec<StoreKey> {
    owner
        .tag_prefixes
        .names()
        .iter()
        .map(|it| StoreKey::guard(it))
        .collect()
}

/// Returns `true` if `guards` cover `tag`.
pub(crate) fn is_guarded(guards: &[StoreKey], tag: &StoreKey) -> bool {
    let covers = |tag_prefix: &[u8]| guards.contains(&StoreKey::guard(tag_prefix));
    covers(b"") || covers(tag_prefix(tag))
}

/// Returns the names to remove with a tag: its version and the guards that cover it.
pub(crate) fn with_guards(tag: &StoreKey) -> Vec<StoreKey> {
    let mut names = vec![tag.clone(), StoreKey::guard(b"")];
    if !tag_prefix(tag).is_empty() {
        names.push(StoreKey::guard(tag_prefix(tag)));
    }
    names
}
