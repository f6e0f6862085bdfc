//! The last events of entries, and the keys with the most misses, recorded while a dashboard exists.
//!
//! A hit records nothing. Without a dashboard, a miss, a store or an invalidation only reads a flag.

pub(crate) mod record;
pub(crate) mod rings;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::core::key_history::rings::Rings;
use crate::key::Key;
use crate::l1::hot_keys::{HotKey, HotKeys};
use crate::model::key_event::{KeyEvent, PastEvent};
use crate::model::owner::OwnerId;
use crate::model::seen_invalidation::SeenTarget;

/// Number of keys whose misses are counted at once, by Space-Saving.
const COUNTED_KEYS: usize = 256;
/// Longest key or name, in bytes, whose events are recorded, so that the memory is bounded.
const LONGEST: usize = 1 << 10;

/// The history of the keys of one cache.
pub(crate) struct KeyHistory {
    is_recording: AtomicBool,
    recorders: Mutex<usize>,
    rings: Mutex<Rings>,
    missed: HotKeys,
}

/// Keeps the history of a cache recorded. The last recording that ends clears the history.
pub(crate) struct Recording(Arc<KeyHistory>);

impl Default for KeyHistory {
    fn default() -> Self {
        Self {
            is_recording: AtomicBool::new(false),
            recorders: Mutex::default(),
            rings: Mutex::default(),
            missed: HotKeys::new(COUNTED_KEYS),
        }
    }
}

impl KeyHistory {
    /// Records events from now on, until the result is dropped.
    pub(crate) fn record(self: &Arc<Self>) -> Recording {
        let mut recorders = self.recorders.lock();
        *recorders += 1;
        self.is_recording.store(true, Ordering::Relaxed);
        drop(recorders);
        Recording(Arc::clone(self))
    }

    #[inline]
    fn is_recording(&self) -> bool {
        self.is_recording.load(Ordering::Relaxed)
    }

    /// Adds an event of the entry under `key`.
    fn add(&self, key: &Key, event: PastEvent) {
        let named = match &event.event {
            KeyEvent::Outdated(name) | KeyEvent::Invalidated { name, .. } => name.name.len(),
            _ => 0,
        };
        let mut rings = self.rings.lock();
        // The last recording clears the rings after it has ended, under the lock.
        if key.as_bytes().len().max(named) <= LONGEST && self.is_recording() {
            rings.add_of_entry(key, event);
        }
    }

    /// Adds an invalidation of a name that entries may depend on.
    fn add_of_name(&self, name: &SeenTarget, event: PastEvent) {
        let mut rings = self.rings.lock();
        if name.name.len() <= LONGEST && self.is_recording() {
            rings.add_of_name(event);
        }
    }

    /// Counts a miss of `key`, which belongs to `owner`.
    fn count_miss(&self, owner: OwnerId, key: &Key, now: Tick) {
        self.missed.count(owner, key.as_bytes(), 1, now);
    }

    /// Returns the events of the entry under `key`, and of the names for which `depends` returns
    /// `true`, from the oldest to the newest. More events of the key are kept from now on.
    pub(crate) fn of_key(
        &self,
        key: &Key,
        depends: impl Fn(&SeenTarget) -> bool,
    ) -> Vec<PastEvent> {
        self.rings.lock().of_key(key, depends)
    }

    /// Returns up to `most` keys with the most misses, in descending order.
    pub(crate) fn most_missed(
        &self,
        most: usize,
        now: Tick,
        name: impl Fn(OwnerId) -> Option<String>,
    ) -> Vec<HotKey> {
        self.missed.hottest(most, now, name)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut recorders = self.0.recorders.lock();
        *recorders -= 1;
        if *recorders == 0 {
            self.0.is_recording.store(false, Ordering::Relaxed);
            *self.0.rings.lock() = Rings::default();
            self.0.missed.clear();
        }
    }
}

impl fmt::Debug for KeyHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` never shows a key, because keys contain arguments.
        f.debug_struct("KeyHistory")
            .field("is_recording", &self.is_recording())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}
