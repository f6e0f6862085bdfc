//! Events of one entry that the statistics count, and that tests record in their order.

use crate::core::state::Core;
use crate::key::Key;
use crate::model::owner::Owner;

/// Event of one entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EntryEvent {
    /// The function begins to run.
    Computes,
    /// The value was stored.
    Stores,
    /// The value was not stored, because it may be outdated.
    Refuses,
}

impl Core {
    /// Counts `event` of the entry of `owner` under `key` in the statistics, and adds it to the
    /// records of tests and of a dashboard.
    pub(crate) fn count_event(&self, event: EntryEvent, owner: &Owner, key: &Key) {
        let counter = match event {
            EntryEvent::Computes => &owner.counts.computations,
            EntryEvent::Stores => &owner.counts.stores,
            EntryEvent::Refuses => &owner.counts.refused_stores,
        };
        counter.bump();
        #[cfg(feature = "dashboard")]
        self.note_entry_event(event, owner, key);
        self.record_event(event, owner, key);
    }

    #[cfg(any(feature = "testing", cachekit_faults))]
    fn record_event(&self, event: EntryEvent, owner: &Owner, key: &Key) {
        let verb = match event {
            EntryEvent::Computes => "computes",
            EntryEvent::Stores => "stores",
            EntryEvent::Refuses => "refuses",
        };
        self.event_log.add(|| {
            let key = String::from_utf8_lossy(key.as_bytes());
            vec![format!("{verb} {} {key}", owner.name)]
        });
    }

    #[cfg(not(any(feature = "testing", cachekit_faults)))]
    #[expect(clippy::unused_self, reason = "a build for tests records the event")]
    fn record_event(&self, _event: EntryEvent, _owner: &Owner, _key: &Key) {}
}
