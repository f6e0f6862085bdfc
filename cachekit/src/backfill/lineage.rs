//! The lineage of values: the names and versions that entries depend on if they are computed from
//! these values.
//!
//! Versions are taken where a value was granted or found valid, and never later: a version that is
//! read after the value may have been made after an invalidation, and would make the invalidated
//! value look valid.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::lease::{LeaseGuard, usual_version_life};
use crate::backfill::lookup::L2Lookup;
use crate::base::fault::removed;
use crate::core::state::Core;
use crate::encoding::envelope::read::Envelope;
use crate::encoding::envelope::{IMPLICIT, Version};
use crate::key::Key;
use crate::l2::entry_keys::{EntryKeys, Replica, guards, is_guarded, tag_keys};
use crate::l2::tier::SharedTier;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::lineage::{EntryLineage, Lineage, NamedVersion};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::Found;

impl LeaseGuard {
    /// Returns the lineage of a value with `entry_tags` whose computation has this lease. Returns
    /// `None` if the lease was granted without the version of the entry's key, or without the guard
    /// of a value tag.
    pub(crate) fn lineage(&self, entry_tags: &EntryTags, key: &Key) -> Option<Lineage> {
        let keys = &self.keys;
        if !is_complete(keys) {
            return None;
        }
        let granted = named(&self.guards, self.grant.guards.iter().copied());
        let (own, guards): (Vec<_>, Vec<_>) =
            granted.partition(|it| StoreKey::of_shared(&it.name).is_key_version());
        if own.len() != keys.beside.len() {
            return None;
        }
        let versions = named(&keys.versions, self.grant.versions.iter().copied());
        let mut lineage = Lineage {
            versions: versions.chain(own).collect(),
            guards,
            ..Lineage::default()
        };
        let tags = tag_keys(key, keys.replica, entry_tags);
        let value_tags = tags.skip(keys.versions.len() - IMPLICIT);
        lineage.add_value_tags(value_tags).then_some(lineage)
    }
}

impl Lineage {
    /// Adds those of the value's tags, `tags`, that the lineage does not have yet. The versions of
    /// added tags are not known. Returns `false` if the guard of an added tag is missing. Removes
    /// all guards if the version of every name is known, because no name needs a guard then.
    pub(crate) fn add_value_tags(&mut self, tags: impl Iterator<Item = StoreKey>) -> bool {
        let guards = self.guards.iter().map(|it| StoreKey::of_shared(&it.name));
        let guards: Vec<StoreKey> = guards.collect();
        // No version of a synchronous function's value is known, so its tags need no guards.
        let is_sync = self.versions.is_empty();
        for tag in tags {
            // Without its guard, an invalidation of the tag that this node has not received would
            // not be noticed.
            if self.add_name(tag.shared()) && !is_sync && !is_guarded(&guards, &tag) {
                return false;
            }
        }
        if self.unversioned.is_empty() {
            self.guards.clear();
        }
        true
    }
}

impl L2Lookup<'_> {
    /// Reads the entry of the look-up. If `needs_lineage` and the version of the entry's key is
    /// missing, makes that version and reads the entry again, so that both are from one moment.
    pub(crate) async fn read(&self, needs_lineage: bool, until: Instant) -> Result<Found, Failure> {
        let query = self.keys.query(self.owner);
        let store = &self.l2.store;
        let found = store.read(query, until).await?;
        if !needs_lineage || !found.beside.contains(&None) {
            return Ok(found);
        }
        let life = usual_version_life(self.options, self.core.config.default_ttl);
        let any_origin = self.l2.accepts_any_origin();
        store
            .ensure_versions(&self.keys.beside, life, any_origin, until)
            .await?;
        store.read(query, until).await
    }

    /// Returns what is known of the lineage of the entry that L2 returned.
    pub(crate) fn lineage(&self, envelope: &Envelope<'_>, found: &Found) -> EntryLineage {
        let keys = &self.keys;
        if !self.owner.is_taken() {
            return EntryLineage::NotAsked;
        }
        if !is_complete(keys) {
            return EntryLineage::Unknowable;
        }
        let listed = keys.versions[..IMPLICIT].iter().cloned();
        let names = listed.chain(envelope.tags.iter().map(|name| StoreKey::read(name)));
        let beside: Option<Vec<Version>> = found.beside.iter().copied().collect();
        let Some(beside) = beside else {
            return EntryLineage::NotAsked;
        };
        let versions = named(names, envelope.versions.iter().copied());
        EntryLineage::Known(Arc::new(Lineage {
            versions: versions.chain(named(&keys.beside, beside)).collect(),
            ..Lineage::default()
        }))
    }
}

/// Returns the pairs of each name in `names` and its version in `versions`.
fn named(
    names: impl IntoIterator<Item: Borrow<StoreKey>>,
    versions: impl IntoIterator<Item = Version>,
) -> impl Iterator<Item = NamedVersion> {
    let pairs = names.into_iter().zip(versions);
    pairs.map(|(name, version)| NamedVersion {
        name: Arc::clone(name.borrow().shared()),
        version,
    })
}

/// Returns `true` if `keys` contains the name of the version of the entry's key: in `beside` or,
/// for a replica, in `versions`.
fn is_complete(keys: &EntryKeys) -> bool {
    keys.replica != Replica::Only || !keys.beside.is_empty()
}

impl Core {
    /// Returns `true` if `stored` is of no use inside of a computation: Redis could be asked for the
    /// versions that the computation's entry would depend on, and `stored` does not have them.
    pub(crate) fn lacks_lineage(&self, stored: &MemoryEntry) -> bool {
        let Some(l2) = &self.l2 else { return false };
        stored.may_gain_lineage() && l2.is_usable() && !removed!(self, PassWithoutVersion)
    }
}

/// Asks L2 for the versions of an entry that only memory will have, before its value is computed.
/// Returns `None` if L2 does not answer.
pub(crate) async fn ask_versions(
    l2: &SharedTier,
    owner: &Owner,
    key: &Key,
    entry_tags: &EntryTags,
    (options, default_ttl): (&EntryOptions, Duration),
    until: Instant,
) -> Option<Lineage> {
    let keys = EntryKeys::new(key, Replica::Only, owner, entry_tags);
    if !is_complete(&keys) {
        return None;
    }
    let guards = guards(owner);
    let names = keys.versions.iter().chain(&keys.beside).chain(&guards);
    let names: Vec<StoreKey> = names.cloned().collect();
    let life = usual_version_life(options, default_ttl);
    let any_origin = l2.accepts_any_origin();
    let answer = l2
        .store
        .ensure_versions(&names, life, any_origin, until)
        .await;
    let versions = answer
        .inspect_err(|failure| l2.count_failure(failure))
        .ok()?;
    let mut pairs = named(&names, versions);
    let listed = keys.versions.len() + keys.beside.len();
    Some(Lineage {
        versions: pairs.by_ref().take(listed).collect(),
        guards: pairs.collect(),
        unversioned: Vec::new(),
    })
}

/// Returns the names that the value of a synchronous function depends on. Such a function cannot ask
/// L2 for their versions, so L2 reads the versions when it stores an entry that was computed from the
/// value.
pub(crate) fn names_only(owner: &Owner, key: &Key, entry_tags: &EntryTags) -> Option<Lineage> {
    let keys = EntryKeys::new(key, Replica::Only, owner, entry_tags);
    let names = keys.versions.iter().skip(1).chain(&keys.beside);
    is_complete(&keys).then(|| Lineage {
        unversioned: names.map(|name| Arc::clone(name.shared())).collect(),
        ..Lineage::default()
    })
}
