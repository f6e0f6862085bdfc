//! Reading entries from a Redis Cluster.

use std::time::Duration;

use redis::cmd;
use tokio::time::Instant;

use crate::encoding::envelope::read::Envelope;
use crate::encoding::envelope::{IMPLICIT, Token, VERSIONS, Version};
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::{EntryQuery, Found};
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::{Answer, Group};
use crate::store::redis::cluster::names::{Names, Placed};
use crate::store::redis::cluster::remembered::{Asked, Remembered};
use crate::store::redis::cluster::versions::{Gets, Known};
use crate::store::redis::reply;
use crate::store::redis::reply::reads::Sought;

/// The names of a query in the cluster.
pub(crate) struct Reading<'a> {
    query: EntryQuery<'a>,
    entry: Placed,
    /// The versions that the entry lists, and those beside it.
    versions: Vec<Placed>,
    /// The positions of the versions in the entry's slot, which one command reads with the entry.
    own: Vec<usize>,
    /// The positions of the versions that are not read, because this process remembers them.
    skipped: Vec<usize>,
    asked: Asked,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(names: &Names, remembered: &Remembered, query: EntryQuery<'a>) -> Self {
        let entry = names.full(query.entry);
        let versions = query.versions.iter().chain(query.beside);
        let versions: Vec<_> = versions.map(|name| names.full(name)).collect();
        let is_own = |at: &usize| versions[*at].slot == entry.slot;
        let own: Vec<_> = (0..versions.len()).filter(is_own).collect();
        let asked = remembered.asking();
        // What is read beside the entry is read in one step with it.
        let listed = query.versions.iter().enumerate();
        let is_known =
            |(at, name): &(usize, &StoreKey)| !own.contains(at) && remembered.get(name).is_some();
        Self {
            query,
            skipped: listed.filter(is_known).map(|(at, _)| at).collect(),
            own,
            entry,
            versions,
            asked,
        }
    }

    /// Returns the name of the version at this position.
    fn name(&self, at: usize) -> Option<&'a StoreKey> {
        let beside = at.checked_sub(self.query.versions.len());
        match beside {
            None => self.query.versions.get(at),
            Some(at) => self.query.beside.get(at),
        }
    }

    /// Returns the commands that read the entry, its remaining life, and the versions in its slot.
    /// The life is read before the entry, so it is never too long.
    pub(crate) fn entry_group(&self) -> Group {
        let mut life = cmd("PTTL");
        life.arg(&self.entry.key[..]);
        let mut get = cmd("MGET");
        get.arg(&self.entry.key[..]);
        for at in &self.own {
            get.arg(&self.versions[*at].key[..]);
        }
        Group::new(self.entry.slot).with(life).with(get)
    }

    /// Returns the commands that read the other versions.
    pub(crate) fn groups(&self) -> Vec<Group> {
        self.gets().groups()
    }

    fn gets(&self) -> Gets<'_> {
        let versions = self.versions.iter().enumerate();
        let is_asked = |at: &usize| !self.own.contains(at) && !self.skipped.contains(at);
        Gets::of(versions.filter(|(at, _)| is_asked(at)))
    }
}

impl Cluster {
    pub(crate) async fn read_entry(
        &self,
        query: EntryQuery<'_>,
        until: Instant,
    ) -> Result<Found, Failure> {
        let reading = Reading::new(&self.names, &self.remembered, query);
        let mut groups = vec![reading.entry_group()];
        groups.extend(reading.groups());
        let mut answers = self.run(groups, until).await?;
        let own = answers.remove(0);
        self.found(&reading, own, answers, until).await
    }

    /// Parses the answers of the entry's master and of the others. Reads the versions that are
    /// remembered and do not confirm the entry, and those of the entry's value tags if the query asks
    /// for them.
    pub(crate) async fn found(
        &self,
        reading: &Reading<'_>,
        own: Answer,
        others: Vec<Answer>,
        until: Instant,
    ) -> Result<Found, Failure> {
        let mut known: Known = vec![None; reading.versions.len()];
        Self::read_gets(&reading.gets(), others, &mut known)?;
        for (at, version) in known.iter().enumerate() {
            if let (Some(version), Some(name)) = (version, reading.name(at)) {
                self.remember(name, *version, reading.asked);
            }
        }
        let (bytes, left) = Self::read_own(reading, own, &mut known)?;
        let doubtful = self.confirmed(reading, bytes.as_deref(), &mut known);
        let value_tags = match &bytes {
            Some(bytes) if reading.query.with_value_tags => value_tags(bytes, reading.query),
            _ => None,
        };
        let value_tags = self
            .read_rest(reading, &doubtful, value_tags, &mut known, until)
            .await?;
        let beside = known.split_off(reading.query.versions.len());
        Ok(Found {
            bytes,
            left,
            versions: known,
            value_tags,
            beside,
        })
    }

