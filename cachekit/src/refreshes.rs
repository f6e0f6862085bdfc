//! Which keys are being computed again while their old value is served, here or elsewhere, and
//! which could not be.
//!
//! Without this every call near an entry's end would ask for the flight and the store for the
//! lease, while one refresh runs, and every call after a failed one would begin the next.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Tick;
use crate::key::Key;
use crate::sync::{Mutex, MutexGuard};

const SHARDS: usize = 16;
/// Of keys in each; a key that does not fit is only forgotten too early.
const MOST: usize = 1_024;

/// After one failure, and after many.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long it is believed that another process computes.
const ELSEWHERE: Duration = Duration::from_secs(1);

type Hasher = foldhash::quality::RandomState;
type Table = HashMap<Key, State>;

/// The refreshes of one cache.
#[derive(Debug)]
pub(crate) struct Refreshes {
    hasher: Hasher,
    shards: Box<[Mutex<Table>]>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Before then nobody begins.
    until: Tick,
    /// How many failed in a row.
    failures: u32,
    /// Which claim it is.
    number: u64,
    running: bool,
}

/// The right to compute one key again. Dropped, the next caller has it.
#[derive(Debug)]
pub(crate) struct Claim {
    refreshes: Arc<Refreshes>,
    key: Key,
    number: u64,
}

impl Refreshes {
    pub(crate) fn new() -> Self {
        Self {
            hasher: Hasher::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Lets the caller compute `key` again, unless somebody does, for at most `longest`, or it
    /// failed a moment ago.
    pub(crate) fn claim(
        self: &Arc<Self>,
        key: &[u8],
        now: Tick,
        longest: Duration,
    ) -> Option<Claim> {
        let mut table = self.table(key);
        let before = table.get(key).copied();
        if before.is_some_and(|state| now < state.until) {
            return None;
        }
        if before.is_none() && table.len() >= MOST {
            make_room(&mut table, now);
        }
        let number = before.map_or(0, |state| state.number) + 1;
        let state = State {
            until: now.after(longest),
            failures: before.map_or(0, |state| state.failures),
            number,
            running: true,
        };
        let key = Key::new(key);
        table.insert(key.clone(), state);
        Some(Claim {
            refreshes: Arc::clone(self),
            key,
            number,
        })
    }

    fn table(&self, key: &[u8]) -> MutexGuard<'_, Table> {
        let hash = self.hasher.hash_one(key);
        let shard = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        self.shards[shard].lock()
    }
}

fn make_room(table: &mut Table, now: Tick) {
    table.retain(|_, state| now < state.until);
    if table.len() >= MOST
        && let Some(key) = table.keys().next().cloned()
    {
        table.remove(&key);
    }
}

impl Claim {
    /// The value is new: nothing is remembered.
    pub(crate) fn succeeded(self) {
        if let Some(mut table) = self.table_if_own() {
            table.remove(&self.key);
        }
    }

    /// It could not be computed: the next try is after a while, a longer one each time, and
    /// not at the same moment everywhere. `u` is uniform in (0, 1].
    pub(crate) fn failed(self, now: Tick, u: f64) {
        self.rest(|state| {
            let doubled = FIRST_PAUSE.saturating_mul(1 << state.failures.min(8));
            state.failures = state.failures.saturating_add(1);
            state.until = now.after(doubled.min(LONGEST_PAUSE).mul_f64(0.75 + u / 4.0));
        });
    }

    /// Whoever computed it panicked: the next try is after as long as this one could have
    /// taken.
    pub(crate) fn panicked(self) {
        self.rest(|state| state.failures = state.failures.saturating_add(1));
    }

    /// Another process computes it, for at most `longest`.
    pub(crate) fn left_to_others(self, now: Tick, longest: Duration) {
        self.rest(|state| state.until = now.after(longest.min(ELSEWHERE)));
    }

    fn rest(&self, change: impl FnOnce(&mut State)) {
        if let Some(mut table) = self.table_if_own()
            && let Some(state) = table.get_mut(&self.key)
        {
            change(state);
            state.running = false;
        }
    }

    /// A claim that took too long may be another's by now.
    fn table_if_own(&self) -> Option<MutexGuard<'_, Table>> {
        let table = self.refreshes.table(self.key.as_bytes());
        let is_own = table
            .get(&self.key)
            .is_some_and(|state| state.running && state.number == self.number);
        is_own.then_some(table)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(mut table) = self.table_if_own() {
            table.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn one_at_a_time() {
        let refreshes = Arc::new(Refreshes::new());
        let first = refreshes.claim(b"a", at(0), LONG).unwrap();
        assert!(refreshes.claim(b"a", at(9_999), LONG).is_none());
        assert!(refreshes.claim(b"b", at(0), LONG).is_some(), "another key");
        drop(first);
        let second = refreshes.claim(b"a", at(1), LONG).unwrap();
        let third = refreshes.claim(b"a", at(10_001), LONG);
        assert!(third.is_some(), "the second takes too long");
        drop(second);
        assert!(
            refreshes.claim(b"a", at(10_002), LONG).is_none(),
            "not its own any more"
        );
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let refreshes = Arc::new(Refreshes::new());
        let mut now = 0;
        let mut pauses = vec![];
        for _ in 0..7 {
            refreshes
                .claim(b"a", at(now), LONG)
                .unwrap()
                .failed(at(now), 1.0);
            let next = (now..).step_by(250).find(|next| {
                refreshes
                    .claim(b"a", at(*next), LONG)
                    .map(|it| it.left_to_others(at(*next), Duration::ZERO))
                    .is_some()
            });
            pauses.push((next.unwrap() - now) / 1_000);
            now = next.unwrap();
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        refreshes.claim(b"a", at(now), LONG).unwrap().succeeded();
        refreshes
            .claim(b"a", at(now), LONG)
            .unwrap()
            .failed(at(now), 0.0);
        assert!(refreshes.claim(b"a", at(now + 749), LONG).is_none());
        assert!(
            refreshes.claim(b"a", at(now + 750), LONG).is_some(),
            "as after the first"
        );
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let refreshes = Arc::new(Refreshes::new());
        for key in 0..100_000_u32 {
            refreshes
                .claim(&key.to_le_bytes(), at(0), LONG)
                .unwrap()
                .failed(at(0), 1.0);
        }
        let all: usize = refreshes
            .shards
            .iter()
            .map(|shard| shard.lock().len())
            .sum();
        assert!(all <= SHARDS * MOST);
    }
}
