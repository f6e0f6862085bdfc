//! Until when a key is not computed again while its old value is served: it could not be, or
//! another process does it. Whether this process does, its flights know.
//!
//! Without this every call near an entry's end would ask the store for the lease, while one
//! refresh runs elsewhere, and every call after a failed one would begin the next.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::{Mutex, MutexGuard};
use crate::key::Key;
use crate::model::owner::OwnerId;

const SHARDS: usize = 16;
/// Of keys in each; a key that does not fit is only forgotten too early.
const MOST: usize = 1_024;

/// After one failure, and after many.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long it is believed that another process computes.
const ELSEWHERE: Duration = Duration::from_secs(1);

type Hasher = foldhash::quality::RandomState;
/// A key, and whose: others' may read the same.
type Spot = (OwnerId, Key);
type Table = HashMap<Spot, Pause>;

/// The pauses between the refreshes of one cache.
#[derive(Debug)]
pub(crate) struct Refreshes {
    hasher: Hasher,
    shards: Box<[Mutex<Table>]>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    /// Before then nobody begins.
    until: Tick,
    /// How many failed in a row.
    failures: u32,
}

impl Refreshes {
    pub(crate) fn new() -> Self {
        Self {
            hasher: Hasher::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Returns `true` if nobody is to begin now.
    pub(crate) fn pauses(&self, spot: &Spot, now: Tick) -> bool {
        let table = self.table(spot);
        table.get(spot).is_some_and(|pause| now < pause.until)
    }

    /// The value is new: nothing is remembered.
    pub(crate) fn succeeded(&self, spot: &Spot) {
        self.table(spot).remove(spot);
    }

    /// It could not be computed: the next try is after a while, a longer one each time, and
    /// not at the same moment everywhere. `u` is uniform in (0, 1].
    pub(crate) fn failed(&self, spot: Spot, now: Tick, u: f64) {
        self.pause(spot, now, |failures| Pause {
            until: now.after(longer(failures).mul_f64(0.75 + u / 4.0)),
            failures: failures.saturating_add(1),
        });
    }

    /// Another process computes it, for at most `longest`.
    pub(crate) fn left_to_others(&self, spot: Spot, now: Tick, longest: Duration) {
        self.pause(spot, now, |failures| Pause {
            until: now.after(longest.min(ELSEWHERE)),
            failures,
        });
    }

    /// Remembers what `after` makes of the failures so far.
    fn pause(&self, spot: Spot, now: Tick, after: impl FnOnce(u32) -> Pause) {
        let mut table = self.table(&spot);
        let before = table.get(&spot).map(|pause| pause.failures);
        if before.is_none() && table.len() >= MOST {
            make_room(&mut table, now);
        }
        table.insert(spot, after(before.unwrap_or_default()));
    }

    fn table(&self, spot: &Spot) -> MutexGuard<'_, Table> {
        let hash = self.hasher.hash_one(spot);
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
    if table.len() >= MOST
        && let Some(spot) = table.keys().next().cloned()
    {
        table.remove(&spot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    fn spot(owner: usize, key: &str) -> Spot {
        (OwnerId(owner), Key::new(key.as_bytes()))
    }

    #[test]
    fn a_pause_is_of_one_key_of_one_owner() {
        let refreshes = Refreshes::new();
        refreshes.failed(spot(1, "a"), at(0), 1.0);
        let pauses = |owner, key| refreshes.pauses(&spot(owner, key), at(1));
        assert!(pauses(1, "a"));
        assert!(!pauses(1, "b"), "another key");
        assert!(!pauses(2, "a"), "another owner");
        refreshes.succeeded(&spot(2, "a"));
        assert!(pauses(1, "a"));
        refreshes.left_to_others(spot(2, "a"), at(0), FIRST_PAUSE);
        assert!(pauses(2, "a"));
        refreshes.succeeded(&spot(1, "a"));
        assert!(pauses(2, "a") && !pauses(1, "a"));
    }

    #[test]
    fn what_is_computed_elsewhere_is_left_alone_for_a_moment() {
        let refreshes = Refreshes::new();
        for (longest, until) in [(200, 200), (1_000, 1_000), (60_000, 1_000)] {
            refreshes.left_to_others(spot(1, "a"), at(0), Duration::from_millis(longest));
            assert!(refreshes.pauses(&spot(1, "a"), at(until - 1)));
            assert!(!refreshes.pauses(&spot(1, "a"), at(until)));
        }
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let refreshes = Refreshes::new();
        let spot = || spot(1, "a");
        let mut now = 0;
        let mut pauses = vec![];
        for _ in 0..7 {
            refreshes.failed(spot(), at(now), 1.0);
            let over = (now..)
                .step_by(250)
                .find(|next| !refreshes.pauses(&spot(), at(*next)));
            pauses.push((over.unwrap() - now) / 1_000);
            now = over.unwrap();
            // Not a failure, and not a success.
            refreshes.left_to_others(spot(), at(now), Duration::ZERO);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        refreshes.succeeded(&spot());
        refreshes.failed(spot(), at(now), 0.0);
        assert!(refreshes.pauses(&spot(), at(now + 749)));
        assert!(
            !refreshes.pauses(&spot(), at(now + 750)),
            "as after the first"
        );
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let refreshes = Refreshes::new();
        for key in 0..30_000_u32 {
            let key = spot(1, &key.to_string());
            refreshes.failed(key.clone(), at(0), 1.0);
            assert!(refreshes.pauses(&key, at(1)));
        }
        let all = || -> usize {
            let len = |shard: &Mutex<Table>| shard.lock().len();
            refreshes.shards.iter().map(len).sum()
        };
        assert_eq!(all(), SHARDS * MOST);
        // Those that are over leave first.
        for key in 0..30_000_u32 {
            refreshes.failed(spot(2, &key.to_string()), at(1_000), 1.0);
        }
        assert_eq!(all(), SHARDS * MOST);
    }
}
