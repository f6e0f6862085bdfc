//! The table of one thread.

use std::iter::once;
use std::sync::Weak;

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

/// Slots in a set; a power of two.
const WAYS: usize = 4;
/// 16 KiB of slots.
const FIRST_SLOTS: usize = 1 << 8;
/// 64 KiB of slots: the largest size while admission is throttled.
const SMALL_SLOTS: usize = 1 << 10;
/// 1 MiB of slots.
const MOST_SLOTS: usize = 1 << 14;
/// Bytes that slots may keep allocated for entries that may be dead: with the slots, less than 8
/// MiB.
pub(crate) const MOST_HELD: usize = 6 << 20;
/// Slots that are checked for dead entries at each admission after an invalidation.
const SWEPT: usize = 2;
/// Slots that are checked if there is no room.
const SWEPT_FOR_ROOM: usize = 16;
/// Factor by which a table grows.
const GROWTH: usize = 4;
/// In a full set only one newcomer in this many replaces another entry. A newcomer may be used only
/// once; with more replacements, entries that are used often would be looked up in the engine as
/// often as those that are not.
const NEWCOMERS: usize = 8;

/// Slots in sets, by hash. An entry may be in any slot of two sets, and one of these slots is
/// looked at first. With a choice of two sets, far fewer entries find no slot while there are empty
/// ones (Azar, Broder, Karlin, Upfal: Balanced allocations, 1994).
pub(crate) struct Table {
    slots: Vec<Option<Slot>>,
    /// Data of the slots' entries that hits do not need.
    details: Vec<SlotDetails>,
    /// Counters of hits, by owner index.
    hits: Vec<Option<Tally>>,
    /// Newcomers that found their sets full since the table grew.
    lost: usize,
    /// Sum of [`SlotDetails::held`].
    held: usize,
    /// Next slot to check for a dead entry.
    sweep_index: usize,
    /// The [`revision`] when this round of checks began, and when the last complete one began.
    round: u64,
    swept: u64,
    /// Decides if caching here pays.
    pub(crate) admission: AdmissionPolicy,
    /// Samples this thread's uses for the hot keys, also uses of entries that are not in the table.
    pub(crate) sampler: Sampler,
}

