//! The token bracket around a write of one entry.
//!
//! `put` and `write_through` take a token *before* the write happens and store *after* it,
//! only if the token is still good. An invalidation of the key, or another write of it
//! that overlaps, spoils the token; then nothing is stored and what was there is removed.
//! Without it, of two writes that commit in one order and store in the other, the older
//! value would stay for a whole time to live.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::key::Key;
use crate::stored::AnyStored;

/// The keys that are being written right now.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    keys: Mutex<HashMap<Key, Writing, foldhash::quality::RandomState>>,
}

#[derive(Debug, Default)]
struct Writing {
    writers: usize,
    /// Raised by whatever spoils the tokens handed out before.
    generation: u64,
    /// What a writer is about to insert.
    landing: Option<Arc<AnyStored>>,
}

/// The right to store, unless it was spoilt.
#[derive(Debug)]
#[must_use]
pub(crate) struct WriteToken {
    writes: Arc<Writes>,
    key: Key,
    generation: u64,
}

impl Writes {
    /// Begins a write of `key`.
    pub(crate) fn begin(self: &Arc<Self>, key: &Key) -> WriteToken {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = keys.entry(key.clone()).or_default();
        writing.writers += 1;
        WriteToken {
            writes: Arc::clone(self),
            key: key.clone(),
            generation: writing.generation,
        }
    }

    /// Spoils the tokens of every write of `key` that is under way.
    pub(crate) fn spoil(&self, key: &[u8]) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writing) = keys.get_mut(key) {
            writing.generation += 1;
            if let Some(landing) = writing.landing.take() {
                landing.kill();
            }
        }
    }

    /// How many keys are being written.
    pub(crate) fn len(&self) -> usize {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

impl WriteToken {
    /// Whether `entry` may be inserted. Until the token is dropped, whatever spoils it
    /// takes `entry` out of use, also if that has not been inserted yet.
    pub(crate) fn redeem(&self, entry: &Arc<AnyStored>) -> bool {
        let mut keys = self
            .writes
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(writing) = keys.get_mut(&self.key) else {
            return false;
        };
        let alone = writing.writers == 1 && writing.generation == self.generation;
        if alone {
            writing.landing = Some(Arc::clone(entry));
        } else {
            writing.generation += 1;
            if let Some(landing) = writing.landing.take() {
                landing.kill();
            }
        }
        alone
    }
}

impl Drop for WriteToken {
    fn drop(&mut self) {
        let mut keys = self
            .writes
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(writing) = keys.get_mut(&self.key) {
            writing.writers -= 1;
            if writing.writers == 0 {
                keys.remove(&self.key);
            }
        }
    }
}
