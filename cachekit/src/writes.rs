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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fault::{Fault, Faults};
use crate::key::Key;
use crate::stored::AnyStored;

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
    /// What a writer is about to insert, or has inserted.
    landing: Option<Arc<AnyStored>>,
    /// The greatest order that was redeemed in this generation.
    newest: Option<u64>,
    /// A write with an order went through in another process.
    elsewhere: bool,
}

impl Writing {
    fn spoil(&mut self) {
        self.generation += 1;
        self.newest = None;
        self.elsewhere = false;
        self.land(None);
    }

    /// Takes what landed before out of use.
    fn land(&mut self, entry: Option<Arc<AnyStored>>) {
        if let Some(landing) = std::mem::replace(&mut self.landing, entry) {
            landing.kill();
        }
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
    Spoilt,
    /// The entry may be inserted.
    Newest,
    /// A write with a greater order was faster.
    Older,
    /// In another process one was faster or slower: only the store can tell.
    Elsewhere,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub(crate) fn spoil(&self, key: &[u8]) {
        if let Some(writing) = self.lock().get_mut(key) {
            writing.spoil();
        }
    }

    /// A write of `key` with an order went through in another process. Those with an order
    /// that are under way here are compared with it where both meet, in the store.
    pub(crate) fn outrun(&self, key: &[u8]) {
        if let Some(writing) = self.lock().get_mut(key) {
            if writing.plain > 0 {
                writing.spoil();
            } else {
                writing.elsewhere = true;
                writing.land(None);
            }
        }
    }

    /// How many keys are being written.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl WriteToken {
    /// Whether `entry` may be inserted, which no other write overlaps with. Until the token
    /// is dropped, whatever spoils it takes `entry` out of use, also if that has not been
    /// inserted yet.
    pub(crate) fn redeem(&self, entry: &Arc<AnyStored>) -> Redeemed {
        self.with(|writing| {
            let alone = writing.plain + writing.ordered == 1;
            if !alone || writing.generation != self.generation {
                writing.spoil();
                return Redeemed::Spoilt;
            }
            writing.land(Some(Arc::clone(entry)));
            Redeemed::Newest
        })
    }

    /// The same for a write with an order; `known` is that of what is in memory.
    pub(crate) fn redeem_ordered(
        &self,
        entry: &Arc<AnyStored>,
        order: u64,
        known: Option<u64>,
        faults: Faults,
    ) -> Redeemed {
        self.with(|writing| {
            // Equal orders of writes that overlap say nothing about which is newer.
            let is_told = writing.plain == 0 && writing.newest != Some(order);
            if !is_told || writing.generation != self.generation {
                writing.spoil();
                return Redeemed::Spoilt;
            }
            let is_older = writing.newest.max(known) > Some(order);
            if is_older && !faults.has(Fault::IgnoreOrder) {
                return Redeemed::Older;
            }
            writing.newest = Some(order);
            if writing.elsewhere {
                writing.land(None);
                return Redeemed::Elsewhere;
            }
            writing.land(Some(Arc::clone(entry)));
            Redeemed::Newest
        })
    }

    /// What the newest of the writes that overlap with this one has inserted, or is about to.
    pub(crate) fn landing(&self) -> Option<Arc<AnyStored>> {
        self.writes.lock().get(&self.key)?.landing.clone()
    }

    fn with(&self, step: impl FnOnce(&mut Writing) -> Redeemed) -> Redeemed {
        let mut keys = self.writes.lock();
        keys.get_mut(&self.key).map_or(Redeemed::Spoilt, step)
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
        if writing.plain + writing.ordered == 0 {
            keys.remove(&self.key);
        }
    }
}
