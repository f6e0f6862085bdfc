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

/// Period after which the counts of all hot keys are halved, so that older uses weigh less.
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Longest key, in bytes, whose uses are counted for the hot keys. Uses of longer keys are ignored,
/// so that the memory of the table is bounded.
const LONGEST_KEY: usize = 1 << 10;

/// A frequently used key, as [`Cache::hot_keys`](crate::Cache::hot_keys) returns it.
///
/// `Debug` omits the key, which contains a call's arguments.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HotKey {
    /// Name of the function that uses the key, as in statistics, or name of the region.
    pub function: String,
    /// Text of the frequently used key, for example `user:42`.
    pub key: String,
    /// Approximate number of calls that looked up the key. The number is halved every ten minutes.
    pub uses: u64,
    /// Largest part of [`uses`](Self::uses) that may be uses of other keys, because the counter of
    /// this key may have counted other keys before.
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
    /// Largest number of keys whose uses are counted at once. With zero, no use is counted.
    capacity: usize,
    aged: Mutex<Aged>,
}

struct Aged {
    counters: SpaceSaving,
    /// Number of half-lives that had ended, since the start of the clock, when the counts of the
    /// hot keys were last halved.
    half_lives: u64,
}

impl HotKeys {
    /// Creates counters for the uses of up to `capacity` keys. With zero, no use is counted.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            aged: Mutex::new(Aged {
                counters: SpaceSaving::new(capacity),
                half_lives: 0,
            }),
        }
    }

    /// Forgets all counts.
    #[cfg(feature = "dashboard")]
    pub(crate) fn clear(&self) {
        self.aged.lock().counters = SpaceSaving::new(self.capacity);
    }

    /// Adds `uses` to the count of `key`, which belongs to `owner`. First, all counts are halved
    /// once for each half-life that ended before `now`.
    pub(crate) fn count(&self, owner: OwnerId, key: &[u8], uses: u32, now: Tick) {
        if self.capacity == 0 || key.len() > LONGEST_KEY {
            return;
        }
        let mut aged = self.aged.lock();
        aged.age(now);
        aged.counters.add(owner, key, u64::from(uses));
    }

    /// Returns up to `most` hot keys, with the most used key first. Before that, all counts are
    /// halved once for each half-life that ended before `now`. Keys for whose owner `name` returns
    /// `None` are omitted.
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
                // A key is written only from strings, so the conversion to UTF-8 loses nothing.
                key: String::from_utf8_lossy(&counter.key).into_owned(),
                uses: counter.uses,
                error: counter.error,
            })
        });
        hottest.take(most).collect()
    }
}

impl Aged {
    /// Halves the counts of all hot keys once for each half-life that ended between the last
    /// halving and `now`.
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
        // `Debug` never shows a key, because keys contain arguments.
        f.debug_struct("HotKeys")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
