//! The most used keys, counted in a table of a fixed size.
//!
//! Uses of keys are [sampled](Sampler): most hits only decrement a counter. A sampled use takes a
//! lock that all threads share. The lock is held for about the time of one look-up in a hash table,
//! and never while user code runs.

pub(crate) mod sampler;
pub(crate) mod space_saving;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::l1::hot_keys::space_saving::SpaceSaving;
use crate::model::owner::OwnerId;

/// Period after which all counts are halved, so that older uses weigh less.
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Longest key that is counted, in bytes. Uses of longer keys are ignored, so that the table is
/// bounded in bytes, too.
const LONGEST_KEY: usize = 1 << 10;

/// A frequently used key: see [`Cache::hot_keys`](crate::Cache::hot_keys).
///
/// `Debug` omits the key, which contains a call's arguments.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKey {
    /// Name of the function that uses the key, as in statistics, or of the region.
    pub function: String,
    /// Text of the key, for example `user:42`.
    pub key: String,
    /// Approximate number of calls that asked for the key. The number is halved every ten minutes.
    pub uses: u64,
    /// Largest number of [`uses`](Self::uses) that may be those of other keys. The counter of this
    /// key may have counted other keys before.
    pub error: u64,
}

impl fmt::Debug for HotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HotKey")
            .field("function", &self.function)
            .field("uses", &self.uses)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Counters for the most used keys of one cache.
pub(crate) struct HotKeys {
    /// Largest number of keys that are counted at once. Zero turns counting off.
    capacity: usize,
    aged: Mutex<Aged>,
}

struct Aged {
    counters: SpaceSaving,
    /// Number of half-lives between the start of the clock and the last halving of the counts.
    half_lives: u64,
}

impl HotKeys {
    /// Creates counters for up to `capacity` keys. With zero, no use is counted.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            aged: Mutex::new(Aged {
                counters: SpaceSaving::new(capacity),
                half_lives: 0,
            }),
        }
    }

    /// Adds `uses` to the count of `key`, which belongs to `owner`, after halving all counts for
    /// the half-lives that ended before `now`.
    pub(crate) fn count(&self, owner: OwnerId, key: &[u8], uses: u32, now: Tick) {
        if self.capacity == 0 || key.len() > LONGEST_KEY {
            return;
        }
        let mut aged = self.aged.lock();
        aged.age(now);
        aged.counters.add(owner, key, u64::from(uses));
    }

    /// Returns up to `most` keys, with the most used key first. Counts are halved for the
    /// half-lives that ended before `now`. Keys for whose owner `name` returns `None` are omitted.
    pub(crate) fn hottest(
        &self,
        most: usize,
        now: Tick,
        name: impl Fn(OwnerId) -> Option<String>,
    ) -> Vec<HotKey> {
        let mut aged = self.aged.lock();
        aged.age(now);
        let mut counted: Vec<_> = aged.counters.iter().cloned().collect();
        drop(aged);
        counted.sort_by(|a, b| (b.uses, a.error, &a.key).cmp(&(a.uses, b.error, &b.key)));
        let hottest = counted.into_iter().filter_map(|counter| {
            Some(HotKey {
                function: name(counter.owner)?,
                // Keys are written from strings only.
                key: String::from_utf8_lossy(&counter.key).into_owned(),
                uses: counter.uses,
                error: counter.error,
            })
        });
        hottest.take(most).collect()
    }
}

impl Aged {
    /// Halves all counts once for each half-life that ended between the last halving and `now`.
    fn age(&mut self, now: Tick) {
        let over = now.nanos() / HALF_LIFE_NANOS;
        if over > self.half_lives {
            self.counters.halve(over - self.half_lives);
            self.half_lives = over;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ten minutes fit")]
const HALF_LIFE_NANOS: u64 = HALF_LIFE.as_nanos() as u64;

impl fmt::Debug for HotKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the keys: they contain arguments.
        f.debug_struct("HotKeys")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
