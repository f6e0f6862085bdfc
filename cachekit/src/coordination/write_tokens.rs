//! Write tokens: the bracket around a write of one entry.
//!
//! `put` and `write_through` take a token *before* the write, and store *after* it only if the
//! token is still valid. An invalidation of the key fences the token, and so does another
//! overlapping write of the key. Then nothing is stored, and the entry that was there is removed.
//! Without tokens, two writes that commit in one order and store in the other would leave the older
//! value for a whole time to live.
//!
//! Writes with an order (`order_by`) do not fence one another's tokens: among overlapping ones, the
//! one with the greatest order stays.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::fault::guard;
use crate::base::sync::{Mutex, MutexGuard};
use crate::key::Key;
use crate::model::entry::MemoryEntry;

type Keys = HashMap<Key, Writing, foldhash::quality::RandomState>;

/// Keys that are being written now.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Writing {
    /// Writers without an order, and with one.
    plain: usize,
    ordered: usize,
    /// Raised by whatever fences the tokens handed out before.
    generation: u64,
    /// Entry of the newest write of this generation: stored, or about to be.
    pending_entry: Option<Arc<MemoryEntry>>,
}

/// A pending entry that was replaced. Dropped after the lock is released, because a value's
/// destructor may do anything.
type Replaced = Option<Arc<MemoryEntry>>;

impl Writing {
    fn fence(&mut self) -> Replaced {
        self.generation += 1;
        self.set_pending(None)
    }

    /// Replaces the pending entry, and makes the previous one unusable.
    fn set_pending(&mut self, entry: Replaced) -> Replaced {
        std::mem::replace(&mut self.pending_entry, entry).inspect(|replaced| replaced.evict())
    }

    /// Redeems a token of `generation`. `known` is the order of the entry in memory.
    fn redeem(
        &mut self,
        generation: u64,
        entry: &Arc<MemoryEntry>,
        known: Option<u64>,
    ) -> (Redeemed, Replaced) {
        let newest = self
            .pending_entry
            .as_ref()
            .and_then(|pending_entry| pending_entry.order);
        let is_decided = match entry.order {
            None => self.plain + self.ordered == 1,
            // Equal orders of overlapping writes do not say which is newer.
            order => self.plain == 0 && newest != order,
        };
        if !is_decided || self.generation != generation {
            return (Redeemed::Fenced, self.fence());
        }
        let is_older = entry.order.is_some() && newest.max(known) > entry.order;
        if !guard!(entry.owner, IgnoreOrder: !is_older) {
            return (Redeemed::Older, None);
        }
        (Redeemed::Newest, self.set_pending(Some(Arc::clone(entry))))
    }
}

/// The right to store the result of a write, unless fenced.
#[derive(Debug)]
#[must_use]
pub(crate) struct WriteToken {
    writes: Arc<Writes>,
    key: Key,
    generation: u64,
    pub(crate) is_ordered: bool,
}

/// Result of redeeming a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// The token was fenced: nothing may be stored.
    Fenced,
    /// The entry may be stored.
    Newest,
    /// A write with a greater order came first.
    Older,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock()
    }

    /// Begins a write of `key`. Set `is_ordered` if its value will have an order.
    pub(crate) fn begin(self: &Arc<Self>, key: &Key, is_ordered: bool) -> WriteToken {
        let mut keys = self.lock();
        let writing = keys.entry(key.clone()).or_default();
        if is_ordered {
            writing.ordered += 1;
        } else {
            writing.plain += 1;
        }
        WriteToken {
            writes: Arc::clone(self),
            key: key.clone(),
            generation: writing.generation,
            is_ordered,
        }
    }

    /// Fences the tokens of all running writes of `key`.
    pub(crate) fn fence(&self, key: &[u8]) {
        let replaced = self.lock().get_mut(key).and_then(Writing::fence);
        drop(replaced);
    }

    /// Fences the writes without an order, because another process stored a write of `key` with an
    /// order. Writes with an order are compared with it in the store, where both meet.
    pub(crate) fn superseded_elsewhere(&self, key: &[u8]) {
        let mut keys = self.lock();
        let plain = keys.get_mut(key).filter(|writing| writing.plain > 0);
        let replaced = plain.and_then(Writing::fence);
        drop(keys);
        drop(replaced);
    }

    /// Returns the number of keys that are being written.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl WriteToken {
    /// Returns whether `entry` may be stored. Without an order, no other write may overlap; with
    /// one, no overlapping write may be newer, or without an order, or of equal order. `known` is
    /// the order of the entry in memory.
    ///
    /// Until the token is dropped, whatever fences it makes `entry` unusable, wherever it is.
    pub(crate) fn redeem(&self, entry: &Arc<MemoryEntry>, known: Option<u64>) -> Redeemed {
        let mut keys = self.writes.lock();
        let Some(writing) = keys.get_mut(&self.key) else {
            return Redeemed::Fenced;
        };
        let (redeemed, replaced) = writing.redeem(self.generation, entry, known);
        drop(keys);
        drop(replaced);
        redeemed
    }

    /// Returns the entry of the newest overlapping write: stored, or about to be.
    pub(crate) fn pending_entry(&self) -> Option<Arc<MemoryEntry>> {
        self.writes.lock().get(&self.key)?.pending_entry.clone()
    }
}

impl Drop for WriteToken {
    fn drop(&mut self) {
        let mut keys = self.writes.lock();
        let Some(writing) = keys.get_mut(&self.key) else {
            return;
        };
        if self.is_ordered {
            writing.ordered -= 1;
        } else {
            writing.plain -= 1;
        }
        let is_last = writing.plain + writing.ordered == 0;
        let ended = is_last.then(|| keys.remove(&self.key));
        drop(keys);
        drop(ended);
    }
}
