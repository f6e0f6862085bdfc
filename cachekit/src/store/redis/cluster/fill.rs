//! Storing a value in a Redis Cluster, and the end of its lease.
//!
//! Before the store, this process compares the versions of the grant with those at other masters, and
//! asks for the versions of tags that only the value has. If a version moves after that, the entry is
//! stored with an invalid version, and its readers reject it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::{Value, cmd};
use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::encoding::envelope::{Token, VERSIONS, Version};
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::port::{LeaseTimes, NeededVersions};
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::cluster::guards::partitions;
use crate::store::redis::cluster::late::LateTags;
use crate::store::redis::cluster::names::Placed;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{millis, reply, whole_millis};

/// The longest time for which the end of a lease waits in the background for its answer.
const RELEASE: Duration = Duration::from_secs(1);

impl Cluster {
    pub(crate) async fn store(&self, fill: &Fill, until: Instant) -> Result<Filled, Failure> {
        let Some(late) = self.confirm(fill, until).await? else {
            // The lease ends by itself if this fails.
            let _ = self.end_lease(&fill.fencing_token, until).await;
            return Ok(Filled::Invalidated);
        };
        let entry = self.names.full(&fill.fencing_token.entry);
        let mut groups = vec![self.filling(fill, &entry, &late.versions)];
        let remembered = late.remembered.iter().map(|at| &fill.value_tags[*at]);
        let kept = kept_names(fill).into_iter().chain(remembered);
        groups.extend(self.keeping(kept.collect(), fill.version_life));
        let mut answered = self.router.run(groups, until).await.into_iter();
        if fill.message.is_some() {
            // The script of a write removes the version of the key.
            self.remembered
                .forget(std::slice::from_ref(&fill.fencing_token.entry));
        }
        // If a version is not kept, its entries are misses when it is over.
        let stored = answered.next().unwrap_or(Err(Failure::Unavailable))?;
        let (stored, speaker) = stored.last();
        let (filled, waits) = speaker.said(reply::filled_in_cluster(&stored))?;
        if filled == Filled::Stored {
            self.tell_of(fill, until).await?;
        }
        if waits {
            self.wake(&fill.fencing_token.entry, until).await;
        }
        Ok(filled)
    }

    /// Compares the versions of the grant with those that are remembered, and the others with those at
    /// the masters. Returns the versions of the value tags, or `None` if a version or a guard moved.
    async fn confirm(&self, fill: &Fill, until: Instant) -> Result<Option<LateTags>, Failure> {
        let named = fill.versions.iter().zip(&fill.grant.versions);
        let guards = fill.guards.iter().zip(&fill.grant.guards);
        let foreign = guards.filter(|(name, _)| name.guarded_prefix().is_none());
        let doubtful =
            |(name, version): &(&StoreKey, &Version)| self.remembered.get(name) != Some(**version);
        let (asked, recorded): (Vec<StoreKey>, Vec<Option<Version>>) = named
            .chain(foreign)
            .filter(doubtful)
            .map(|(name, version)| (name.clone(), Some(*version)))
            .unzip();
        if !asked.is_empty() && self.read_versions(&asked, until).await? != recorded {
            return Ok(None);
        }
        if fill.value_tags.is_empty() {
            return Ok(Some(LateTags::default()));
        }
        self.late_versions(fill, until).await
    }

    fn filling(&self, fill: &Fill, entry: &Placed, late: &[Version]) -> Group {
        let copies = fill.copies().filter(|_| !removed!(self, SpareCopies));
        let copies = copies.map(|name| self.names.full(&name).key);
        let token = &fill.fencing_token;
        let mut call = Call::with_room(18, 256 + fill.bytes.len());
        call.add_key(&[], &entry.key);
        if let Some(copies) = copies {
            call.add_key(&[], &copies);
        }
        call.add(&token.token.0)
            .add(token.holder.as_ref().map_or(&[], |holder| &holder.0))
            .add(&with_versions(fill, late))
            .add_number(whole_millis(fill.kept))
            .add_number(whole_millis(fill.version_life));
        // The versions and guards are at other masters, and so is whoever is to be told.
        call.add_number(0).add_number(0).add(b"").add_number(0);
        call.add(b"").add(b"");
        if let Some(order) = fill.order {
            call.add(b"").add(b"").add_number(0).add(b"");
            call.add(&order.to_be_bytes());
        }
        Group::new(entry.slot)
            .once()
            .with_script(Script::Fill, call)
    }

