//! The versions of tags that only a value has, in a Redis Cluster.
//!
//! A guard must be the one of the grant when the version of a tag is read, in one step. So each
//! partition has the guards of its tags.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use redis::Value;
use tokio::time::Instant;

use crate::encoding::envelope::Version;
use crate::store::failure::Failure;
use crate::store::fill::Fill;
use crate::store::key_name::StoreKey;
use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::{Answer, Group};
use crate::store::redis::cluster::names::partition;
use crate::store::redis::cluster::versions::{Known, ORIGIN_AT};
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{millis, nonce, reply};

/// The value tags of one partition.
struct Part {
    slot: u16,
    partition: u8,
    /// The positions of the tags among the value tags, and their names in the cluster.
    tags: Vec<(usize, Vec<u8>)>,
    /// The guards of the grant in this partition, and their names in the cluster.
    guards: Vec<(Version, Vec<u8>)>,
}

/// The versions of the value tags of one value.
#[derive(Debug, Default)]
pub(crate) struct LateTags {
    pub(crate) versions: Vec<Version>,
    /// The positions of the tags whose versions were remembered before the grant, and not asked for.
    pub(crate) remembered: Vec<usize>,
}

/// The answer of a partition of tags.
enum Late {
    Versions(Vec<Version>),
    GuardMoved,
}

impl Cluster {
    /// Returns the versions of the value tags of `fill`, or `None` if a guard moved after the grant.
    pub(crate) async fn late_versions(
        &self,
        fill: &Fill,
        until: Instant,
    ) -> Result<Option<LateTags>, Failure> {
        let mut known = self.remembered_before(fill);
        let positions = (0..known.len()).filter(|at| known[*at].is_some());
        let remembered: Vec<usize> = positions.collect();
        let asked = self.remembered.asking();
        let Some(parts) = self.parts(fill, &remembered) else {
            return Ok(None);
        };
        let tags = fill.value_tags.iter().enumerate();
        let others = tags.filter(|(_, name)| !name.is_tag());
        let ask = self.wanted(others, fill.version_life, fill.any_origin);
        let option = if fill.any_origin { "o" } else { "k" };
        let (mut groups, mut nonces): (Vec<_>, Vec<_>) =
            parts.iter().map(|part| part.group(fill, option)).unzip();
        for (group, nonce) in ask.groups("k") {
            groups.push(group);
            nonces.push(nonce);
        }
        let answers = self.run(groups, until).await?;
        let mut answers = answers.into_iter().zip(nonces);
        let mut strange = Vec::new();
        for part in parts {
            let (answer, nonce) = answers.next().ok_or(Failure::Indeterminate)?;
            let origin = answer.origin;
            let Late::Versions(versions) = Self::late_of(&part, answer, &nonce)? else {
                self.forget_guards(fill, part.partition);
                return Ok(None);
            };
            if !fill.any_origin && versions.iter().any(|it| it.origin() != origin) {
                strange.push(part);
                continue;
            }
            for (version, (at, _)) in versions.into_iter().zip(&part.tags) {
                known[*at] = Some(version);
                self.remember(&fill.value_tags[*at], version, asked);
            }
        }
        self.learn(&ask, answers.collect(), &mut known, until)
            .await?;
        if !self.replace(fill, strange, &mut known, until).await? {
            return Ok(None);
        }
        let versions: Option<Vec<_>> = known.into_iter().collect();
        let late = |versions| LateTags {
            versions,
            remembered,
        };
        versions.map(late).map(Some).ok_or(Failure::Indeterminate)
    }

    /// Returns the versions of the value tags of `fill` that this process remembered before the grant,
    /// and remembers since.
    fn remembered_before(&self, fill: &Fill) -> Known {
        let mut positions = fill.guards.iter().zip(&fill.grant.guards);
        let granted = positions.find_map(|(name, position)| {
            name.guarded_prefix()?;
            self.guards.changes_until(*position)
        });
        let one = |name: &StoreKey| {
            let version = self.remembered.since(name, granted?)?;
            let slot = self.names.full(name).slot;
            let is_present = fill.any_origin || version.origin() == self.origin(slot);
            (name.is_tag() && is_present).then_some(version)
        };
        fill.value_tags.iter().map(one).collect()
    }

