//! Reading versions in a Redis Cluster, and making those that are missing.
//!
//! A version of another origin than that of its master may be one that was invalidated before a
//! failover. It is replaced only after the master was asked for its origin again, because the origin
//! of a master changes when its first replica attaches.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use redis::cmd;
use tokio::time::Instant;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::encoding::envelope::Version;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::{Answer, Group};
use crate::store::redis::cluster::guards::partitions;
use crate::store::redis::cluster::names::Placed;
use crate::store::redis::cluster::remembered::Asked;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{millis, nonce, reply};

/// The position of the origin among the arguments of the scripts that make versions.
pub(crate) const ORIGIN_AT: usize = 1;

/// A version that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) placed: Placed,
    never_expires: bool,
    pub(crate) is: Is,
}

/// The use of a version that is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Is {
    /// The version of this name, which is at this position.
    Name(usize, StoreKey),
    /// The guard of this prefix in this partition, which the table of guards does not have.
    Guard(Vec<u8>, u8),
}

/// The versions that are asked for, by their slots, and the way in which missing ones are made.
#[derive(Debug)]
pub(crate) struct Ask {
    by_slot: BTreeMap<u16, Vec<Wanted>>,
    life: Duration,
    any_origin: bool,
    /// The number of changes of the table of guards when the question was made.
    asked_at: u64,
    asked: Asked,
}

/// The versions that are known, in the order of their names.
pub(crate) type Known = Vec<Option<Version>>;

impl Cluster {
    /// Prepares the question for the versions of `names`. A guard is asked for in those partitions in
    /// which the table of guards has none.
    pub(crate) fn wanted<'a>(
        &self,
        names: impl IntoIterator<Item = (usize, &'a StoreKey)>,
        life: Duration,
        any_origin: bool,
    ) -> Ask {
        let (asked_at, asked) = (self.guards.changes(), self.remembered.asking());
        let mut by_slot: BTreeMap<u16, Vec<Wanted>> = BTreeMap::new();
        let mut add = |placed: Placed, never_expires, is| {
            let wanted = Wanted {
                placed,
                never_expires,
                is,
            };
            by_slot.entry(wanted.placed.slot).or_default().push(wanted);
        };
        for (at, name) in names {
            let Some(tag_prefix) = name.guarded_prefix() else {
                let is = Is::Name(at, name.clone());
                add(self.names.full(name), name.never_expires(), is);
                continue;
            };
            for partition in self.guards.missing(tag_prefix) {
                let placed = self.names.guard(tag_prefix, partition);
                add(placed, false, Is::Guard(tag_prefix.into(), partition));
            }
        }
        Ask {
            by_slot,
            life,
            any_origin,
            asked_at,
            asked,
        }
    }

    /// Records the answers to the groups of `ask`. Puts the versions of names into `known`. Asks the
    /// masters for their origins where a version has another, and then replaces these versions.
    pub(crate) async fn learn(
        &self,
        ask: &Ask,
        answers: Vec<(Answer, Vec<u8>)>,
        known: &mut Known,
        until: Instant,
    ) -> Result<(), Failure> {
        let strange = self.record(ask, answers, known, false)?;
        if strange.is_empty() {
            return Ok(());
        }
        self.ask_origins(strange.keys().copied().collect(), until)
            .await?;
        let again = Ask {
            by_slot: strange,
            ..*ask
        };
        let groups = again.groups("");
        let (groups, nonces): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        let answers = self.run(groups, until).await?;
        // What is strange now was made by a master that changed meanwhile. Readers reject it.
        let answers = answers.into_iter().zip(nonces).collect();
        self.record(&again, answers, known, true)?;
        Ok(())
    }

    /// Records the answers. Unless `is_last`, leaves out the versions whose origin is not that of
    /// their masters, and returns what was asked for.
    fn record(
        &self,
        ask: &Ask,
        answers: Vec<(Answer, Vec<u8>)>,
        known: &mut Known,
        is_last: bool,
    ) -> Result<BTreeMap<u16, Vec<Wanted>>, Failure> {
        let mut strange: BTreeMap<u16, Vec<Wanted>> = BTreeMap::new();
        for ((answer, nonce), (slot, wanted)) in answers.into_iter().zip(&ask.by_slot) {
            let origin = answer.origin;
            let (versions, speaker) = answer.last();
            let versions = reply::made_versions(versions, &nonce, wanted.len());
            for (version, wanted) in speaker.said(versions)?.into_iter().zip(wanted) {
                let is_strange = version.origin() != origin && !ask.any_origin;
                if is_strange && !is_last {
                    strange.entry(*slot).or_default().push(wanted.clone());
                    continue;
                }
                match &wanted.is {
                    Is::Name(at, name) => {
                        known[*at] = Some(version);
                        if !is_strange {
                            self.remember(name, version, ask.asked);
                        }
                    }
                    Is::Guard(tag_prefix, partition) => {
                        self.guards.insert(
                            tag_prefix,
                            *partition,
                            version,
                            (ask.asked_at, ask.life),
                        );
                    }
                }
            }
        }
        Ok(strange)
    }

