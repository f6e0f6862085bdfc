//! The slots of a thread's table (L0), in parts that are added and removed one by one.
//!
//! The number of parts need not be a power of two. An added part takes over entries of one earlier
//! part only, so a table grows by steps of bounded length (Litwin: Linear hashing, 1980). The sets of
//! an entry have the same numbers in every part, so an entry that moves keeps its index.

#[cfg(test)]
mod tests;

use std::sync::Weak;

use crate::l1::thread_cache::lookup_key::{LONG, LookupKey, hash};
use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::fingerprints::{Fingerprints, WAYS, fingerprint};
use crate::model::entry::MemoryEntry;

/// Number of sets in each part of a thread's table (L0). Must be a power of two.
const SETS: usize = 32;
/// Number of slots in each part of a thread's table (L0). A part takes 24 KiB.
pub(crate) const PART_SLOTS: usize = SETS * WAYS;
/// Largest number of parts of a table whose look-ups read the home slot before any fingerprint. The
/// slots of a larger table are not in the CPU's caches, so a slot is read only if its fingerprint is
/// right.
const NEAR_PARTS: usize = 64;

/// Slots for entries in a thread's table (L0). The hash of a look-up key selects a part, and two sets
/// in this part. An entry is in any slot of its two sets. With two sets for each entry rather than
/// one, far fewer entries find no slot while other slots are empty (Azar, Broder, Karlin, Upfal:
/// Balanced allocations, 1994). One slot of the first set is its *home*, which is preferred.
pub(crate) struct Slots {
    /// Fingerprints of the entries, by part and set. They are apart from the slots, so that they stay
    /// in the CPU's caches, and a look-up reads a slot only if the slot probably has its entry.
    fingerprints: Vec<[Fingerprints; SETS]>,
    parts: Vec<Box<Part>>,
    /// The least number of the form `2^n - 1` that is not less than the number of each part.
    mask: usize,
}

/// A part of the slots of a thread's table (L0).
struct Part {
    slots: [Option<Slot>; PART_SLOTS],
    /// Data of the entries in `slots` that a hit does not read. The data of an entry and its slot
    /// have equal indexes.
    details: [SlotDetails; PART_SLOTS],
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

/// The place of a slot in a thread's table (L0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    part: usize,
    slot: usize,
}

/// A place for a new entry of a thread's table (L0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// An empty slot of the set that a look-up searches first.
    First(Place),
    /// An empty slot of the second set.
    Second(Place),
}

impl Part {
    fn new() -> Box<Self> {
        Box::new(Self {
            slots: [const { None }; PART_SLOTS],
            details: std::array::from_fn(|_| SlotDetails::default()),
        })
    }
}

impl Slots {
    pub(crate) const fn new() -> Self {
        Self {
            fingerprints: Vec::new(),
            parts: Vec::new(),
            mask: 0,
        }
    }

    /// Returns the number of parts.
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns the slot with the look-up key `lookup` and its place, or `None` if there is no such
    /// slot. Only the paths of hits call this, so the look at the home slot is inlined there.
    #[inline]
    pub(crate) fn find_slot(&self, lookup: &LookupKey<'_>) -> Option<(Place, &Slot)> {
        self.at_home(lookup).or_else(|| {
            let place = self.find(lookup)?;
            Some((place, self.at(place)?))
        })
    }

    /// Returns the home slot of `lookup` and its place, if the table is small and the slot has the
    /// look-up key `lookup`.
    #[inline]
    fn at_home(&self, lookup: &LookupKey<'_>) -> Option<(Place, &Slot)> {
        if self.parts.len() > NEAR_PARTS {
            return None;
        }
        let part = self.part_of(lookup.hash);
        let slot = first_set(lookup.hash) * WAYS + home_way(lookup.hash);
        let found = self.parts.get(part)?.slots[slot].as_ref()?;
        let is_it = found.head == lookup.head
            && found.owner_index == lookup.owner_index
            && found.head[0] != LONG;
        is_it.then_some((Place { part, slot }, found))
    }