    /// Returns the tags of `fill` other than `remembered` by their partitions, or `None` if a guard of
    /// one of these partitions is not known since the grant.
    fn parts(&self, fill: &Fill, remembered: &[usize]) -> Option<Vec<Part>> {
        let mut parts: BTreeMap<u8, Part> = BTreeMap::new();
        let tags = fill.value_tags.iter().enumerate();
        let unknown = |(at, name): &(usize, &StoreKey)| name.is_tag() && !remembered.contains(at);
        for (at, name) in tags.filter(unknown) {
            let placed = self.names.full(name);
            let partition = partition(name);
            let part = match parts.entry(partition) {
                Entry::Occupied(part) => part.into_mut(),
                Entry::Vacant(place) => place.insert(Part {
                    slot: placed.slot,
                    partition,
                    tags: Vec::new(),
                    guards: self.guards_of(fill, partition)?,
                }),
            };
            part.tags.push((at, placed.key));
        }
        Some(parts.into_values().collect())
    }

    fn guards_of(&self, fill: &Fill, partition: u8) -> Option<Vec<(Version, Vec<u8>)>> {
        let guards = fill.guards.iter().zip(&fill.grant.guards);
        let one = |(name, position): (&StoreKey, &Version)| {
            let tag_prefix = name.guarded_prefix()?;
            let guard = self.guards.since(tag_prefix, partition, *position);
            let placed = self.names.guard(tag_prefix, partition);
            Some(guard.map(|guard| (guard, placed.key)))
        };
        guards.filter_map(one).collect()
    }

    fn forget_guards(&self, fill: &Fill, partition: u8) {
        for tag_prefix in fill.guards.iter().filter_map(StoreKey::guarded_prefix) {
            self.guards.forget(tag_prefix, partition);
        }
    }

    /// Replaces the versions of the tags of `strange`, after the masters were asked for their origins
    /// again. Returns `false` if a guard moved.
    async fn replace(
        &self,
        fill: &Fill,
        strange: Vec<Part>,
        known: &mut [Option<Version>],
        until: Instant,
    ) -> Result<bool, Failure> {
        if strange.is_empty() {
            return Ok(true);
        }
        let slots = strange.iter().map(|part| part.slot).collect();
        self.ask_origins(slots, until).await?;
        let (groups, nonces): (Vec<_>, Vec<_>) =
            strange.iter().map(|part| part.group(fill, "")).unzip();
        let answers = self.run(groups, until).await?;
        for ((part, answer), nonce) in strange.iter().zip(answers).zip(nonces) {
            let Late::Versions(versions) = Self::late_of(part, answer, &nonce)? else {
                self.forget_guards(fill, part.partition);
                return Ok(false);
            };
            for (version, (at, _)) in versions.into_iter().zip(&part.tags) {
                known[*at] = Some(version);
            }
        }
        Ok(true)
    }

    fn late_of(part: &Part, answer: Answer, nonce: &[u8]) -> Result<Late, Failure> {
        let (value, speaker) = answer.last();
        if let Value::Array(parts) = &value
            && let [Value::BulkString(repeated)] = &parts[..]
            && repeated == nonce
        {
            return Ok(Late::GuardMoved);
        }
        let versions = reply::made_versions(value, nonce, part.tags.len());
        speaker.said(versions).map(Late::Versions)
    }
}

impl Part {
    /// Returns the script for this partition, with its nonce.
    fn group(&self, fill: &Fill, option: &str) -> (Group, Vec<u8>) {
        let nonce = nonce();
        let args = [
            nonce.clone(),
            UNKNOWN_ORIGIN.into(),
            millis(fill.version_life),
            option.into(),
            self.guards.len().to_string().into(),
            self.guards.iter().flat_map(|(guard, _)| guard.0).collect(),
        ];
        let guards = self.guards.iter().map(|(_, key)| key.clone());
        let tags = self.tags.iter().map(|(_, key)| key.clone());
        let call = Call::new(guards.chain(tags), args);
        let group =
            Group::new(self.slot)
                .once()
                .with_origin(Script::LateInCluster, call, ORIGIN_AT);
        (group, nonce)
    }
}
