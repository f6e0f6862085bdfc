//! Invalidations in a Redis Cluster.
//!
//! All removals are answered before the message is sent, and the marks are removed after the message,
//! in the same script. An entry and the version of its key are removed by one command, and so are a
//! tag and its guards. If a slot is on its way to another master, such a command is refused, and its
//! names are removed one by one: an entry before the version of its key, and guards before their tag.

use std::collections::{BTreeMap, HashSet};

use redis::cmd;
use tokio::time::Instant;

use crate::base::fault::removed;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::failure::Failure;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::message::BusMessage;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::cluster::guards::partitions;
use crate::store::redis::cluster::names::{Names, Placed, partition};
use crate::store::redis::cluster::slot::slot;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{nonce, reply};
use crate::store::write_mark::WriteMark;

/// The number of names in one command. Lua and the buffers of a connection limit it.
const MOST_NAMES: usize = 1_000;

/// Names of one slot that are removed together, in the order in which they are removed one by one.
#[derive(Debug, Default)]
struct Doomed {
    /// Names of entries and replicas.
    entries: Vec<Vec<u8>>,
    /// Names of guards whose tags are not known, because the tags' names are hashes.
    guards: Vec<Vec<u8>>,
    /// Names of versions: guards before their tags.
    versions: Vec<Vec<u8>>,
}

impl Cluster {
    pub(crate) async fn remove(
        &self,
        names: &[StoreKey],
        mode: InvalidationMode,
        (ended, message): (&[WriteMark], &BusMessage),
        until: Instant,
    ) -> Result<(), Failure> {
        // Before the removal, so that no version that is read from now on is taken for an older one.
        self.forget_guards_of(names);
        let doomed = doomed(&self.names, names, removed!(self, SpareCopies));
        // A master that does not answer leaves time for the message.
        let left = until.saturating_duration_since(Instant::now());
        let removed_by = until - left / 4;
        let removed = match mode {
            InvalidationMode::Hard => self.unlink(&doomed, removed_by).await,
            InvalidationMode::Soft => self.soften(&doomed, removed_by).await,
        };
        // A removal whose answer was lost may have happened too.
        self.forget_guards_of(names);
        self.remembered.forget(names);
        // The other processes learn of the names that were removed, also if others are left. The
        // caller repeats both, and the marks stay until then.
        let ended = if removed.is_ok() { ended } else { &[] };
        let told = self.tell_all(message, ended, until).await;
        removed.and(told)
    }

    pub(crate) fn forget_guards_of(&self, names: &[StoreKey]) {
        for name in names {
            if name.is_tag() {
                let partition = partition(name);
                self.guards.forget(tag_prefix(name), partition);
                self.guards.forget(b"", partition);
            } else if let Some(tag_prefix) = name.guarded_prefix()
                && !covers_a_tag(tag_prefix, names)
            {
                for partition in partitions() {
                    self.guards.forget(tag_prefix, partition);
                }
            }
        }
    }

    async fn unlink(&self, doomed: &BTreeMap<u16, Doomed>, until: Instant) -> Result<(), Failure> {
        let mut groups = Vec::new();
        for (slot, names) in doomed {
            groups.push(unlinking(*slot, names.all()));
        }
        let answered = self.router.run(groups, until).await;
        let mut failure = None;
        for (answered, names) in answered.into_iter().zip(doomed.values()) {
            let removed = match answered {
                Ok(answer) => answer.speaker.said(reply::numbers(&answer.values)),
                Err(failure) => Err(failure),
            };
            let removed = match removed {
                Err(Failure::Rejected(code)) if code == "TRYAGAIN" => {
                    self.unlink_singly(names, until).await
                }
                other => other,
            };
            // The other names are removed all the same.
            failure = failure.or(removed.err());
        }
        failure.map_or(Ok(()), Err)
    }

    /// Removes the names of a slot that is on its way to another master, one by one.
    async fn unlink_singly(&self, names: &Doomed, until: Instant) -> Result<(), Failure> {
        let mut all: Vec<_> = names.all().collect();
        if removed!(self, VersionFirst) {
            all.reverse();
        }
        for name in all {
            let slot = slot(name);
            let mut unlink = cmd("UNLINK");
            unlink.arg(&name[..]);
            self.count(Group::new(slot).with(unlink), until).await?;
        }
        Ok(())
    }