    /// Returns the place of the slot with the look-up key `lookup`, or `None` if there is no such
    /// slot.
    #[inline(never)]
    pub(crate) fn find(&self, lookup: &LookupKey<'_>) -> Option<Place> {
        let part = self.part_of(lookup.hash);
        let fingerprints = self.fingerprints.get(part)?;
        let (first, second) = (first_set(lookup.hash), second_set(lookup.hash));
        self.find_in(part, fingerprints, first, lookup)
            .or_else(|| self.find_in(part, fingerprints, second, lookup))
    }

    #[inline]
    fn find_in(
        &self,
        part: usize,
        fingerprints: &[Fingerprints; SETS],
        set: usize,
        lookup: &LookupKey<'_>,
    ) -> Option<Place> {
        let likely = fingerprints[set % SETS].likely(fingerprint(lookup.hash));
        likely
            .map(|way| Place {
                part,
                slot: set * WAYS + way,
            })
            .find(|place| self.is_at(*place, lookup))
    }

    #[inline]
    fn is_at(&self, place: Place, lookup: &LookupKey<'_>) -> bool {
        let Some(part) = self.parts.get(place.part) else {
            return false;
        };
        let Some(slot) = &part.slots[place.slot % PART_SLOTS] else {
            return false;
        };
        slot.head == lookup.head
            && slot.owner_index == lookup.owner_index
            && (slot.head[0] != LONG || part.details[place.slot].long.as_deref() == lookup.long)
    }

    /// Returns the entry in the slot at `place`, or `None` if the slot is empty.
    #[inline]
    pub(crate) fn at(&self, place: Place) -> Option<&Slot> {
        let part = self.parts.get(place.part)?;
        part.slots[place.slot % PART_SLOTS].as_ref()
    }

