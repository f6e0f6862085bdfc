//! Epochs of tags and events. An epoch is created when its tag is first used, and removed after it
//! is no longer referenced.
//!
//! Entries and computations refer to the epochs of their tags. An epoch without references is
//! removed (swept) once its shard has grown. The number of the newest invalidation, hard or soft,
//! of all epochs that were swept from a shard is kept as the `floor` of the shard. An epoch that is
//! created later starts with that number, as if its tag had been invalidated then.
//!
//! Therefore the value of a computation that began before an invalidation of a tag is rejected,
//! even if the tag's epoch was swept during the computation. In return, a value is sometimes
//! rejected although none of its tags was invalidated.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::model::epoch::{Epoch, Sequence, SequenceNumber};
use crate::model::tags::Tag;

const SHARDS: usize = 16;

/// Number of epochs in a shard (one part of the table of tags and events) below which unreferenced
/// epochs are not removed from the shard.
const SWEEP_FROM: usize = 256;

/// Epochs of all tags and events of one node.
#[derive(Debug)]
pub(crate) struct Tags {
    sequence: Sequence,
    hasher: foldhash::quality::RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    epochs: HashMap<Tag, Arc<Epoch>, foldhash::quality::RandomState>,
    floor: SequenceNumber,
    /// Number of epochs in this shard (one part of the table of tags and events) at which
    /// unreferenced epochs are removed the next time.
    sweep_at: usize,
}

impl Tags {
    pub(crate) fn new() -> Self {
        Self {
            sequence: Sequence::default(),
            hasher: foldhash::quality::RandomState::default(),
            shards: Default::default(),
        }
    }

    /// Returns the sequence number of the node's last invalidation. A caller must read this number
    /// before its computation begins.
    pub(crate) fn now(&self) -> SequenceNumber {
        self.sequence.now()
    }

    /// Returns the epoch of `tag`. Creates the epoch if this process has no epoch of `tag`.
    pub(crate) fn epoch(&self, tag: &Tag) -> Arc<Epoch> {
        let mut shard = self.shard(tag).lock();
        shard.epoch(tag)
    }

    /// Invalidates every entry with `tag`. The cost does not depend on the number of entries,
    /// because only one counter is raised.
    pub(crate) fn invalidate(&self, tag: &Tag) {
        let mut shard = self.shard(tag).lock();
        shard.epoch(tag).invalidate(self.sequence.next());
    }

    /// Invalidates every entry that depends on `epoch`, the epoch of a function, of a region or of
    /// the cache.
    pub(crate) fn invalidate_epoch(&self, epoch: &Epoch) {
        epoch.invalidate(self.sequence.next());
    }

    /// Invalidates every entry with `tag` softly, at the time `now`. The entries become stale.
    pub(crate) fn invalidate_softly(&self, tag: &Tag, now: Tick) {
        let mut shard = self.shard(tag).lock();
        shard
            .epoch(tag)
            .invalidate_softly(self.sequence.next(), now);
    }

    /// Invalidates every entry that depends on `epoch` softly, at the time `now`. The entries
    /// become stale.
    pub(crate) fn invalidate_epoch_softly(&self, epoch: &Epoch, now: Tick) {
        epoch.invalidate_softly(self.sequence.next(), now);
    }

    /// Returns the number of tags and events whose epochs are in memory.
    pub(crate) fn len(&self) -> usize {
        let size = |shard: &Mutex<Shard>| shard.lock().epochs.len();
        self.shards.iter().map(size).sum()
    }

    fn shard(&self, tag: &Tag) -> &Mutex<Shard> {
        // The low bits of this hash choose only the shard. The map in a shard hashes the tag with
        // another seed.
        let hash = self.hasher.hash_one(tag);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }
}

impl Shard {
    fn epoch(&mut self, tag: &Tag) -> Arc<Epoch> {
        if let Some(epoch) = self.epochs.get(tag) {
            return Arc::clone(epoch);
        }
        if self.epochs.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sweep();
        }
        let epoch = Arc::new(Epoch::at(self.floor));
        self.epochs.insert(tag.clone(), Arc::clone(&epoch));
        epoch
    }

    /// Removes the epochs that no entry and no computation refers to. The next removal is due when
    /// the number of remaining epochs has doubled, so the average cost for each new tag is
    /// constant.
    fn sweep(&mut self) {
        let floor = &mut self.floor;
        self.epochs.retain(|_, epoch| {
            let used = Arc::strong_count(epoch) > 1;
            if !used {
                *floor = (*floor).max(epoch.last());
            }
            used
        });
        self.sweep_at = self.epochs.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swept_invalidation_is_remembered_by_the_floor() {
        let tags = Tags::new();
        let began = tags.now();
        tags.invalidate(&Tag::of("org:7"));
        for n in 0..100_000 {
            tags.epoch(&Tag::of(&n.to_string()));
        }
        assert!(
            tags.len() < 20_000,
            "unused epochs are swept: {}",
            tags.len()
        );
        assert!(
            tags.epoch(&Tag::of("org:7")).last() > began,
            "org:7 moved since `began`"
        );
    }

    #[test]
    fn a_used_epoch_is_never_swept() {
        let tags = Tags::new();
        let held = tags.epoch(&Tag::of("held"));
        for n in 0..100_000 {
            tags.epoch(&Tag::of(&n.to_string()));
        }
        let began = tags.now();
        tags.invalidate(&Tag::of("held"));
        assert!(held.last() > began);
    }
}
