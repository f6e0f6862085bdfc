//! The right to compute an entry in a Redis Cluster.
//!
//! The token and the lease are at the master of the entry, and the versions are at others. All are
//! asked at once. If the entry has a value that may be good, its master answers with the versions that
//! the entry lists, and this process compares them with those of the other masters.

use redis::Value;
use tokio::time::Instant;

use crate::encoding::envelope::{Token, Version};
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::{AcquireRequest, Acquired, EntryQuery, Found, UNKNOWN_ORIGIN};
use crate::store::redis::acquire_args::AcquireArgs;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::cluster::names::Placed;
use crate::store::redis::cluster::reads::Reading;
use crate::store::redis::cluster::versions::{Known, ORIGIN_AT};
use crate::store::redis::reply::acquired::{InCluster, acquired_in_cluster};
use crate::store::redis::script::{Call, Script};

/// The number of times that an entry is compared which another process stored meanwhile.
const MOST_TIMES: usize = 3;

/// A request for the right to compute, as the entry's master gets it.
struct Acquiring<'a> {
    query: EntryQuery<'a>,
    request: &'a AcquireRequest,
    entry: Placed,
    rejected: Option<Token>,
    ends_rejected: bool,
}

impl Cluster {
    pub(crate) async fn acquire_lease(
        &self,
        query: EntryQuery<'_>,
        request: &AcquireRequest,
        until: Instant,
    ) -> Result<Acquired, Failure> {
        let asked = self.acquire_and_read(query, request, None, until);
        asked.await.map(|(_, acquired)| acquired)
    }

    pub(crate) async fn read_and_acquire(
        &self,
        query: EntryQuery<'_>,
        request: &AcquireRequest,
        until: Instant,
    ) -> Result<(Found, Acquired), Failure> {
        let reading = Reading::new(&self.names, &self.remembered, query);
        let asked = self.acquire_and_read(query, request, Some(&reading), until);
        let (found, acquired) = asked.await?;
        Ok((found.ok_or(Failure::Indeterminate)?, acquired))
    }

    /// Asks for the right to compute, and for the versions at other masters. With `reading`, also
    /// reads the entry and its versions. Ends a lease that was granted if the rest fails.
    async fn acquire_and_read(
        &self,
        query: EntryQuery<'_>,
        request: &AcquireRequest,
        reading: Option<&Reading<'_>>,
        until: Instant,
    ) -> Result<(Option<Found>, Acquired), Failure> {
        let mut is_granted = false;
        let asked = self.ask_all(query, request, reading, &mut is_granted, until);
        let asked = asked.await;
        if asked.is_err()
            && is_granted
            && let Some(holder) = request.holder
        {
            self.release_later(query.entry, holder);
        }
        asked
    }

    /// Asks as [`acquire_and_read`](Self::acquire_and_read) does. Sets `is_granted` if the entry's
    /// master granted the right, also if other masters fail.
    async fn ask_all(
        &self,
        query: EntryQuery<'_>,
        request: &AcquireRequest,
        reading: Option<&Reading<'_>>,
        is_granted: &mut bool,
        until: Instant,
    ) -> Result<(Option<Found>, Acquired), Failure> {
        let mut acquiring = Acquiring::new(self, query, request);
        let mut known = self.known_to(&acquiring);
        let positions = (0..known.len()).filter(|at| known[*at].is_some());
        let mut remembered: Vec<usize> = positions.collect();
        let unknown = acquiring.names().enumerate();
        let unknown = unknown.filter(|(at, _)| !remembered.contains(at));
        let ask = self.wanted(unknown, request.version_life, request.any_origin);
        let (first, nonce) = acquiring.group(reading);
        let mut groups = vec![first];
        groups.extend(reading.map(Reading::groups).unwrap_or_default());
        let read = groups.len() - 1;
        let (making, nonces): (Vec<_>, Vec<_>) = ask.groups("k").into_iter().unzip();
        groups.extend(making);
        let mut answered = self.router.run(groups, until).await.into_iter();
        let mut own = answered.next().unwrap_or(Err(Failure::Unavailable))?;
        let value = own.values.pop().unwrap_or(Value::Nil);
        let (speaker, origin) = (own.speaker.clone(), own.origin);
        let mut said = speaker.said(acquired_in_cluster(value, &nonce, origin))?;
        *is_granted = said.is_granted();
        let mut answers: Vec<_> = answered.collect::<Result<_, _>>()?;
        let made = answers.split_off(read).into_iter().zip(nonces).collect();
        let found = match reading {
            Some(reading) => Some(self.found(reading, own, answers, until).await?),
            None => None,
        };
        if let InCluster::Said(acquired @ (Acquired::Held(_) | Acquired::Filled)) = said {
            return Ok((found, acquired));
        }
        self.learn(&ask, made, &mut known, until).await?;
        let mut versions = self.complete(acquiring.names(), known)?;
        for time in 0..=MOST_TIMES {
            match said {
                InCluster::Said(Acquired::Granted(mut grant)) => {
                    grant.guards = versions.split_off(query.versions.len());
                    grant.versions = versions;
                    return Ok((found, Acquired::Granted(grant)));
                }
                InCluster::Said(other) => return Ok((found, other)),
                InCluster::MayBeFilled(_, listed) if is_good(&listed, &versions, query) => break,
                InCluster::MayBeFilled(..) if time == MOST_TIMES => break,
                InCluster::MayBeFilled(token, listed) => {
                    // A remembered version does not show that an entry is dead.
                    let names = std::mem::take(&mut remembered);
                    self.read_again(&acquiring, names, &mut versions, until)
                        .await?;
                    if is_good(&listed, &versions, query) {
                        break;
                    }
                    (acquiring.rejected, acquiring.ends_rejected) = (Some(token), false);
                }
            }
            let (group, nonce) = acquiring.group(None);
            let answer = self.run_one(group, until).await?;
            let origin = answer.origin;
            let (value, speaker) = answer.last();
            said = speaker.said(acquired_in_cluster(value, &nonce, origin))?;
            *is_granted = said.is_granted();
        }
        // The caller reads the entry, and judges it.
        Ok((found, Acquired::Filled))
    }

