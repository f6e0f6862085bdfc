//! The guards of tags, as one process knows them.
//!
//! A guard exists in each of 256 partitions. A grant of the right to compute remembers the state of
//! the guards as a *position*: the number of changes of this table so far. When the value comes with
//! its tags, the table returns the guard of a tag's partition if the table had it at that position,
//! and a script compares it with Redis. A version is random, so a guard that is equal was not removed
//! in between, whenever this process read it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::base::sync::Mutex;
use crate::encoding::envelope::{Token, Version};
use crate::store::redis::cluster::names::PARTITIONS;

/// The largest number of prefixes in the table, each with its guards of all partitions.
const MOST_PREFIXES: usize = 256;

/// The guards that one process has read from a Redis Cluster.
pub(crate) struct Guards {
    /// Random bytes, so that a position in another table is noticed.
    table_id: [u8; 16],
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// The number of changes so far.
    changes: u64,
    prefixes: HashMap<Box<[u8]>, Box<[Known]>>,
}

/// A guard of one prefix in one partition.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// `None` if the guard was removed, or was not read yet.
    version: Option<Version>,
    /// The number of the last change.
    at: u64,
    /// The time at which the guard is read again, because Redis keeps it only for a time.
    read_again: Option<Instant>,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            table_id: Token::random().0,
            table: Mutex::default(),
        }
    }
}

impl Guards {
    /// Returns the number of changes so far.
    pub(crate) fn changes(&self) -> u64 {
        self.table.lock().changes
    }

    /// Makes a change that concerns no guard, and returns its number.
    pub(crate) fn next_change(&self) -> u64 {
        let mut table = self.table.lock();
        table.changes += 1;
        table.changes
    }

    /// Returns the number of changes until `position`, or `None` if it is the position in another
    /// table.
    pub(crate) fn changes_until(&self, position: Version) -> Option<u64> {
        let (table_id, changes) = position.0.split_at(16);
        if table_id != self.table_id {
            return None;
        }
        Some(u64::from_le_bytes(changes.try_into().ok()?))
    }

    /// Returns the present position in the form of a version.
    pub(crate) fn position(&self) -> Version {
        let mut bytes = [0; Version::LEN];
        bytes[..16].copy_from_slice(&self.table_id);
        bytes[16..].copy_from_slice(&self.changes().to_le_bytes());
        Version(bytes)
    }

    /// Returns the partitions of whose guard of `tag_prefix` the table has no version, or one that
    /// must be read again.
    pub(crate) fn missing(&self, tag_prefix: &[u8]) -> Vec<u8> {
        let now = Instant::now();
        let table = self.table.lock();
        let known = table.prefixes.get(tag_prefix);
        let is_missing = |partition: &u8| {
            known.is_none_or(|known| {
                let known = known[usize::from(*partition)];
                known.version.is_none() || known.read_again.is_none_or(|it| it <= now)
            })
        };
        partitions().filter(is_missing).collect()
    }

    /// Records `version` as the guard of `tag_prefix` in `partition`, unless that guard changed after
    /// the change with the number `asked_at`: the version may have been read before the change. Redis
    /// keeps the guard for most of the time `life`, so it is read again after half of that time.
    pub(crate) fn insert(
        &self,
        tag_prefix: &[u8],
        partition: u8,
        version: Version,
        (asked_at, life): (u64, Duration),
    ) {
        let mut table = self.table.lock();
        table.add(tag_prefix);
        table.change(tag_prefix, partition, |known| {
            if known.at > asked_at {
                return None;
            }
            known.read_again = Some(from_now(life / 2));
            // Running computations may still use a guard that is the same.
            (known.version != Some(version)).then_some(Some(version))
        });
    }

    /// Forgets the guard of `tag_prefix` in `partition`, which was removed from Redis or is about to
    /// be removed. A guard that is recorded in spite of its removal does no harm, because Redis
    /// compares it.
    pub(crate) fn forget(&self, tag_prefix: &[u8], partition: u8) {
        self.table
            .lock()
            .change(tag_prefix, partition, |_| Some(None));
    }

    /// Returns the guard of `tag_prefix` in `partition` if the table had it at `position`, and has it
    /// since.
    pub(crate) fn since(
        &self,
        tag_prefix: &[u8],
        partition: u8,
        position: Version,
    ) -> Option<Version> {
        let position = self.changes_until(position)?;
        let table = self.table.lock();
        let known = table.prefixes.get(tag_prefix)?[usize::from(partition)];
        known.version.filter(|_| known.at <= position)
    }
}

