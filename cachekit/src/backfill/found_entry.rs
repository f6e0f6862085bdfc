//! The entry in memory that is made from a valid entry in L2.

use std::sync::Arc;
use std::time::Duration;

use crate::backfill::lookup::L2Lookup;
use crate::core::build_entry::Value;
use crate::core::validity::Validity;
use crate::encoding::envelope::read::Envelope;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epochs;
use crate::model::freshness::Life;
use crate::model::tags::{EntryTags, Tag};
use crate::store::key_name::StoreKey;
use crate::store::port::Found;

impl L2Lookup<'_> {
    /// Returns this node's epochs of everything that the entry depends on, the value tags included.
    fn epochs_of(&self, envelope: &Envelope<'_>) -> Epochs {
        let has_value_tags = envelope.versions.len() > self.keys.versions.len();
        if let Some(epochs) = self.epochs.filter(|_| !has_value_tags) {
            // The caller knows all tags of the entry, so the caller's epochs are the epochs of the
            // entry.
            return epochs.clone();
        }
        let tags = envelope.tags.iter();
        let entry_tags = EntryTags {
            tags: tags.clone().filter_map(|name| Tag::named(name)).collect(),
            ..EntryTags::default()
        };
        let mut epochs = self.core.epochs(self.owner, &entry_tags);
        let names = tags.map(|name| StoreKey::read(name));
        epochs.extend(names.filter_map(|name| self.core.foreign_epoch(&name)));
        epochs
    }

    pub(crate) fn build_entry(
        &self,
        envelope: &Envelope<'_>,
        found: &Found,
        life: Life,
        value: Value,
    ) -> Arc<MemoryEntry> {
        let is_composed = self.owner.is_composed();
        let was_expected = !is_composed || self.core.tags.expect_compositions();
        let validity = Validity {
            lineage: self.lineage(envelope, found),
            ..Validity::new(self.began, self.epochs_of(envelope))
        };
        let stored = self.core.build_entry(
            self.owner,
            self.key,
            validity,
            self.options,
            Some(life),
            value,
        );
        if !was_expected {
            // Until now, invalidations of keys raised no epochs on this node, so an invalidation
            // during this look-up may have been missed.
            stored.evict();
        }
        stored
    }
}

/// Returns the remaining time for which the entry is fresh, and the time for which it has been
/// stale. An entry is fresh for at most the time that it was stored for. An entry is stale if
/// `is_old` is `true`, which means that one of the entry's versions was softly invalidated. The
/// remaining life in `found` was reported by L2 `passed` ago.
pub(crate) fn life(envelope: &Envelope<'_>, found: &Found, passed: Duration, is_old: bool) -> Life {
    let reported = if is_old {
        Duration::ZERO
    } else {
        found.left.saturating_sub(envelope.grace).min(envelope.life)
    };
    Life {
        left: reported.saturating_sub(passed),
        over: envelope.grace.saturating_sub(found.left) + passed.saturating_sub(reported),
        // Redis keeps the entry for its whole life and its grace.
        age: (envelope.life.saturating_add(envelope.grace)).saturating_sub(found.left) + passed,
    }
}