    /// Returns the versions of `names`, and makes those that are missing. The version of a guard is
    /// the present position of the table of guards.
    pub(crate) async fn make_versions(
        &self,
        names: &[StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> Result<Vec<Version>, Failure> {
        let ask = self.wanted(names.iter().enumerate(), life, any_origin);
        let (groups, nonces): (Vec<_>, Vec<_>) = ask.groups("k").into_iter().unzip();
        let answers = self.run(groups, until).await?;
        let mut known = vec![None; names.len()];
        let answers = answers.into_iter().zip(nonces).collect();
        self.learn(&ask, answers, &mut known, until).await?;
        self.complete(names, known)
    }

    /// Returns the version of each of `names`: that in `known`, or the present position for a guard.
    pub(crate) fn complete<'a>(
        &self,
        names: impl IntoIterator<Item = &'a StoreKey>,
        known: Known,
    ) -> Result<Vec<Version>, Failure> {
        let position = self.guards.position();
        let one = |(name, known): (&StoreKey, Option<Version>)| {
            known.or_else(|| name.guarded_prefix().map(|_| position))
        };
        let versions: Option<Vec<_>> = names.into_iter().zip(known).map(one).collect();
        versions.ok_or(Failure::Indeterminate)
    }

    /// Reads the versions of `names`. The version of a guard is a hash of the guards of all
    /// partitions, or `None` if one is missing.
    pub(crate) async fn read_versions(
        &self,
        names: &[StoreKey],
        until: Instant,
    ) -> Result<Known, Failure> {
        let asked = self.remembered.asking();
        let mut places = Vec::new();
        for name in names {
            match name.guarded_prefix() {
                None => places.push(self.names.full(name)),
                Some(it) => places.extend(partitions().map(|at| self.names.guard(it, at))),
            }
        }
        let mut found = self.get(&places, until).await?.into_iter();
        let one = |name: &StoreKey| {
            if name.guarded_prefix().is_none() {
                let version = found.next().flatten();
                if let Some(version) = version {
                    self.remember(name, version, asked);
                }
                return version;
            }
            let guards: Vec<_> = found.by_ref().take(partitions().count()).collect();
            let guards: Vec<Version> = guards.into_iter().collect::<Option<_>>()?;
            let part = |range: Range<usize>| -> Vec<u8> {
                guards
                    .iter()
                    .flat_map(|guard| guard.0[range.clone()].to_vec())
                    .collect()
            };
            // Soft invalidations change the last bytes alone, as they do in a version.
            let mut combined = [0; Version::LEN];
            combined[..16].copy_from_slice(&xxh3_128(&part(0..16)).to_le_bytes());
            combined[16..].copy_from_slice(&xxh3_64(&part(16..Version::LEN)).to_le_bytes());
            Some(Version(combined))
        };
        Ok(names.iter().map(one).collect())
    }

    /// Remembers `version`, the answer to a question after `asked`.
    pub(crate) fn remember(&self, name: &StoreKey, version: Version, asked: Asked) {
        let change = || self.guards.next_change();
        self.remembered.insert(name, version, asked, change);
    }

    /// Reads the versions at `places`.
    pub(crate) async fn get(&self, places: &[Placed], until: Instant) -> Result<Known, Failure> {
        let gets = Gets::of(places.iter().enumerate());
        let answers = self.run(gets.groups(), until).await?;
        let mut known = vec![None; places.len()];
        Self::read_gets(&gets, answers, &mut known)?;
        Ok(known)
    }

    /// Parses the answers to the groups of `gets`, and puts the versions into `known`.
    pub(crate) fn read_gets(
        gets: &Gets<'_>,
        answers: Vec<Answer>,
        known: &mut Known,
    ) -> Result<(), Failure> {
        for (answer, places) in answers.into_iter().zip(gets.0.values()) {
            let (versions, speaker) = answer.last();
            let versions = reply::versions(versions, places.len());
            for (version, (at, _)) in speaker.said(versions)?.into_iter().zip(places) {
                known[*at] = version;
            }
        }
        Ok(())
    }
}

impl Ask {
    /// Returns one group for each slot, with its nonce. With the option `k`, a version of another
    /// origin is returned and not replaced.
    pub(crate) fn groups(&self, option: &str) -> Vec<(Group, Vec<u8>)> {
        let option = if self.any_origin { "o" } else { option };
        let one = |(slot, wanted): (&u16, &Vec<Wanted>)| {
            let digit = |it: &Wanted| if it.never_expires { b'1' } else { b'0' };
            let nonce = nonce();
            let args = [
                nonce.clone(),
                UNKNOWN_ORIGIN.into(),
                millis(self.life),
                option.into(),
                wanted.iter().map(digit).collect(),
            ];
            let call = Call::new(wanted.iter().map(|it| it.placed.key.clone()), args);
            let group = Group::new(*slot).with_origin(Script::Versions, call, ORIGIN_AT);
            (group, nonce)
        };
        self.by_slot.iter().map(one).collect()
    }
}

/// Names whose versions are read, by their slots, with their positions.
#[derive(Debug)]
pub(crate) struct Gets<'a>(BTreeMap<u16, Vec<(usize, &'a Placed)>>);

impl<'a> Gets<'a> {
    pub(crate) fn of(places: impl IntoIterator<Item = (usize, &'a Placed)>) -> Self {
        let mut by_slot: BTreeMap<u16, Vec<_>> = BTreeMap::new();
        for (at, placed) in places {
            by_slot.entry(placed.slot).or_default().push((at, placed));
        }
        Self(by_slot)
    }

    /// Returns one group for each slot.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let one = |(slot, places): (&u16, &Vec<(usize, &Placed)>)| {
            let mut get = cmd("MGET");
            for (_, placed) in places {
                get.arg(&placed.key[..]);
            }
            Group::new(*slot).with(get)
        };
        self.0.iter().map(one).collect()
    }
}
