//! The token bracket around a write of one entry.
//!
//! `put` and `write_through` take a token *before* the write happens and store *after* it,
//! only if the token is still good. An invalidation of the key, or another write of it
//! that overlaps, spoils the token; then nothing is stored and what was there is removed.
//! Without it, of two writes that commit in one order and store in the other, the older
//! value would stay for a whole time to live.
//!
//! Writes with an order (`order_by`) do not spoil one another's tokens: of those that
//! overlap, the one with the greatest order stays.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::fault::guard;
use crate::base::sync::{Mutex, MutexGuard};
use crate::key::Key;
use crate::model::entry::MemoryEntry;

type Keys = HashMap<Key, Writing, foldhash::quality::RandomState>;

/// The keys that are being written right now.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Writing {
    /// Writers without an order, and with one.
    plain: usize,
    ordered: usize,
    /// Raised by whatever spoils the tokens handed out before.
    generation: u64,
    /// Of the writes of this generation, what the newest has stored, or is about to.
    pending_entry: Option<Arc<MemoryEntry>>,
}

/// What was about to be stored and is not any more. A value's destructor may do anything: it is
/// dropped when nothing is locked.
type Replaced = Option<Arc<MemoryEntry>>;

impl Writing {
    fn fence(&mut self) -> Replaced {
        self.generation += 1;
        self.set_pending(None)
    }

    /// Takes what landed before out of use.
    fn set_pending(&mut self, entry: Replaced) -> Replaced {
        std::mem::replace(&mut self.pending_entry, entry).inspect(|replaced| replaced.evict())
    }

    /// What a token of `generation` is good for; `known` is the order of what is in memory.
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
            // Equal orders of writes that overlap say nothing about which is newer.
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

/// The right to store, unless it was spoilt.
#[derive(Debug)]
#[must_use]
pub(crate) struct WriteToken {
    writes: Arc<Writes>,
    key: Key,
    generation: u64,
    pub(crate) is_ordered: bool,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// Nothing: it was spoilt.
    Fenced,
    /// The entry may be stored.
    Newest,
    /// A write with a greater order was faster.
    Older,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock()
    }

    /// Begins a write of `key`; `is_ordered` if its value will have an order.
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

    /// Spoils the tokens of every write of `key` that is under way.
    pub(crate) fn fence(&self, key: &[u8]) {
        let replaced = self.lock().get_mut(key).and_then(Writing::fence);
        drop(replaced);
    }

    /// A write of `key` with an order went through in another process. Those with an order
    /// that are under way here are compared with it where both meet, in the store.
    pub(crate) fn superseded_elsewhere(&self, key: &[u8]) {
        let mut keys = self.lock();
        let plain = keys.get_mut(key).filter(|writing| writing.plain > 0);
        let replaced = plain.and_then(Writing::fence);
        drop(keys);
        drop(replaced);
    }

    /// How many keys are being written.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl WriteToken {
    /// Whether `entry` may be stored: no write overlaps with it, or, if it has an order, none that
    /// is newer or cannot be told; `known` is the order of what is in memory. Until the token is
    /// dropped, whatever spoils it takes `entry` out of use, wherever that is.
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

    /// What the newest of the writes that overlap with this one has stored, or is about to.
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