impl Table {
    /// Adds `tag_prefix` with unknown guards, unless the table has it.
    fn add(&mut self, tag_prefix: &[u8]) {
        if self.prefixes.contains_key(tag_prefix) {
            return;
        }
        if self.prefixes.len() >= MOST_PREFIXES {
            // Running computations with tags from their values are then rejected.
            self.prefixes.clear();
        }
        let unknown = vec![Known::default(); usize::from(PARTITIONS)];
        self.prefixes.insert(tag_prefix.into(), unknown.into());
    }

    /// Sets the guard of `tag_prefix` in `partition` to the result of `change`, if it returns `Some`.
    fn change(
        &mut self,
        tag_prefix: &[u8],
        partition: u8,
        change: impl FnOnce(&mut Known) -> Option<Option<Version>>,
    ) {
        let Some(known) = self.prefixes.get_mut(tag_prefix) else {
            return;
        };
        let known = &mut known[usize::from(partition)];
        if let Some(version) = change(known) {
            self.changes += 1;
            known.version = version;
            known.at = self.changes;
        }
    }
}

impl fmt::Debug for Guards {
    /// Omits the prefixes, which may contain arguments of calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guards").finish_non_exhaustive()
    }
}

/// Returns the numbers of all partitions.
pub(crate) fn partitions() -> impl Iterator<Item = u8> {
    0..=u8::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    const fn version(byte: u8) -> Version {
        Version([byte; Version::LEN])
    }

    #[test]
    fn a_guard_is_that_of_the_grant_until_it_changes() {
        let guards = Guards::default();
        assert_eq!(guards.missing(b"org:").len(), 256);
        guards.insert(b"org:", 7, version(1), (guards.changes(), LIFE));
        assert_eq!(guards.missing(b"org:").len(), 255);
        let granted = guards.position();
        assert_eq!(guards.since(b"org:", 7, granted), Some(version(1)));
        assert_eq!(guards.since(b"org:", 8, granted), None);
        assert_eq!(guards.since(b"user:", 7, granted), None);
        guards.forget(b"org:", 7);
        assert_eq!(guards.since(b"org:", 7, granted), None);
        guards.insert(b"org:", 7, version(2), (guards.changes(), LIFE));
        assert_eq!(guards.since(b"org:", 7, granted), None, "it is newer");
        assert_eq!(
            guards.since(b"org:", 7, guards.position()),
            Some(version(2))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_guard_is_read_again_before_redis_forgets_it() {
        let guards = Guards::default();
        guards.insert(b"", 3, version(1), (guards.changes(), LIFE));
        let granted = guards.position();
        tokio::time::advance(LIFE / 4).await;
        assert!(!guards.missing(b"").contains(&3));
        tokio::time::advance(LIFE / 4).await;
        assert!(guards.missing(b"").contains(&3));
        guards.insert(b"", 3, version(1), (guards.changes(), LIFE));
        assert!(!guards.missing(b"").contains(&3));
        assert_eq!(
            guards.since(b"", 3, granted),
            Some(version(1)),
            "it is the same"
        );
    }

    #[test]
    fn what_was_asked_for_before_a_removal_is_not_recorded() {
        let guards = Guards::default();
        guards.insert(b"", 0, version(1), (guards.changes(), LIFE));
        let asked_at = guards.changes();
        guards.forget(b"", 0);
        guards.insert(b"", 0, version(2), (asked_at, LIFE));
        assert_eq!(guards.since(b"", 0, guards.position()), None);
        assert_eq!(guards.missing(b""), partitions().collect::<Vec<_>>());
    }

    #[test]
    fn the_position_in_another_table_is_worth_nothing() {
        let (one, other) = (Guards::default(), Guards::default());
        one.insert(b"", 0, version(1), (0, LIFE));
        assert_eq!(one.since(b"", 0, other.position()), None);
    }

    #[test]
    fn the_number_of_prefixes_is_bounded() {
        let guards = Guards::default();
        for number in 0..3 * MOST_PREFIXES {
            guards.insert(
                number.to_string().as_bytes(),
                0,
                version(1),
                (u64::MAX, LIFE),
            );
        }
        assert!(guards.table.lock().prefixes.len() <= MOST_PREFIXES);
    }
}
