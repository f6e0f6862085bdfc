//! The scope of `refresh(future)`, in which each key is computed anew once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::sync::Mutex;
use crate::key::Key;
use crate::model::owner::OwnerId;

/// Number of keys that a scope remembers at most. Beyond that number, every call of a key that is
/// not remembered computes.
const MOST_KEYS: usize = 65_536;

/// Number of the next scope of this process.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A scope whose calls compute anew, and the keys that these calls have computed.
#[derive(Debug)]
pub(crate) struct RefreshScope {
    /// Number that no other scope of this process has. Not zero.
    pub(crate) number: u64,
    done: Mutex<HashSet<(OwnerId, Key)>>,
}

impl RefreshScope {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            done: Mutex::default(),
        })
    }

    /// Returns `true` if a call of `owner` has to compute the value of `key`.
    pub(crate) fn is_due(&self, owner: OwnerId, key: &[u8]) -> bool {
        !self.done.lock().contains(&(owner, Key::new(key)))
    }

    /// Records that the cache has the value of `key` that a call of the scope computed.
    pub(crate) fn note_stored(&self, owner: OwnerId, key: &Key) {
        let mut done = self.done.lock();
        if done.len() < MOST_KEYS {
            done.insert((owner, key.clone()));
        }
    }
}
