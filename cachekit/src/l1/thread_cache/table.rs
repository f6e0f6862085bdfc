//! The table of one thread (L0), with slots for recently used entries.

mod room;
#[cfg(test)]
mod tests;

use std::iter::once;
use std::sync::{Arc, Weak};

use crate::base::clock::Tick;
use crate::base::counter::Tally;
use crate::base::fault::{guard, removed};
use crate::l1::generations::{Generation, Generations};
use crate::l1::hot_keys::sampler::Sampler;
use crate::l1::thread_cache::admission::AdmissionPolicy;
use crate::l1::thread_cache::lookup_key::{LONG, LookupKey, hash};
use crate::l1::thread_cache::slot::Slot;
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::revision;
use crate::model::owner::Owner;
use crate::model::owner_index::OwnerIndex;

/// Number of slots in each set of a thread's table (L0). A hash selects a set. Must be a power of
/// two.
const WAYS: usize = 4;
/// Number of slots of a thread's new table (L0), which together take 16 KiB.
const FIRST_SLOTS: usize = 1 << 8;
/// Largest number of slots of a thread's table (L0) while the admission of entries is throttled.
/// The slots together take 64 KiB.
const SMALL_SLOTS: usize = 1 << 10;
/// Largest number of slots of a thread's table (L0), which together take 1 MiB.
const MOST_SLOTS: usize = 1 << 14;
/// Factor by which the number of slots of a thread's table (L0) grows if many new entries find
/// their sets of slots full.
const GROWTH: usize = 4;
/// Number of new entries of which one replaces an older entry in a thread's table (L0) if the sets
/// of slots for the new entry are full. The others are not kept in the table, because many new
/// entries are used only once. With more replacements, entries that are used often would leave the
/// table and be looked up in the engine.
const NEWCOMERS: usize = 8;

/// Slots for entries in a thread's table (L0), grouped into sets. The hash of a look-up key selects
/// two sets and, in the first set, the slot that a look-up reads first. An entry is in any slot of
/// its two sets. With two sets for each entry rather than one, far fewer entries find no slot while
/// other slots are empty (Azar, Broder, Karlin, Upfal: Balanced allocations, 1994).
pub(crate) struct Table {
    slots: Vec<Option<Slot>>,
    /// Data of the entries in `slots` that a hit does not read. The data of an entry and its slot
    /// have equal indexes.
    details: Vec<SlotDetails>,
    /// Counters of hits in this thread, by owner index.
    hits: Vec<Option<Tally>>,
    /// Number of new entries, since the thread's table (L0) last grew, for which the sets of slots
    /// were full.
    lost: usize,
    /// Number of bytes that all slots of the thread's table (L0) keep allocated: the sum of
    /// [`SlotDetails::held`].
    held: usize,
    /// Index of the slot of the thread's table (L0) that is checked next for a dropped value.
    sweep_index: usize,
    /// Values of the [`revision`], a count of invalidations, at the beginning of two checks of all
    /// slots for dropped values: `round` for the check that is running, `swept` for the last
    /// complete check.
    round: u64,
    swept: u64,
    /// Policy that decides if an entry is admitted to this thread's table (L0).
    pub(crate) admission: AdmissionPolicy,
    /// Sampler of this thread's uses of keys, for the hot keys. The sampler also counts uses of
    /// entries that are not in the table.
    pub(crate) sampler: Sampler,
    /// Slots while the table is lent and `slots` is empty. `None`: the table is not lent. The last
    /// field, so that it does not move the fields that hits read.
    lent: Option<Vec<Option<Slot>>>,
}

/// Further data of the entry in a slot of a thread's table (L0), which a hit does not read.
#[derive(Default)]
pub(crate) struct SlotDetails {
    pub(crate) stored: Weak<MemoryEntry>,
    /// The arguments of the call as 64-bit words; `None` if the words fit into the slot of the
    /// thread's table (L0).
    pub(crate) long: Option<Box<[u64]>>,
    /// Bytes that the slot of a thread's table (L0) keeps allocated: the copy of the call's
    /// arguments, and the memory of the entry and its value, which is freed only with the slot's
    /// weak references.
    pub(crate) held: usize,
}

