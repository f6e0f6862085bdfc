//! The table of one thread (L0), with slots for recently used entries.

mod drawn_parts;
pub(crate) mod fingerprints;
mod growth;
mod room;
pub(crate) mod slots;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Weak};

use crate::base::clock::Tick;
use crate::base::counter::Tally;
use crate::base::fault::{guard, removed};
use crate::l1::generations::{Generation, Generations};
use crate::l1::hot_keys::sampler::Sampler;
use crate::l1::thread_cache::admission::AdmissionPolicy;
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::drawn_parts::DrawnParts;
use crate::l1::thread_cache::table::slots::{Place, SlotDetails, Slots, Vacancy};
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::revision;
use crate::model::owner::Owner;
use crate::model::owner_index::OwnerIndex;

/// Number of new entries of which one replaces an older entry in a thread's table (L0) if the sets
/// of slots for the new entry are full. The others are not kept in the table, because many new
/// entries are used only once. With more replacements, entries that are used often would leave the
/// table and be looked up in the engine.
const NEWCOMERS: usize = 8;
/// Number of slots of a full set that are checked for a dropped value. A check reads two CPU cache
/// lines for each slot, so only some slots of the set are checked, in turn.
const CHECKED: usize = 2;

/// The table of one thread (L0): slots for recently used entries, and what decides about them.
pub(crate) struct Table {
    slots: Slots,
    /// Counters of hits in this thread, by owner index.
    hits: Vec<Option<Tally>>,
    /// Number of new entries for which the sets of slots were full, since the thread's table (L0) last
    /// grew, or since the number of its hits was `lost_since`.
    lost: usize,
    lost_since: u64,
    /// Number of new entries for which the sets of slots were full and did not grow.
    full: usize,
    /// Number of bytes that all slots of the thread's table (L0) keep allocated: the sum of
    /// [`SlotDetails::held`].
    held: usize,
    /// Number of the slot of the thread's table (L0) that is checked next for a dropped value.
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
    /// Number of entries offered to the table since it last became smaller, while its entries were not
    /// worth their memory.
    useless: usize,
    drawn: DrawnParts,
    /// Slots while the table is lent and `slots` is empty. `None`: the table is not lent. The last
    /// field, so that it does not move the fields that hits read.
    lent: Option<Slots>,
}

impl Table {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Slots::new(),
            hits: Vec::new(),
            lost: 0,
            lost_since: 0,
            full: 0,
            held: 0,
            sweep_index: 0,
            round: 0,
            swept: 0,
            admission: AdmissionPolicy::new(),
            sampler: Sampler::new(),
            useless: 0,
            drawn: DrawnParts::new(),
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
        let (place, slot) = self.slots.find_slot(lookup)?;
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
        } else if self.check(place) {
            self.slots.at(place)?
        } else {
            return None;
        };
        let hits = self.hits.get(slot.owner_index.index())?.as_ref()?;
        let value = slot.value.upgrade()?;
        // The use is sampled before the call of `take`, so that the branch need not save the result
        // of `take`.
        if self.sampler.draws() {
            count(self.sampler.weigh(), &self.slots.details(place).stored);
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
        self.lent = Some(std::mem::replace(&mut self.slots, Slots::new()));
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
        let (place, slot) = slots.find_slot(lookup)?;
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
        if !is_checked && !self.check_lent(place) {
            return None;
        }
        let slots = self.lent.as_ref().unwrap_or(&self.slots);
        let entry = slots.details(place).stored.upgrade()?;
        self.hits.get(owner_index.index())?.as_ref()?.bump();
        Some(entry)
    }

    /// Checks the entry in a slot after the [`revision`] has changed. Returns `true` if the entry
    /// is still valid, and empties the slot otherwise.
    #[cold]
    fn check(&mut self, place: Place) -> bool {
        let checked = revision();
        let stored = self.slots.details(place).stored.upgrade();
        let is_valid = stored.is_some_and(|stored| stored.is_valid());
        match self.slots.at_mut(place) {
            Some(slot) if is_valid => slot.checked = checked,
            _ => self.end(place),
        }
        is_valid
    }

    /// Does what [`check`](Self::check) does, also while the table is lent.
    #[cold]
    fn check_lent(&mut self, place: Place) -> bool {
        let was_lent = self.give_back();
        let is_valid = self.check(place);
        if was_lent {
            self.lend();
        }
        is_valid
    }

    /// Empties a slot.
    fn empty(&mut self, place: Place) {
        if let Some((_, details)) = self.slots.take(place) {
            self.held -= details.held;
        }
    }

    /// Empties a slot whose entry is no longer usable.
    fn end(&mut self, place: Place) {
        self.admission.record_ended();
        self.empty(place);
    }

    pub(crate) fn keep(
        &mut self,
        lookup: &LookupKey<'_>,
        slot: Slot,
        details: SlotDetails,
        owner: &Owner,
    ) {
        self.shrink_if_useless();
        if !self.counts(lookup.owner_index, owner) || !self.makes_room(details.held) {
            return;
        }
        if let Some(place) = self.slots.find(lookup) {
            self.end(place);
        }
        if let Some(place) = self.free(lookup.hash) {
            self.held += details.held;
            self.slots.fill(place, lookup.hash, slot, details);
        }
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

    /// Returns the place of an empty slot in the thread's table (L0) for a new entry with `hash`. If
    /// the sets are full, the table grows, or a slot is emptied whose value was dropped, or sometimes
    /// a slot with another entry. Returns `None` if the new entry is not to be kept in the table.
    fn free(&mut self, hash: u64) -> Option<Place> {
        if self.slots.parts() == 0 {
            self.slots.add_part();
        }
        match self.slots.vacancy(hash) {
            Some(Vacancy::First(place)) => return Some(place),
            Some(Vacancy::Second(place)) if !self.grow(false) => return Some(place),
            Some(Vacancy::Second(_)) => {}
            None => {
                self.lost += 1;
                self.grow(true);
            }
        }
        if let Some(Vacancy::First(place) | Vacancy::Second(place)) = self.slots.vacancy(hash) {
            return Some(place);
        }
        self.full += 1;
        let place = |way| self.slots.in_first_set(hash, way);
        let is_dead = |place: &Place| self.slots.at(*place).is_some_and(Slot::is_dead);
        let checked = (0..CHECKED).map(|way| place(self.full * CHECKED + way));
        if let Some(place) = checked.into_iter().find(is_dead) {
            self.end(place);
            return Some(place);
        }
        let place = place(self.full / NEWCOMERS);
        let is_let_in = self.full.is_multiple_of(NEWCOMERS) && self.admission.pays_replacement();
        is_let_in.then(|| {
            self.empty(place);
            place
        })
    }
}
