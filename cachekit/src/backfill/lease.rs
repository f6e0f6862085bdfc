//! The right to compute an entry on behalf of all processes, and to store its value in L2.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::removed;
use crate::encoding::envelope::Token;
use crate::l2::entry_keys::EntryKeys;
use crate::l2::tier::SharedTier;
use crate::model::entry_options::EntryOptions;
use crate::model::lineage::Lineage;
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::Fill;
use crate::store::key_name::StoreKey;
use crate::store::lease_grant::LeaseGrant;
use crate::store::port::{LeaseTimes, NeededVersions};

/// The longest lifetime of a lease. If the process that holds the lease ends without releasing it,
/// the other processes wait at most this long for its computation.
const MAX_LEASE: Duration = Duration::from_secs(3);

/// The right to compute an entry and to store its value in L2. If a `LeaseGuard` is dropped before
/// the right was used, its lease is released in the background.
#[derive(Debug)]
pub(crate) struct LeaseGuard {
    pub(crate) l2: Arc<SharedTier>,
    pub(crate) keys: EntryKeys,
    pub(crate) guards: Vec<StoreKey>,
    pub(crate) grant: LeaseGrant,
    fencing_token: Option<FencingToken>,
    began: Instant,
}

/// The result of a computation's request for the right to store its value in L2.
#[derive(Debug)]
pub(crate) enum LeaseState {
    /// The store granted the lease. The computation may store its value in L2. If the `LeaseGuard`
    /// is dropped before that store, the lease is released.
    Granted(Box<LeaseGuard>),
    /// L2 could not be asked for the right to store the value. The entry in L2 may be older than
    /// the computed value, and must be removed.
    Unavailable,
    /// The computation stores nothing in L2. Entries that are computed from its value depend on
    /// these versions, which were read before the computation.
    VersionsOnly(Box<Lineage>),
    /// The computation does not use L2, and stores nothing there.
    None,
}

impl LeaseState {
    pub(crate) fn guard(&self) -> Option<&LeaseGuard> {
        match self {
            Self::Granted(lease) => Some(lease),
            Self::VersionsOnly(_) | Self::Unavailable | Self::None => None,
        }
    }
}

/// Returns the lifetimes of a lease and of its fencing token, from the grant until the first
/// renewal.
pub(crate) fn lease_times(lock_timeout: Duration) -> LeaseTimes {
    let lease = lock_timeout.min(MAX_LEASE);
    // A computation that outlives its lease may still store its value.
    let room = lock_timeout.saturating_mul(2).max(MAX_LEASE);
    LeaseTimes { lease, room }
}

impl LeaseGuard {
    pub(crate) fn new(
        l2: &Arc<SharedTier>,
        keys: EntryKeys,
        guards: Vec<StoreKey>,
        grant: LeaseGrant,
        holder: Option<Token>,
    ) -> Self {
        let fencing_token = FencingToken {
            entry: keys.entry.clone(),
            token: grant.token,
            holder,
        };
        Self {
            l2: Arc::clone(l2),
            keys,
            guards,
            grant,
            fencing_token: Some(fencing_token),
            began: Instant::now(),
        }
    }

    /// Returns a future that keeps a computation's token, and the versions that the value depends
    /// on, from expiring in L2. Until the computation is as old as `lock_timeout` (the longest wait
    /// of other calls for it), the future also renews the lease. The future never completes, so the
    /// caller must poll the future beside the computation and drop the future when the computation
    /// ends.
    pub(crate) fn renewal(
        &self,
        lock_timeout: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let Some(fencing_token) = self.fencing_token.clone() else {
            return Box::pin(std::future::pending());
        };
        let (l2, began) = (Arc::clone(&self.l2), self.began);
        let versions = self.keys.versions.iter();
        let names = versions.filter(|name| !name.never_expires());
        let names: Vec<StoreKey> = names.chain(&self.guards).cloned().collect();
        let is_kept = !removed!(l2.bus.terms, VersionsRunOut);
        Box::pin(async move {
            let mut lease_times = lease_times(lock_timeout);
            let needed = NeededVersions {
                names: if is_kept { &names } else { &[] },
                life: version_life(lease_times.room),
            };
            loop {
                let is_leased = fencing_token.holder.is_some() && began.elapsed() < lock_timeout;
                if !is_leased {
                    lease_times.lease = Duration::ZERO;
                }
                let pause = if is_leased {
                    lease_times.lease
                } else {
                    lease_times.room
                };
                tokio::time::sleep(pause / 3).await;
                // A failure needs no handling here: L2 rejects the value later if its token
                // expired.
                let _ = l2
                    .store
                    .renew(
                        &fencing_token,
                        lease_times,
                        needed,
                        SharedTier::background_deadline(),
                    )
                    .await;
            }
        })
    }