    /// Takes the remembered versions that the entry lists. Returns the positions of the others that
    /// were not read. A version that was forgotten since the question confirms nothing.
    fn confirmed(
        &self,
        reading: &Reading<'_>,
        bytes: Option<&[u8]>,
        known: &mut Known,
    ) -> Vec<usize> {
        let mut doubtful = Vec::new();
        for at in reading.skipped.iter().copied() {
            let remembered = self.remembered.get(&reading.query.versions[at]);
            let listed = bytes.and_then(|bytes| listed(bytes, at));
            if listed.is_some() && listed != remembered {
                doubtful.push(at);
            } else {
                known[at] = remembered;
            }
        }
        doubtful
    }

    /// Reads the versions at the positions `doubtful`, and those of the value tags `tags` that no
    /// remembered version confirms.
    async fn read_rest(
        &self,
        reading: &Reading<'_>,
        doubtful: &[usize],
        tags: Option<ValueTags>,
        known: &mut Known,
        until: Instant,
    ) -> Result<Option<(Token, Known)>, Failure> {
        let doubted = doubtful.iter().map(|at| &reading.query.versions[*at]);
        let mut names: Vec<StoreKey> = doubted.cloned().collect();
        let mut versions = vec![];
        for (name, listed) in tags.iter().flat_map(|tags| &tags.listed) {
            let remembered = self.remembered.get(name).filter(|it| it == listed);
            if remembered.is_none() {
                names.push(name.clone());
            }
            versions.push(remembered);
        }
        if !names.is_empty() {
            let mut read = self.read_versions(&names, until).await?.into_iter();
            for at in doubtful {
                known[*at] = read.next().flatten();
            }
            for version in versions.iter_mut().filter(|it| it.is_none()) {
                *version = read.next().flatten();
            }
        }
        Ok(tags.map(|tags| (tags.token, versions)))
    }

    fn read_own(
        reading: &Reading<'_>,
        own: Answer,
        known: &mut Known,
    ) -> Result<(Option<Vec<u8>>, Duration), Failure> {
        let sought = Sought {
            entry: 0,
            versions: (1..=reading.own.len()).collect(),
            listed: reading.own.len(),
            has_value_tags: false,
        };
        let keys = 1 + reading.own.len();
        let mut found = reply::reads::found(own.values, &[sought], keys);
        let found = found.pop().ok_or(Failure::Indeterminate)?;
        let found = own.speaker.said(found)?;
        for (version, at) in found.versions.into_iter().zip(&reading.own) {
            known[*at] = version;
        }
        Ok((found.bytes, found.left))
    }
}

/// The names that an entry lists beyond those of the query, with the versions that it lists.
struct ValueTags {
    token: Token,
    listed: Vec<(StoreKey, Version)>,
}

fn value_tags(bytes: &[u8], query: EntryQuery<'_>) -> Option<ValueTags> {
    let envelope = Envelope::parse(bytes).ok()?;
    let known = query.versions.len().saturating_sub(IMPLICIT);
    let names = envelope.tags.iter().skip(known);
    let names = names.map(|name| StoreKey::read(name));
    let versions = envelope.versions.iter().skip(IMPLICIT + known).copied();
    Some(ValueTags {
        token: envelope.fill,
        listed: names.zip(versions).collect(),
    })
}

/// Returns the version at the position `at` in the entry `bytes`. Returns `None` if `bytes` are no
/// entry with a value. A version that is wrong confirms nothing.
fn listed(bytes: &[u8], at: usize) -> Option<Version> {
    let at = VERSIONS + at * Version::LEN;
    Version::of(bytes.get(at..at + Version::LEN)?)
}