    /// Returns the versions that this process remembers of the names of `acquiring`, except those in
    /// the entry's slot, and those of another origin than that of their present master.
    fn known_to(&self, acquiring: &Acquiring<'_>) -> Known {
        let one = |name: &StoreKey| {
            let version = self.remembered.get(name)?;
            let slot = self.names.full(name).slot;
            let is_present = acquiring.request.any_origin || version.origin() == self.origin(slot);
            (slot != acquiring.entry.slot && is_present).then_some(version)
        };
        acquiring.names().map(one).collect()
    }

    /// Asks the masters for the versions at the positions `remembered`, and puts them into
    /// `versions`.
    async fn read_again(
        &self,
        acquiring: &Acquiring<'_>,
        remembered: Vec<usize>,
        versions: &mut [Version],
        until: Instant,
    ) -> Result<(), Failure> {
        let names = acquiring.names().enumerate();
        let names = names.filter(|(at, _)| remembered.contains(at));
        let request = acquiring.request;
        let ask = self.wanted(names, request.version_life, request.any_origin);
        let (groups, nonces): (Vec<_>, Vec<_>) = ask.groups("k").into_iter().unzip();
        let answers = self.run(groups, until).await?;
        let mut known: Known = versions.iter().copied().map(Some).collect();
        let answers = answers.into_iter().zip(nonces).collect();
        self.learn(&ask, answers, &mut known, until).await?;
        for (version, known) in versions.iter_mut().zip(known) {
            *version = known.unwrap_or(*version);
        }
        Ok(())
    }
}

/// Returns `true` if an entry lists the present versions of the query's names.
fn is_good(listed: &[Version], versions: &[Version], query: EntryQuery<'_>) -> bool {
    let count = query.versions.len();
    listed.len() >= count && listed[..count] == versions[..count]
}

impl<'a> Acquiring<'a> {
    fn new(cluster: &Cluster, query: EntryQuery<'a>, request: &'a AcquireRequest) -> Self {
        Self {
            query,
            request,
            entry: cluster.names.full(query.entry),
            rejected: request.rejected_token,
            ends_rejected: request.ends_rejected,
        }
    }

    /// Returns the names of the versions and guards that a grant has.
    fn names(&self) -> impl Iterator<Item = &'a StoreKey> + use<'a> {
        self.query.versions.iter().chain(&self.request.guards)
    }

    /// Returns the commands for the entry's master, with the nonce of the request.
    fn group(&self, reading: Option<&Reading<'_>>) -> (Group, Vec<u8>) {
        let mut call = Call::with_room(12, 256);
        call.add_key(&[], &self.entry.key);
        AcquireArgs {
            request: self.request,
            versions: self.query.versions.len(),
            endless: 0,
            rejected: (self.rejected, self.ends_rejected),
            in_cluster: true,
        }
        .add_to(&mut call, UNKNOWN_ORIGIN);
        let nonce = call.nonce().to_vec();
        let group = reading.map_or_else(|| Group::new(self.entry.slot), Reading::entry_group);
        (group.with_origin(Script::Acquire, call, ORIGIN_AT), nonce)
    }
}