    /// Returns the names and versions that L2 compares before it stores a value: those of the
    /// grant, and those in `foreign`, the lineage of the values that the computation took. `late`
    /// is the number of the entry's names, its own and those of `foreign`, whose versions were not
    /// known at the grant.
    fn with_lineage(&self, late: usize, foreign: &Lineage) -> (Vec<StoreKey>, LeaseGrant) {
        let (mut guards, mut grant) = (self.guards.clone(), self.grant.clone());
        if removed!(self.l2.bus.terms, FillWithoutInner) {
            if late == foreign.unversioned.len() {
                // A node that has read such an entry guards the prefixes of foreign tags too.
                guards.clear();
                grant.guards.clear();
            }
            return (guards, grant);
        }
        for named in foreign.versions.iter().chain(&foreign.guards) {
            guards.push(StoreKey::of_shared(&named.name));
            grant.guards.push(named.version);
        }
        (guards, grant)
    }

    /// Uses the right to store: builds the request that stores `bytes` in L2 for the time `kept`
    /// and ends the lease. Returns `None` if the right was already used.
    pub(crate) fn into_fill(
        mut self,
        (value_tags, foreign): (Vec<StoreKey>, &Lineage),
        bytes: Vec<u8>,
        kept: Duration,
    ) -> Option<Fill> {
        let (guards, grant) = self.with_lineage(value_tags.len(), foreign);
        Some(Fill {
            fencing_token: self.fencing_token.take()?,
            grant,
            versions: self.keys.versions.clone(),
            guards,
            value_tags,
            is_encrypted: self.keys.is_encrypted,
            bytes,
            order: None,
            any_origin: self.l2.accepts_any_origin(),
            kept,
            version_life: version_life(kept),
            message: None,
            ended: None,
        })
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if let Some(fencing_token) = self
            .fencing_token
            .take()
            .filter(|fencing_token| fencing_token.holder.is_some())
        {
            release(&self.l2, fencing_token);
        }
    }
}

/// Releases the lease of `fencing_token` in the background, so that another process may compute. If
/// L2 does not answer, puts the removal of the entry into the outbox.
pub(crate) fn release(l2: &Arc<SharedTier>, fencing_token: FencingToken) {
    let (store, bus) = (Arc::clone(&l2.store), Arc::clone(&l2.bus));
    l2.spawn(async move {
        let released = store
            .release(&fencing_token, SharedTier::background_deadline())
            .await;
        if matches!(released, Err(Failure::Unavailable | Failure::Indeterminate)) {
            // The entry is removed as soon as the store can be reached, because other processes
            // would wait until the lease runs out. The entry's value, if the entry has one, was
            // rejected.
            bus.outbox.add([fencing_token.entry]);
        }
    });
}

/// Returns the time for which L2 keeps the versions of an entry whose own lifetime is `entry`. The
/// versions outlive the entry, so that no entry is lost because a version expired.
pub(crate) fn version_life(entry: Duration) -> Duration {
    entry.saturating_mul(2).max(Duration::from_secs(60))
}

/// Returns the [`version_life`] of an entry with `options` whose exact lifetime is not known yet.
/// `default_ttl` is the lifetime of an entry whose options contain none.
pub(crate) fn usual_version_life(options: &EntryOptions, default_ttl: Duration) -> Duration {
    version_life(options.ttl.unwrap_or(default_ttl))
}
