//! Write tokens, which detect that writes of one entry overlap with each other or with an
//! invalidation.
//!
//! `put` and `write_through` take a token *before* the write to the data source, and store the
//! value *after* the write only if the token is still valid. An invalidation of the key, or another
//! write of the key that overlaps, makes the token invalid (fences it). In that case the value is
//! not stored, and the previous entry is removed. Without tokens, if two writes commit in one order
//! and store in the other, the cache would serve the older value for a whole time to live.
//!
//! Writes with an order (`order_by`) do not fence the tokens of one another. If such writes
//! overlap, the value with the greatest order stays.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::fault::guard;
use crate::base::sync::{Mutex, MutexGuard};
use crate::key::Key;
use crate::model::entry::MemoryEntry;

type Keys = HashMap<Key, Writing, foldhash::quality::RandomState>;

/// Keys for which calls in this process are running a write now.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Writing {
    /// Number of running writes of the key without an order (`order_by`). The field `ordered` is
    /// the number of running writes with an order.
    plain: usize,
    ordered: usize,
    /// Number of times that the write tokens of this key were fenced (made invalid). A token from
    /// before the last time is invalid.
    generation: u64,
    /// Entry of the newest write whose token was accepted since the key's tokens were last fenced.
    /// The entry is in memory or about to be stored there. `None`: no token was accepted.
    pending_entry: Option<Arc<MemoryEntry>>,
}

/// The pending entry of a write, after the entry of a newer write took its place. The caller must
/// drop the replaced entry after the lock of the table of writes is released, because a value's
/// destructor is user code, which may use the cache.
type Replaced = Option<Arc<MemoryEntry>>;

impl Writing {
    fn fence(&mut self) -> Replaced {
        self.generation += 1;
        self.set_pending(None)
    }

    /// Sets the pending entry of the key (the entry of the newest accepted write, which is about to
    /// be stored in memory), and makes the previous pending entry unusable.
    fn set_pending(&mut self, entry: Replaced) -> Replaced {
        std::mem::replace(&mut self.pending_entry, entry).inspect(|replaced| replaced.evict())
    }

    /// Decides if `entry`, from a write whose token has the generation `generation`, is stored.
    /// `known` is the order of the entry in memory; `None` if memory has no entry, or an entry
    /// without an order. Also returns the earlier pending entry, which `entry` replaced.
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
            // If overlapping writes have equal orders, the cache cannot tell which value is newer.
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

/// Right to store the result of a write of one key. An overlapping write, or an invalidation of the
/// key, can make the token invalid (fence the token).
#[derive(Debug)]
#[must_use]
pub(crate) struct WriteToken {
    writes: Arc<Writes>,
    key: Key,
    generation: u64,
    pub(crate) is_ordered: bool,
}

/// Answer to a write that presents its write token: the permission to store its value, or the
/// reason for the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// The value may not be stored: the write token was fenced (made invalid), or the order of
    /// overlapping writes is unknown. In the second case, the tokens of all overlapping writes are
    /// fenced now.
    Fenced,
    /// The entry can be stored, because no newer value of the key is known.
    Newest,
    /// The entry may not be stored, because a write with a greater order has stored its value.
    Older,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock()
    }

    /// Begins a write of `key` and returns its write token. `is_ordered` must be `true` if the
    /// written value will have an order (`order_by`).
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

    /// Fences (makes invalid) the tokens of all running writes of `key`, so that none of these
    /// writes stores its value.
    pub(crate) fn fence(&self, key: &[u8]) {
        let replaced = self.lock().get_mut(key).and_then(Writing::fence);
        drop(replaced);
    }

    /// Fences the running writes of `key` if at least one of them has no order. The cache calls
    /// this method when another process has stored a write of `key` with an order. If all running
    /// writes have an order, Redis compares their orders with the order of the other process's
    /// write.
    pub(crate) fn superseded_elsewhere(&self, key: &[u8]) {
        let mut keys = self.lock();
        let plain = keys.get_mut(key).filter(|writing| writing.plain > 0);
        let replaced = plain.and_then(Writing::fence);
        drop(keys);
        drop(replaced);
    }

    /// Returns the number of keys for which a write is running.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl WriteToken {
    /// Decides if `entry`, the result of this write, is stored. A write without an order is stored
    /// only if no other write of the key overlaps. A write with an order is stored only if every
    /// overlapping write has an order, and neither an accepted write among them has a greater or
    /// equal order, nor the entry in memory a greater one. `known` is the order of the entry in
    /// memory; `None` if memory has no entry, or an entry without an order.
    ///
    /// If the token is fenced (made invalid) between this call and the drop of the token, `entry`
    /// becomes unusable, even if `entry` is in memory already.
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

    /// Returns the entry of the newest overlapping write that may be stored. Returns `None` if the
    /// token of no overlapping write was accepted. The returned entry is in memory or about to be
    /// stored there.
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