impl Table {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            details: Vec::new(),
            hits: Vec::new(),
            lost: 0,
            held: 0,
            sweep_index: 0,
            round: 0,
            swept: 0,
            admission: AdmissionPolicy::new(),
            sampler: Sampler::new(),
            lent: None,
        }
    }

    #[inline]
    pub(crate) fn find<R>(
        &mut self,
        lookup: &LookupKey<'_>,
        now: Tick,
        generations: &Generations,
        take: impl FnOnce(AnyShared) -> Option<R>,
        count: impl FnOnce(u32, &Weak<MemoryEntry>),
    ) -> Option<R> {
        let index = self.index(&self.slots, lookup)?;
        let slot = self.slots[index].as_ref()?;
        let generation = Generation {
            count: slot.count,
            group: slot.group,
        };
        let stands = guard!(generations, KeepAtHand: generations.is_current(generation));
        if now >= slot.until || !stands {
            return None;
        }
        let is_checked = guard!(generations, TrustAtHand: slot.checked == revision());
        let slot = if is_checked {
            slot
        } else if self.check(index) {
            self.slots[index].as_ref()?
        } else {
            return None;
        };
        let hits = self.hits.get(slot.owner_index.index())?.as_ref()?;
        let value = slot.value.upgrade()?;
        // The use is sampled before the call of `take`, so that the branch need not save the result
        // of `take`.
        if self.sampler.draws() {
            count(self.sampler.weigh(), &self.details[index].stored);
            if removed!(generations, EvenSamples) {
                self.sampler.space_evenly();
            }
        }
        self.admission.record_hit();
        let taken = take(value)?;
        hits.bump();
        Some(taken)
    }

    /// Makes [`find`](Self::find) find nothing, until [`give_back`](Self::give_back). Returns
    /// `false` if the table was lent already.
    pub(crate) fn lend(&mut self) -> bool {
        if self.lent.is_some() {
            return false;
        }
        self.lent = Some(std::mem::take(&mut self.slots));
        true
    }

    /// Ends the lending that [`lend`](Self::lend) began. Returns `false` if the table was not lent.
    pub(crate) fn give_back(&mut self) -> bool {
        match self.lent.take() {
            Some(slots) => {
                self.slots = slots;
                true
            }
            None => false,
        }
    }

    /// Returns the entry that the table has under `lookup`, also while the table is lent. Returns
    /// `None` if the table has no entry that is valid at `now`. An entry counts as a hit; `count`
    /// is that of [`find`](Self::find).
    pub(crate) fn find_entry(
        &mut self,
        lookup: &LookupKey<'_>,
        now: Tick,
        generations: &Generations,
        count: impl FnOnce(u32, &Weak<MemoryEntry>),
    ) -> Option<Arc<MemoryEntry>> {
        let entry = self.entry(lookup, now, generations)?;
        if self.sampler.draws() {
            count(self.sampler.weigh(), &Arc::downgrade(&entry));
        }
        self.admission.record_hit();
        Some(entry)
    }

    fn entry(
        &mut self,
        lookup: &LookupKey<'_>,
        now: Tick,
        generations: &Generations,
    ) -> Option<Arc<MemoryEntry>> {
        let slots = self.lent.as_ref().unwrap_or(&self.slots);
        let index = self.index(slots, lookup)?;
        let slot = slots[index].as_ref()?;
        let generation = Generation {
            count: slot.count,
            group: slot.group,
        };
        let (until, checked, owner_index) = (slot.until, slot.checked, slot.owner_index);
        let stands = guard!(generations, KeepAtHand: generations.is_current(generation));
        if now >= until || !stands {
            return None;
        }
        let is_checked = guard!(generations, TrustAtHand: checked == revision());
        if !is_checked && !self.check_lent(index) {
            return None;
        }
        let entry = self.details[index].stored.upgrade()?;
        self.hits.get(owner_index.index())?.as_ref()?.bump();
        Some(entry)
    }

    /// Checks the entry in a slot after the [`revision`] has changed. Returns `true` if the entry
    /// is still valid, and empties the slot otherwise.
    #[cold]
    fn check(&mut self, index: usize) -> bool {
        let checked = revision();
        let stored = self.details[index].stored.upgrade();
        let is_valid = stored.is_some_and(|stored| stored.is_valid());
        match &mut self.slots[index] {
            Some(slot) if is_valid => slot.checked = checked,
            _ => self.empty(index),
        }
        is_valid
    }

    /// Does what [`check`](Self::check) does, also while the table is lent.
    #[cold]
    fn check_lent(&mut self, index: usize) -> bool {
        let was_lent = self.give_back();
        let is_valid = self.check(index);
        if was_lent {
            self.lend();
        }
        is_valid
    }

    fn empty(&mut self, index: usize) {
        self.slots[index] = None;
        self.held -= std::mem::take(&mut self.details[index]).held;
    }

    fn fill(&mut self, index: usize, slot: Slot, detail: SlotDetails) {
        self.empty(index);
        self.held += detail.held;
        self.slots[index] = Some(slot);
        self.details[index] = detail;
    }

    pub(crate) fn keep(
        &mut self,
        lookup: &LookupKey<'_>,
        slot: Slot,
        detail: SlotDetails,
        owner: &Owner,
    ) {
        if !self.has_room(detail.held) || !self.counts(lookup.owner_index, owner) {
            return;
        }
        let Some(index) = self
            .index(&self.slots, lookup)
            .or_else(|| self.free(lookup.hash))
        else {
            return;
        };
        self.fill(index, slot, detail);
        self.admission.record_admitted();
    }

    /// Returns the index in `slots`, the slots of the thread's table (L0), of the slot with the
    /// look-up key `lookup`. Returns `None` if there is no such slot.
    #[inline]
    fn index(&self, slots: &[Option<Slot>], lookup: &LookupKey<'_>) -> Option<usize> {
        let first = first(slots.len(), lookup.hash);
        if self.is_at(slots, first, lookup) {
            return Some(first);
        }
        self.index_further(slots, lookup)
    }

    /// Searches the slots of the thread's table (L0) for the key `lookup`, except the slot that a
    /// look-up reads first. Most hits are in the first slot, so this code is not inlined.
    #[inline(never)]
    fn index_further(&self, slots: &[Option<Slot>], lookup: &LookupKey<'_>) -> Option<usize> {
        // A table that is lent has no slots here, as inside of every computation.
        if slots.is_empty() {
            return None;
        }
        self.search(slots, lookup)
    }

    #[inline(never)]
    fn search(&self, slots: &[Option<Slot>], lookup: &LookupKey<'_>) -> Option<usize> {
        let mut further = further(slots.len(), lookup.hash);
        further.find(|index| self.is_at(slots, *index, lookup))
    }

    #[inline]
    fn is_at(&self, slots: &[Option<Slot>], index: usize, lookup: &LookupKey<'_>) -> bool {
        let Some(Some(slot)) = slots.get(index) else {
            return false;
        };
        slot.head == lookup.head
            && slot.owner_index == lookup.owner_index
            && (slot.head[0] != LONG || self.details[index].long.as_deref() == lookup.long)
    }

    /// Returns `true` if this thread can count hits of the function or region `owner`, whose number
    /// is `owner_index`. Entries whose hits cannot be counted are not kept in the thread's table.
    fn counts(&mut self, owner_index: OwnerIndex, owner: &Owner) -> bool {
        if owner_index == OwnerIndex::NONE {
            return false;
        }
        let index = owner_index.index();
        if index >= self.hits.len() {
            self.hits.resize_with(index + 1, || None);
        }
        let hits = &mut self.hits[index];
        if hits.is_none() {
            *hits = owner.counts.memory_hits.tally();
        }
        hits.is_some()
    }

    /// Returns the index of a slot in the thread's table (L0) for a new entry with `hash`: an empty
    /// slot, a slot whose value was dropped, or sometimes a slot whose entry is replaced. Returns
    /// `None` if the new entry is not to be kept in the thread's table.
    fn free(&mut self, hash: u32) -> Option<usize> {
        if self.slots.is_empty() {
            self.resize(FIRST_SLOTS);
        }
        let first = first(self.slots.len(), hash);
        let mut all = once(first).chain(further(self.slots.len(), hash));
        if let Some(index) = all.find(|index| self.slots[*index].is_none()) {
            return Some(index);
        }
        // A check for dropped values reads a CPU cache line for each slot, so only the first set is
        // checked.
        let is_dead = |index: &usize| self.slots[*index].as_ref().is_some_and(Slot::is_dead);
        if let Some(index) = (0..WAYS).map(|way| first ^ way).find(is_dead) {
            return Some(index);
        }
        self.lost += 1;
        let most = if self.admission.is_throttled() {
            SMALL_SLOTS
        } else {
            MOST_SLOTS
        };
        let may_grow = self.slots.len() < most;
        if self.lost > self.slots.len() / WAYS && may_grow {
            self.resize(self.slots.len() * GROWTH);
            return self.free(hash);
        }
        let is_let_in = self.lost.is_multiple_of(NEWCOMERS);
        is_let_in.then_some(first ^ (self.lost / NEWCOMERS % WAYS))
    }

    #[cold]
    fn resize(&mut self, slots: usize) {
        let old = std::mem::take(&mut self.slots);
        let details = std::mem::take(&mut self.details);
        self.slots.resize_with(slots, || None);
        self.details.resize_with(slots, SlotDetails::default);
        (self.lost, self.held, self.sweep_index) = (0, 0, 0);
        for (slot, detail) in old.into_iter().zip(details) {
            if let Some(slot) = slot {
                let hash = hash(&slot.head, detail.long.as_deref(), slot.owner_index);
                // After the table has grown, it has enough free slots.
                if let Some(index) = self.free(hash) {
                    self.fill(index, slot, detail);
                }
            }
        }
    }
}

/// Returns the index of the slot in a thread's table (L0) with `slots` slots that a look-up with
/// `hash` reads first. The slots of one set have indexes that differ only in the lowest bits.
#[inline]
fn first(slots: usize, hash: u32) -> usize {
    hash as usize & slots.wrapping_sub(1)
}

/// Returns the indexes of the slots in a thread's table (L0) with `slots` slots that a look-up with
/// `hash` reads after the first slot: the further slots of the first set, and all slots of the
/// second set.
#[inline]
fn further(slots: usize, hash: u32) -> impl Iterator<Item = usize> {
    let one = first(slots, hash);
    // The rotation of the hash lets other bits of it choose the second set.
    let other = first(slots, hash.rotate_left(16));
    let rest = (1..WAYS).map(move |way| one ^ way);
    rest.chain((0..WAYS).map(move |way| other ^ way))
}
