//! The names in the store (L2) of an entry and of the versions that the entry depends on.

use crate::base::random::Random;
use crate::key::Key;
use crate::l2::outbox::Outbox;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::port::EntryQuery;

/// The replica of a key's entry that a call uses in the store.
///
/// Each replica is an entry of its own, with its token, its lease and its value. All replicas of a
/// key depend on a shared version, as on the version of a tag. The store invalidates the shared
/// version with every invalidation and every write of the key, by any process, so no other code has
/// to know whether replicas exist. The shared version fences the computation of a replica, as the
/// token fences the computation of an entry without replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replica {
    /// The key has one entry in the store, without replicas.
    Only,
    /// The replica of the entry with this index, from 0. The replica 0 has the name of the entry
    /// itself.
    Nth(u8),
}

impl Replica {
    /// Picks at random the replica that a call reads. Returns [`Replica::Only`] if the function has
    /// no replicas.
    pub(crate) fn pick(options: &EntryOptions, random: &Random) -> Self {
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

    /// Returns `true` if an invalidation that concerns the entry or this replica still waits in
    /// `outbox`.
    pub(crate) fn is_blocked(self, key: &Key, outbox: &Outbox) -> bool {
        let is_copy = self != Self::Only;
        outbox.blocks(&StoreKey::entry(key)) || (is_copy && outbox.blocks(&self.entry(key)))
    }

    /// Returns the name of the version that all replicas of `key` share. Returns `None` for an
    /// entry without replicas.
    pub(crate) fn shared_version(self, key: &Key) -> Option<StoreKey> {
        (self != Self::Only).then(|| StoreKey::copies(key))
    }
}

/// The names in the store of an entry and of the versions that it depends on, as far as the names
/// are known before the value.
#[derive(Debug, Clone)]
pub(crate) struct EntryKeys {
    pub(crate) entry: StoreKey,
    pub(crate) replica: Replica,
    /// The names of the versions of the namespace, the function, the replicas and the known tags,
    /// in this order.
    pub(crate) versions: Vec<StoreKey>,
    /// The name of the version of the entry's key (`v:KEY`), which is read together with `versions`
    /// if entries are computed from entries of this function. Empty otherwise, and for a replica,
    /// whose `versions` have that name already.
    pub(crate) beside: Vec<StoreKey>,
    /// `true` if the entry is encrypted in the store.
    pub(crate) is_encrypted: bool,
}

impl EntryKeys {
    pub(crate) fn new(key: &Key, replica: Replica, owner: &Owner, entry_tags: &EntryTags) -> Self {
        let function = StoreKey::of_shared(&owner.version_name);
        let implicit = [StoreKey::everything(), function];
        let tags = tag_keys(key, replica, entry_tags);
        let is_needed = owner.is_taken() && replica == Replica::Only;
        let key_version = is_needed.then(|| StoreKey::copies(key));
        Self {
            entry: replica.entry(key),
            replica,
            versions: implicit.into_iter().chain(tags).collect(),
            // An entry's list of names cannot contain a name that is shortened in the store.
            beside: key_version
                .filter(|name| !name.is_long())
                .into_iter()
                .collect(),
            is_encrypted: false,
        }
    }

    pub(crate) fn query(&self, owner: &Owner) -> EntryQuery<'_> {
        EntryQuery {
            entry: &self.entry,
            versions: &self.versions,
            with_value_tags: owner.tag_prefixes.is_known() || owner.is_composed(),
            beside: &self.beside,
            is_encrypted: self.is_encrypted,
        }
    }
}

/// Returns the names of the replicas' version, if the entry has replicas, and of the versions of
/// the tags `entry_tags`. The replicas' version comes first, because each look-up of a replica
/// knows that version.
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

/// Returns the names of the guards (versions in the store of all tags with one prefix) that must
/// not change while a value of the function or region `owner` is computed, because the value's tags
/// are unknown yet: a guard for each tag prefix that earlier values of `owner` had. Before the
/// first value of `owner`, returns the guard of all tags.
pub(crate) fn guards(owner: &Owner) -> Vec<StoreKey> {
    owner
        .tag_prefixes
        .names()
        .iter()
        .map(|it| StoreKey::guard(it))
        .collect()
}

/// Returns `true` if `guards` (versions in the store of all tags with one prefix) contains the
/// guard of the prefix of `tag`, or the guard of all tags.
pub(crate) fn is_guarded(guards: &[StoreKey], tag: &StoreKey) -> bool {
    let covers = |tag_prefix: &[u8]| guards.contains(&StoreKey::guard(tag_prefix));
    covers(b"") || covers(tag_prefix(tag))
}

/// Returns the names that an invalidation of `tag` removes from the store: the tag's version, and
/// the guards (versions of all tags with one prefix) that cover the tag.
pub(crate) fn with_guards(tag: &StoreKey) -> Vec<StoreKey> {
    let mut names = vec![tag.clone(), StoreKey::guard(b"")];
    if !tag_prefix(tag).is_empty() {
        names.push(StoreKey::guard(tag_prefix(tag)));
    }
    names
}
