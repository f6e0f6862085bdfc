//! Which keys are used most, in a table of a fixed size.
//!
//! Of all uses a [sample](Sampler) is counted, so a hit pays for no more than finding out that it
//! is not in it. What is counted goes through one lock, which is held for about as long as an
//! entry of a hash table is found and changed, and never while anybody's code runs.

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

/// After so long a use counts half.
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Longer keys are left out, so that the table's size is bounded in bytes too.
const LONGEST_KEY: usize = 1 << 10;

/// One of the keys that are used most: see [`Cache::hot_keys`](crate::Cache::hot_keys).
///
/// `Debug` leaves out the key, which holds a call's arguments.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKey {
    /// The function that uses it, by its name in statistics, or the region.
    pub function: String,
    /// The key, as it stands in the cache: `user:42`.
    pub key: String,
    /// About how many calls asked for it, each of which counts half after ten minutes.
    pub uses: u64,
    /// At most so many of [`uses`](Self::uses) were uses of keys that were counted in its place
    /// before.
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

/// The uses of one cache's keys.
pub(crate) struct HotKeys {
    /// Of so many keys at most; zero: of none.
    capacity: usize,
    aged: Mutex<Aged>,
}

struct Aged {
    counters: SpaceSaving,
    /// How many half-lives of the clock were over when counts were last halved.
    half_lives: u64,
}

impl HotKeys {
    /// Counts the uses of `capacity` keys.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            aged: Mutex::new(Aged {
                counters: SpaceSaving::new(capacity),
                half_lives: 0,
            }),
        }
    }

    /// `uses` uses of `key` by `owner`, at `now`.
    pub(crate) fn count(&self, owner: OwnerId, key: &[u8], uses: u32, now: Tick) {
        if self.capacity == 0 || key.len() > LONGEST_KEY {
            return;
        }
        let mut aged = self.aged.lock();
        aged.age(now);
        aged.counters.add(owner, key, u64::from(uses));
    }

    /// The `most` keys that are used most as of `now`, the first of them most of all. Those of an
    /// owner whose name is not known are left out.
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
    /// Halves the counts for each half-life that is over.
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
        // Never the keys: they hold arguments.
        f.debug_struct("HotKeys")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
