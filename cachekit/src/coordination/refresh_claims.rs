//! Pauses between refreshes: times for which no call recomputes a key, although its stale value is
//! served.
//!
//! A key is paused after a failed refresh, and while another process computes the key. For
//! refreshes in this process no pause is needed, because their flights are known. Without pauses,
//! every call near an entry's end would ask Redis for the lease while another process refreshes the
//! key, and every call after a failed refresh would begin another refresh.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::{Mutex, MutexGuard};
use crate::key::Key;
use crate::model::owner::OwnerId;

const SHARDS: usize = 16;
/// Largest number of keys in one shard (one part of the table of pauses) whose refreshes are
/// paused. If a shard is full, the pause of some key ends early, so that key is refreshed, or its
/// lease is requested, once more.
const MAX_CLAIMS: usize = 1_024;

/// Pause of refreshes after the first failed refresh of a key. `LONGEST_PAUSE` is the longest
/// pause, after many failures.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest time for which a refresh in another process is assumed to run, before this process asks
/// Redis for the lease again.
const REMOTE_CLAIM_TTL: Duration = Duration::from_secs(1);

type Hasher = foldhash::quality::RandomState;
/// Identity of an entry: its owner (a function or a region) and its key. Keys of different owners
/// may have the same text.
type EntryId = (OwnerId, Key);
type Table = HashMap<EntryId, Pause>;

/// Pauses between refreshes for all keys of one cache.
#[derive(Debug)]
pub(crate) struct RefreshClaims {
    hasher: Hasher,
    shards: Box<[Mutex<Table>]>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    /// Time before which no call in this process begins a refresh of the paused key.
    until: Tick,
    /// Number of refreshes of the key that failed since the last refresh that succeeded.
    failures: u32,
}

impl RefreshClaims {
    pub(crate) fn new() -> Self {
        Self {
            hasher: Hasher::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Returns `true` if refreshes of the entry are paused at `now`, so that the caller must not
    /// begin a refresh.
    pub(crate) fn is_claimed(&self, entry: &EntryId, now: Tick) -> bool {
        let table = self.table(entry);
        table.get(entry).is_some_and(|pause| now < pause.until)
    }

    /// Ends the pause of refreshes of the entry and forgets its failed refreshes, after a refresh
    /// that succeeded.
    pub(crate) fn succeeded(&self, entry: &EntryId) {
        self.table(entry).remove(entry);
    }

    /// Pauses refreshes of the entry after a failed refresh. Each further failure doubles the
    /// pause, up to a longest pause. `u`, a random number in (0, 1], shortens the pause by up to a
    /// quarter, so that processes do not retry together.
    pub(crate) fn failed(&self, entry: EntryId, now: Tick, u: f64) {
        self.pause(entry, now, |failures| Pause {
            until: now.after(longer(failures).mul_f64(0.75 + u / 4.0)),
            failures: failures.saturating_add(1),
        });
    }

    /// Pauses refreshes of the entry for at most `longest`, because another process computes its
    /// key.
    pub(crate) fn claimed_elsewhere(&self, entry: EntryId, now: Tick, longest: Duration) {
        self.pause(entry, now, |failures| Pause {
            until: now.after(longest.min(REMOTE_CLAIM_TTL)),
            failures,
        });
    }

    /// Stores the pause of refreshes that `after` returns for the number of failures so far. If the
    /// shard (one part of the table of pauses) is full, the pause of another key is removed.
    fn pause(&self, entry: EntryId, now: Tick, after: impl FnOnce(u32) -> Pause) {
        let mut table = self.table(&entry);
        let before = table.get(&entry).map(|pause| pause.failures);
        if before.is_none() && table.len() >= MAX_CLAIMS {
            make_room(&mut table, now);
        }
        table.insert(entry, after(before.unwrap_or_default()));
    }

    fn table(&self, entry: &EntryId) -> MutexGuard<'_, Table> {
        let hash = self.hasher.hash_one(entry);
        let shard = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        self.shards[shard].lock()
    }
}

fn longer(failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.min(8));
    doubled.min(LONGEST_PAUSE)
}

fn make_room(table: &mut Table, now: Tick) {
    table.retain(|_, pause| now < pause.until);
    if table.len() >= MAX_CLAIMS
        && let Some(entry) = table.keys().next().cloned()
    {
        table.remove(&entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    fn entry(owner: usize, key: &str) -> EntryId {
        (OwnerId(owner), Key::new(key.as_bytes()))
    }

    #[test]
    fn a_pause_is_of_one_key_of_one_owner() {
        let refresh_claims = RefreshClaims::new();
        refresh_claims.failed(entry(1, "a"), at(0), 1.0);
        let is_claimed = |owner, key| refresh_claims.is_claimed(&entry(owner, key), at(1));
        assert!(is_claimed(1, "a"));
        assert!(!is_claimed(1, "b"), "another key");
        assert!(!is_claimed(2, "a"), "another owner");
        refresh_claims.succeeded(&entry(2, "a"));
        assert!(is_claimed(1, "a"));
        refresh_claims.claimed_elsewhere(entry(2, "a"), at(0), FIRST_PAUSE);
        assert!(is_claimed(2, "a"));
        refresh_claims.succeeded(&entry(1, "a"));
        assert!(is_claimed(2, "a") && !is_claimed(1, "a"));
    }

    #[test]
    fn what_is_computed_elsewhere_is_left_alone_for_a_moment() {
        let refresh_claims = RefreshClaims::new();
        for (longest, until) in [(200, 200), (1_000, 1_000), (60_000, 1_000)] {
            refresh_claims.claimed_elsewhere(entry(1, "a"), at(0), Duration::from_millis(longest));
            assert!(refresh_claims.is_claimed(&entry(1, "a"), at(until - 1)));
            assert!(!refresh_claims.is_claimed(&entry(1, "a"), at(until)));
        }
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let refresh_claims = RefreshClaims::new();
        let entry = || entry(1, "a");
        let mut now = 0;
        let mut is_claimed = vec![];
        for _ in 0..7 {
            refresh_claims.failed(entry(), at(now), 1.0);
            let over = (now..)
                .step_by(250)
                .find(|next| !refresh_claims.is_claimed(&entry(), at(*next)));
            is_claimed.push((over.unwrap() - now) / 1_000);
            now = over.unwrap();
            // A computation in another process counts neither as a failed refresh nor as a success.
            refresh_claims.claimed_elsewhere(entry(), at(now), Duration::ZERO);
        }
        assert_eq!(is_claimed, [1, 2, 4, 8, 16, 30, 30]);
        refresh_claims.succeeded(&entry());
        refresh_claims.failed(entry(), at(now), 0.0);
        assert!(refresh_claims.is_claimed(&entry(), at(now + 749)));
        assert!(
            !refresh_claims.is_claimed(&entry(), at(now + 750)),
            "as after the first"
        );
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let refresh_claims = RefreshClaims::new();
        for key in 0..30_000_u32 {
            let key = entry(1, &key.to_string());
            refresh_claims.failed(key.clone(), at(0), 1.0);
            assert!(refresh_claims.is_claimed(&key, at(1)));
        }
        let all = || -> usize {
            let len = |shard: &Mutex<Table>| shard.lock().len();
            refresh_claims.shards.iter().map(len).sum()
        };
        assert_eq!(all(), SHARDS * MAX_CLAIMS);
        // Expired pauses are removed before other pauses.
        for key in 0..30_000_u32 {
            refresh_claims.failed(entry(2, &key.to_string()), at(1_000), 1.0);
        }
        assert_eq!(all(), SHARDS * MAX_CLAIMS);
    }
}