/// Data of a slot's entry that a hit does not need.
#[derive(Default)]
pub(crate) struct SlotDetails {
    pub(crate) stored: Weak<MemoryEntry>,
    /// All argument words, if they do not fit into the slot.
    pub(crate) long: Option<Box<[u64]>>,
    /// Bytes that stay allocated while the slot is taken: the argument words, and, once they are
    /// dead, the entry and its value.
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
        }
    }

    #[inline]
    pub(crate) fn find<R>(
        &mut self,
        lookup: &LookupKey<'_>,
        now: Tick,
        generations: &Generations,
        take: impl FnOnce(AnyShared) -> Option<R>,
        count: impl FnOnce(u32),
    ) -> Option<R> {
        let index = self.index(lookup)?;
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
        // Before the value is taken, which would otherwise be held across the branch.
        if self.sampler.draws() {
            count(self.sampler.weigh());
            if removed!(generations, EvenSamples) {
                self.sampler.space_evenly();
            }
        }
        self.admission.record_hit();
        let taken = take(value)?;
        hits.bump();
        Some(taken)
    }

    /// Checks the entry of a slot after something was invalidated. Returns `true` if it is still
    /// valid.
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

    /// Empties the dead ones among the next slots.
    #[cold]
    fn sweep(&mut self, slots: usize) {
        for _ in 0..slots.min(self.slots.len()) {
            if self.sweep_index >= self.slots.len() {
                self.sweep_index = 0;
                self.swept = std::mem::replace(&mut self.round, revision());
            }
            if self.slots[self.sweep_index]
                .as_ref()
                .is_some_and(Slot::is_dead)
            {
                self.empty(self.sweep_index);
            }
            self.sweep_index += 1;
        }
    }

    /// Returns `true` if `bytes` more may be held.
    fn has_room(&mut self, bytes: usize) -> bool {
        if self.swept != revision() {
            self.sweep(SWEPT);
        }
        if self.held + bytes > MOST_HELD {
            self.sweep(SWEPT_FOR_ROOM);
        }
        self.held + bytes <= MOST_HELD
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
        let Some(index) = self.index(lookup).or_else(|| self.free(lookup.hash)) else {
            return;
        };
        self.fill(index, slot, detail);
        self.admission.record_admitted();
    }

    /// Returns the index of the slot of `lookup`.
    #[inline]
    fn index(&self, lookup: &LookupKey<'_>) -> Option<usize> {
        let first = self.first(lookup.hash);
        if self.is_at(first, lookup) {
            return Some(first);
        }
        self.index_further(lookup)
    }

    /// Searches all slots but the first. A function of its own, because most hits are in the first
    /// slot.
    #[inline(never)]
    fn index_further(&self, lookup: &LookupKey<'_>) -> Option<usize> {
        let mut further = self.further(lookup.hash);
        further.find(|index| self.is_at(*index, lookup))
    }

    #[inline]
    fn is_at(&self, index: usize, lookup: &LookupKey<'_>) -> bool {
        let Some(Some(slot)) = self.slots.get(index) else {
            return false;
        };
        slot.head == lookup.head
            && slot.owner_index == lookup.owner_index
            && (slot.head[0] != LONG || self.details[index].long.as_deref() == lookup.long)
    }

    /// Returns the slot to look at first. The others of its set differ from it in the lowest bits.
    #[inline]
    fn first(&self, hash: u32) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    /// Returns the slots to look at next: the others of the first set, and those of the second.
    #[inline]
    fn further(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let first = self.first(hash);
        // Rotated: by bits that did not choose the first set.
        let second = self.first(hash.rotate_left(16));
        let others = (1..WAYS).map(move |way| first ^ way);
        others.chain((0..WAYS).map(move |way| second ^ way))
    }

    /// Returns `true` if hits of `owner_index`, which belongs to `owner`, can be counted.
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

    /// Returns a slot for a new entry: an empty one, or sometimes one that it replaces.
    fn free(&mut self, hash: u32) -> Option<usize> {
        if self.slots.is_empty() {
            self.resize(FIRST_SLOTS);
        }
        let first = self.first(hash);
        let mut all = once(first).chain(self.further(hash));
        if let Some(index) = all.find(|index| self.slots[*index].is_none()) {
            return Some(index);
        }
        // Each check reads another cache line, so the second set is left out.
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
                // A larger table has enough free slots.
                if let Some(index) = self.free(hash) {
                    self.fill(index, slot, detail);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::key::buf::KeyBuf;
    use crate::model::owner::OwnerId;

    /// Each key is asked for several times, because the table grows meanwhile.
    #[test]
    fn a_table_five_eighths_full_has_nearly_all_that_were_kept() {
        const COUNT: u64 = 10_000;
        let owner = Owner::new(OwnerId::DIRECT, "tests");
        let value: AnyShared = Arc::new(());
        let mut table = Table::new();
        let mut lost = 0;
        for _ in 0..4 {
            lost = 0;
            for number in 0..COUNT {
                let mut arg_words = KeyBuf::arg_words();
                arg_words.part(0, &number);
                let lookup = LookupKey::new(&arg_words, OwnerIndex(0));
                if table.index(&lookup).is_some() {
                    continue;
                }
                lost += 1;
                let slot = Slot {
                    head: lookup.head,
                    group: 0,
                    count: 0,
                    owner_index: lookup.owner_index,
                    checked: 0,
                    until: Tick::NEVER,
                    value: Arc::downgrade(&value),
                };
                table.keep(&lookup, slot, SlotDetails::default(), &owner);
            }
        }
        assert_eq!(table.slots.len(), MOST_SLOTS);
        // With one set for each hash it would be one in sixteen.
        assert!(lost < COUNT / 100, "{lost} of {COUNT} were not there");
    }
}