    /// Returns the entry in the slot at `place`, or `None` if the slot is empty.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut Slot> {
        let part = self.parts.get_mut(place.part)?;
        part.slots[place.slot % PART_SLOTS].as_mut()
    }

    /// Returns the further data of the slot at `place`.
    pub(crate) fn details(&self, place: Place) -> &SlotDetails {
        &self.parts[place.part].details[place.slot]
    }

    /// Returns the place of the slot with the number `number` of all slots, counted over all parts.
    pub(crate) fn place(number: usize) -> Place {
        Place {
            part: number / PART_SLOTS,
            slot: number % PART_SLOTS,
        }
    }

    /// Returns the place of the slot `way` of the set that a look-up with `hash` searches first.
    pub(crate) fn in_first_set(&self, hash: u64, way: usize) -> Place {
        Place {
            part: self.part_of(hash),
            slot: first_set(hash) * WAYS + way % WAYS,
        }
    }

    /// Returns the place of an empty slot for an entry with `hash`: the home slot if it is empty. The
    /// second set is chosen only if it has more empty slots than the first set, and the first set is
    /// nearly full.
    pub(crate) fn vacancy(&self, hash: u64) -> Option<Vacancy> {
        const NEARLY_FULL: u32 = 3;
        let part = self.part_of(hash);
        let fingerprints = self.fingerprints.get(part)?;
        let (first, second) = (first_set(hash), second_set(hash));
        let empty = |set: usize| fingerprints[set].empty();
        let place = |set: usize| {
            let home = home_way(hash);
            let way = if fingerprints[set].is_empty_at(home) {
                home
            } else {
                fingerprints[set].first_empty()?
            };
            let slot = set * WAYS + way;
            Some(Place { part, slot })
        };
        if empty(first) <= NEARLY_FULL && empty(second) > empty(first) {
            place(second).map(Vacancy::Second)
        } else {
            place(first).map(Vacancy::First)
        }
    }

    /// Empties the slot at `place`. Returns the data of the entry that was there.
    pub(crate) fn take(&mut self, place: Place) -> Option<(Slot, SlotDetails)> {
        self.fingerprints[place.part][place.slot / WAYS].clear(place.slot % WAYS);
        let part = &mut self.parts[place.part];
        let slot = part.slots[place.slot].take()?;
        Some((slot, std::mem::take(&mut part.details[place.slot])))
    }

    /// Fills the slot at `place`, which must be empty, with an entry with `hash`.
    pub(crate) fn fill(&mut self, place: Place, hash: u64, slot: Slot, details: SlotDetails) {
        let fingerprints = &mut self.fingerprints[place.part][place.slot / WAYS];
        fingerprints.set(place.slot % WAYS, fingerprint(hash));
        let part = &mut self.parts[place.part];
        part.slots[place.slot] = Some(slot);
        part.details[place.slot] = details;
    }

    /// Adds a part, and moves about half of the entries of an earlier part to it.
    #[cold]
    pub(crate) fn add_part(&mut self) {
        let added = self.parts.len();
        self.parts.push(Part::new());
        self.fingerprints.push([Fingerprints::EMPTY; SETS]);
        if added == 0 {
            return;
        }
        if added > self.mask {
            self.mask = self.mask * 2 + 1;
        }
        let earlier = added & (self.mask >> 1);
        for slot in 0..PART_SLOTS {
            let place = |part| Place { part, slot };
            let Some(hash) = self.hash_at(place(earlier)) else {
                continue;
            };
            if self.part_of(hash) == added
                && let Some((slot, details)) = self.take(place(earlier))
            {
                self.fill(place(added), hash, slot, details);
            }
        }
    }

    /// Removes the last part, and moves its entries to the part that they came from. Returns the data
    /// of the entries that found no empty slot there.
    #[cold]
    pub(crate) fn remove_part(&mut self) -> Vec<SlotDetails> {
        let mut homeless = Vec::new();
        self.fingerprints.pop();
        let Some(removed) = self.parts.pop() else {
            return homeless;
        };
        if self.parts.len() <= self.mask >> 1 {
            self.mask >>= 1;
        }
        let Part { slots, details } = *removed;
        for (slot, details) in slots.into_iter().zip(details) {
            let Some(slot) = slot else { continue };
            let hash = hash_of(&slot, &details);
            match self.vacancy(hash) {
                Some(Vacancy::First(place) | Vacancy::Second(place)) => {
                    self.fill(place, hash, slot, details);
                }
                None => homeless.push(details),
            }
        }
        homeless
    }

    fn hash_at(&self, place: Place) -> Option<u64> {
        let slot = self.at(place)?;
        Some(hash_of(slot, self.details(place)))
    }

    /// Returns the number of the part for entries with `hash`.
    #[inline]
    fn part_of(&self, hash: u64) -> usize {
        let part = (hash >> 32) as usize & self.mask;
        if part < self.parts.len() {
            part
        } else {
            part & (self.mask >> 1)
        }
    }
}

fn hash_of(slot: &Slot, details: &SlotDetails) -> u64 {
    hash(&slot.head, details.long.as_deref(), slot.owner_index)
}

/// Returns the number of the set that a look-up with `hash` searches first. The part, the sets and the
/// fingerprint of an entry are taken from different bits of the hash.
#[inline]
fn first_set(hash: u64) -> usize {
    let [byte, ..] = hash.to_le_bytes();
    usize::from(byte) % SETS
}

/// Returns the number, in the first set, of the home slot of an entry with `hash`.
#[inline]
fn home_way(hash: u64) -> usize {
    let [_, _, _, byte, ..] = hash.to_le_bytes();
    usize::from(byte) % WAYS
}

/// Returns the number of the set that a look-up with `hash` searches second, which is another one than
/// the first set.
#[inline]
fn second_set(hash: u64) -> usize {
    let [_, byte, ..] = hash.to_le_bytes();
    first_set(hash) ^ ((usize::from(byte) % SETS) | 1)
}