    /// Returns the commands that keep each of `places` for at least `life`.
    fn keeping(&self, names: Vec<&StoreKey>, life: Duration) -> Vec<Group> {
        let mut groups: BTreeMap<u16, Group> = BTreeMap::new();
        for name in names {
            let places = match name.guarded_prefix() {
                None => vec![self.names.full(name)],
                Some(it) => partitions().map(|at| self.names.guard(it, at)).collect(),
            };
            for Placed { key, slot } in places {
                let mut keep = cmd("PEXPIRE");
                keep.arg(key).arg(&millis(life)[..]).arg("GT");
                let group = groups.remove(&slot).unwrap_or_else(|| Group::new(slot));
                groups.insert(slot, group.with(keep));
            }
        }
        groups.into_values().collect()
    }

    pub(crate) async fn end_lease(
        &self,
        fencing_token: &FencingToken,
        until: Instant,
    ) -> Result<(), Failure> {
        let group = self.releasing(&fencing_token.entry, fencing_token.holder);
        match self.run_one(group, until).await?.last() {
            (Value::Int(waits), _) => {
                if waits == 2 {
                    self.wake(&fencing_token.entry, until).await;
                }
                Ok(())
            }
            (other, speaker) => speaker.said(Err(reply::problem(&other))),
        }
    }

    /// Ends a lease in the background, for a caller that did not get it.
    pub(crate) fn release_later(&self, entry: &StoreKey, holder: Token) {
        let (release, wake) = (self.releasing(entry, Some(holder)), self.waking(entry));
        let router = Arc::clone(&self.router);
        drop(self.home.spawn(async move {
            let released = router.run_one(release, from_now(RELEASE)).await;
            if released.is_ok_and(|answer| answer.last().0 == Value::Int(2)) {
                let _ = router.run_one(wake, from_now(RELEASE)).await;
            }
        }));
    }

    fn releasing(&self, entry: &StoreKey, holder: Option<Token>) -> Group {
        let entry = self.names.full(entry);
        let holder = holder.map_or_else(Vec::new, |holder| holder.0.into());
        let call = Call::new([entry.key], [holder, vec![], vec![]]);
        Group::new(entry.slot).with_script(Script::Release, call)
    }

    pub(crate) async fn renew_lease(
        &self,
        fencing_token: &FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'_>,
        until: Instant,
    ) -> Result<(), Failure> {
        let entry = self.names.full(&fencing_token.entry);
        let holder = fencing_token.holder;
        let args = [
            fencing_token.token.0.into(),
            holder.map_or_else(Vec::new, |holder| holder.0.into()),
            millis(lease_times.lease),
            millis(lease_times.room),
            millis(needed.life),
        ];
        let call = Call::new([entry.key], args);
        let group = Group::new(entry.slot).with_script(Script::Renew, call);
        if self.count(group, until).await? == 0 {
            return Ok(());
        }
        let keeping = self.keeping(needed.names.iter().collect(), needed.life);
        for answer in self.run(keeping, until).await? {
            answer.speaker.said(reply::numbers(&answer.values))?;
        }
        Ok(())
    }
}

/// Returns the names of the versions that the stored entry needs for its whole life. The script for
/// late tags keeps those that it reads.
fn kept_names(fill: &Fill) -> Vec<&StoreKey> {
    let versions = fill.versions.iter().filter(|name| !name.never_expires());
    let foreign = fill.guards.iter();
    let foreign = foreign.filter(|name| name.guarded_prefix().is_none() && !name.never_expires());
    versions.chain(foreign).collect()
}

/// Returns the bytes of the entry, with the versions of its value tags `late` in their places.
fn with_versions(fill: &Fill, late: &[Version]) -> Vec<u8> {
    let mut bytes = fill.bytes.clone();
    let at = VERSIONS + Version::LEN * fill.versions.len();
    let late: Vec<u8> = late.iter().flat_map(|version| version.0).collect();
    if let Some(places) = bytes.get_mut(at..at + late.len()) {
        places.copy_from_slice(&late);
    }
    bytes
}
