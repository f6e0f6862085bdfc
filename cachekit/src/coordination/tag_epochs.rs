//! The sequence of a node's invalidations, and the epochs of everything that has a name: tags and
//! events, and the keys and functions whose values other computations took.
//!
//! Entries and computations refer to the epochs of their tags. An entry that was computed from
//! other entries refers to the epochs of their tags, keys and functions too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::clock::Tick;
use crate::coordination::epoch_registry::EpochRegistry;
use crate::key::Key;
use crate::model::epoch::{Epoch, EpochKind, SEQUENCE, Sequence, SequenceNumber};
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// Epochs of all tags and events of one node, and of the keys and functions from which computations
/// of entries took values.
#[derive(Debug)]
pub(crate) struct Tags {
    /// The counter that numbers the invalidations of all caches of this process.
    sequence: &'static Sequence,
    labels: EpochRegistry,
    keys: EpochRegistry,
    functions: EpochRegistry,
    /// `true` once an entry of this node was computed, or may be about to be computed, from another
    /// entry. Before that, invalidations of keys raise no epochs.
    has_compositions: AtomicBool,
}

impl Tags {
    pub(crate) fn new() -> Self {
        Self {
            sequence: &SEQUENCE,
            labels: EpochRegistry::new(EpochKind::Label),
            keys: EpochRegistry::new(EpochKind::Source),
            functions: EpochRegistry::new(EpochKind::Source),
            has_compositions: AtomicBool::new(false),
        }
    }

    /// Returns the sequence number of the node's last invalidation. A caller must read this number
    /// before its computation begins.
    pub(crate) fn now(&self) -> SequenceNumber {
        self.sequence.now()
    }

    /// Returns the epoch of `tag`. Creates the epoch if this process has no epoch of `tag`.
    pub(crate) fn epoch(&self, tag: &Tag) -> Arc<Epoch> {
        self.labels.epoch(tag.as_bytes())
    }

    /// Returns the epoch of the entry under `key`, for entries that were computed from it.
    pub(crate) fn key_epoch(&self, key: &Key) -> Arc<Epoch> {
        self.keys.epoch(key.as_bytes())
    }

    /// Returns the epoch of the function `name`, for entries that were computed from entries of a
    /// function that this process may not know.
    pub(crate) fn function_epoch(&self, name: &str) -> Arc<Epoch> {
        self.functions.epoch(name.as_bytes())
    }

    /// Makes invalidations of keys and functions raise epochs from now on. Returns `true` if they
    /// did before. A caller must call this method before the look-up whose answer it takes.
    pub(crate) fn expect_compositions(&self) -> bool {
        // An invalidation removes the entry and then reads the flag, and a look-up comes after this
        // write: one of the two sees the other.
        self.has_compositions.load(Ordering::SeqCst)
            || self.has_compositions.swap(true, Ordering::SeqCst)
    }

    /// Invalidates every entry with `tag`. The cost does not depend on the number of entries,
    /// because only one counter is raised.
    pub(crate) fn invalidate(&self, tag: &Tag) {
        self.labels.raise(tag.as_bytes(), false, |epoch| {
            epoch.invalidate(self.sequence.next());
        });
    }

    /// Invalidates every entry that depends on `epoch`, the epoch of a function, of a region or of
    /// the cache.
    pub(crate) fn invalidate_epoch(&self, epoch: &Epoch) {
        epoch.invalidate(self.sequence.next());
    }

    /// Invalidates every entry with `tag` softly, at the time `now`. The entries become stale.
    pub(crate) fn invalidate_softly(&self, tag: &Tag, now: Tick) {
        self.labels.raise(tag.as_bytes(), false, |epoch| {
            epoch.invalidate_softly(self.sequence.next(), now);
        });
    }

    /// Invalidates every entry that depends on `epoch` softly, at the time `now`. The entries
    /// become stale.
    pub(crate) fn invalidate_epoch_softly(&self, epoch: &Epoch, now: Tick) {
        epoch.invalidate_softly(self.sequence.next(), now);
    }

    /// Invalidates every entry that was computed from the entry under `key`.
    /// The entry itself must have left memory before. Only tests set
    /// `only_known`.
    pub(crate) fn invalidate_key(
        &self,
        key: &Key,
        mode: InvalidationMode,
        now: Tick,
        only_known: bool,
    ) {
        if self.has_compositions.load(Ordering::SeqCst) {
            let raise = |epoch: &Epoch| self.raise(epoch, mode, now);
            self.keys.raise(key.as_bytes(), only_known, raise);
        }
    }

    /// Invalidates every entry that was computed from an entry of the function `name`.
    pub(crate) fn invalidate_function(&self, name: &str, mode: InvalidationMode, now: Tick) {
        if self.has_compositions.load(Ordering::SeqCst) {
            self.functions
                .raise(name.as_bytes(), false, |epoch| self.raise(epoch, mode, now));
        }
    }

    fn raise(&self, epoch: &Epoch, mode: InvalidationMode, now: Tick) {
        match mode {
            InvalidationMode::Hard => epoch.invalidate(self.sequence.next()),
            InvalidationMode::Soft => epoch.invalidate_softly(self.sequence.next(), now),
        }
    }

    /// Returns the number of tags and events whose epochs are in memory.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns the number of keys and functions whose epochs are in memory.
    pub(crate) fn dependencies(&self) -> usize {
        self.keys.len() + self.functions.len()
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

    #[test]
    fn a_key_that_nobody_refers_to_is_raised_once_values_are_composed() {
        let tags = Tags::new();
        let (key, now) = (Key::new(b"user:7"), Tick::from_nanos(1));
        tags.invalidate_key(&key, InvalidationMode::Hard, now, false);
        assert_eq!(tags.dependencies(), 0, "nobody composes values yet");
        assert!(!tags.expect_compositions());
        let began = tags.now();
        tags.invalidate_key(&key, InvalidationMode::Hard, now, false);
        assert!(tags.key_epoch(&key).last() > began);
    }
}