    async fn soften(&self, doomed: &BTreeMap<u16, Doomed>, until: Instant) -> Result<(), Failure> {
        let one = |(slot, names): (&u16, &Doomed)| {
            let first = names.all().next().cloned().unwrap_or_default();
            let args = [
                nonce(),
                names.entries.len().to_string().into(),
                vec![],
                vec![],
            ];
            let call = Call::new(std::iter::once(first).chain(names.all().cloned()), args);
            Group::new(*slot).with_script(Script::Soften, call)
        };
        for answer in self.run(doomed.iter().map(one).collect(), until).await? {
            answer.speaker.said(reply::numbers(&answer.values))?;
        }
        Ok(())
    }
}

impl Doomed {
    /// Returns all names: entries before versions, and guards before tags.
    fn all(&self) -> impl Iterator<Item = &Vec<u8>> {
        let versions = self.guards.iter().chain(&self.versions);
        self.entries.iter().chain(versions)
    }
}

/// Returns the names in the cluster that an invalidation of `names` removes, by their slots. A tag
/// has its guards with it. A guard without a tag is removed from all partitions.
fn doomed(placing: &Names, names: &[StoreKey], spares_copies: bool) -> BTreeMap<u16, Doomed> {
    let mut doomed: BTreeMap<u16, Doomed> = BTreeMap::new();
    // Tags of one partition have guards in common.
    let mut added = HashSet::new();
    let mut add = |placed: Placed, list: fn(&mut Doomed) -> &mut Vec<Vec<u8>>| {
        if added.insert(placed.key.clone()) {
            list(doomed.entry(placed.slot).or_default()).push(placed.key);
        }
    };
    for name in names {
        if name.is_tag() {
            for placed in placing.with_guards(name) {
                add(placed, |it| &mut it.versions);
            }
        } else if let Some(tag_prefix) = name.guarded_prefix() {
            if !covers_a_tag(tag_prefix, names) {
                for partition in partitions() {
                    add(placing.guard(tag_prefix, partition), |it| &mut it.guards);
                }
            }
        } else if name.is_entry() {
            add(placing.full(name), |it| &mut it.entries);
            let copies = name.replicas_version().filter(|_| !spares_copies);
            if let Some(copies) = copies {
                add(placing.full(&copies), |it| &mut it.versions);
            }
        } else {
            add(placing.full(name), |it| &mut it.versions);
        }
    }
    doomed
}

/// Returns the commands that remove `names` of one slot.
fn unlinking<'a>(slot: u16, names: impl Iterator<Item = &'a Vec<u8>>) -> Group {
    let names: Vec<_> = names.collect();
    let one = |group: Group, names: &[&Vec<u8>]| {
        let mut unlink = cmd("UNLINK");
        for name in names {
            unlink.arg(&name[..]);
        }
        group.with(unlink)
    };
    names.chunks(MOST_NAMES).fold(Group::new(slot).once(), one)
}

/// Returns `true` if one of `names` is a tag or an event with the prefix `prefix`, so that its guards
/// are removed together with it.
fn covers_a_tag(prefix: &[u8], names: &[StoreKey]) -> bool {
    let is_covered = |name: &&StoreKey| prefix.is_empty() || tag_prefix(name) == prefix;
    names
        .iter()
        .filter(|name| name.is_tag())
        .any(|name| is_covered(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_removed_before_tags_also_if_names_are_hashes() {
        let placing = Names::new("shop");
        let names = ["t:5f0c", "t:77a1", "g:0a9e", "g:e1d2"];
        let names = names.map(|text| StoreKey::read(text.as_bytes()));
        let doomed = doomed(&placing, &names, false);
        for tag in &names[..2] {
            let placed = placing.full(tag);
            let all: Vec<_> = doomed[&placed.slot].all().collect();
            let at = |key: &Vec<u8>| all.iter().position(|it| *it == key).expect("it is removed");
            for guard in [b"0a9e", b"e1d2"] {
                let guard = placing.guard(guard, partition(tag));
                assert!(at(&guard.key) < at(&placed.key), "{all:?}");
            }
        }
    }
}
