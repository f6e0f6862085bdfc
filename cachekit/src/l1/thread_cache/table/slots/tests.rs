//! Tests of the slots, their fingerprints and parts.

use std::sync::Arc;

use super::*;
use crate::base::clock::Tick;
use crate::key::buf::KeyBuf;
use crate::model::owner_index::OwnerIndex;

/// Runs `run` with the look-up key of some arguments: `words` numbers from `number` on.
fn with_lookup<R>(number: u64, words: u64, run: impl FnOnce(&LookupKey<'_>) -> R) -> R {
    let mut arg_words = KeyBuf::arg_words();
    for word in 0..words {
        arg_words.part(u8::try_from(word).expect("small"), &(number + word));
    }
    run(&LookupKey::new(&arg_words, OwnerIndex(3)))
}

fn slot(lookup: &LookupKey<'_>, count: u32) -> (Slot, SlotDetails) {
    let slot = Slot {
        head: lookup.head,
        group: 0,
        count,
        owner_index: lookup.owner_index,
        checked: 0,
        until: Tick::NEVER,
        value: Arc::downgrade(&(Arc::new(()) as _)),
    };
    let details = SlotDetails {
        long: lookup.long.map(Into::into),
        ..SlotDetails::default()
    };
    (slot, details)
}

/// Puts the entry of these arguments into `slots`, unless both sets are full.
fn put(slots: &mut Slots, number: u64, words: u64) -> bool {
    with_lookup(number, words, |lookup| {
        let Some(Vacancy::First(place) | Vacancy::Second(place)) = slots.vacancy(lookup.hash)
        else {
            return false;
        };
        let (slot, details) = slot(lookup, u32::try_from(number).expect("small"));
        slots.fill(place, lookup.hash, slot, details);
        true
    })
}

/// Returns the number by which the entry of these arguments was put.
fn found(slots: &Slots, number: u64, words: u64) -> Option<u64> {
    with_lookup(number, words, |lookup| {
        let place = slots.find(lookup)?;
        slots.at(place).map(|slot| u64::from(slot.count))
    })
}

#[test]
fn without_parts_nothing_is_found() {
    let slots = Slots::new();
    assert_eq!(found(&slots, 1, 1), None);
    assert!(with_lookup(1, 1, |lookup| slots.vacancy(lookup.hash)).is_none());
}

/// With 256 fingerprints and thousands of entries, many entries of one set have equal fingerprints.
/// Arguments of one word and of many words are told apart.
#[test]
fn each_entry_is_found_by_its_own_arguments_after_each_step() {
    let mut slots = Slots::new();
    slots.add_part();
    let words = |number: u64| 1 + number % 6;
    let mut kept = Vec::new();
    for step in 0..37_u64 {
        for number in step * 100..step * 100 + 150 {
            if put(&mut slots, number * 10, words(number)) {
                kept.push(number);
            }
        }
        slots.add_part();
        for number in &kept {
            let seen = found(&slots, number * 10, words(*number));
            assert_eq!(seen, Some(number * 10), "after {step}");
        }
    }
    let none = (0..10_000).filter(|number| found(&slots, number * 10 + 5, 1).is_some());
    assert_eq!(none.count(), 0);
}

#[test]
fn a_removed_part_leaves_its_entries_where_they_came_from() {
    let mut slots = Slots::new();
    (0..13).for_each(|_| slots.add_part());
    let kept: Vec<u64> = (0..400).filter(|it| put(&mut slots, *it, 1)).collect();
    assert_eq!(kept.len(), 400);
    let mut lost = 0;
    while slots.parts() > 4 {
        lost += slots.remove_part().len();
        let there = kept
            .iter()
            .filter(|it| found(&slots, **it, 1) == Some(**it));
        assert_eq!(there.count() + lost, 400, "{} parts", slots.parts());
    }
    assert!(lost < 4, "{lost}");
    (0..9).for_each(|_| slots.add_part());
    let there = kept
        .iter()
        .filter(|it| found(&slots, **it, 1) == Some(**it));
    assert_eq!(there.count() + lost, 400);
}

#[test]
fn an_emptied_slot_is_found_no_more_and_filled_again() {
    let mut slots = Slots::new();
    slots.add_part();
    let numbers = 0..10_000_u64;
    let kept: Vec<u64> = numbers.filter(|it| put(&mut slots, *it, 1)).collect();
    assert_eq!(
        kept.len(),
        PART_SLOTS,
        "two sets for each entry fill the part"
    );
    for number in &kept {
        let place = with_lookup(*number, 1, |lookup| slots.find(lookup)).expect("kept");
        assert!(slots.take(place).is_some());
        assert_eq!(found(&slots, *number, 1), None);
        assert!(put(&mut slots, *number, 1), "{number}");
        assert_eq!(found(&slots, *number, 1), Some(*number));
    }
}

/// With one set for each entry, a part that is three quarters full would lose one entry in 20.
#[test]
fn two_sets_leave_few_entries_without_a_slot() {
    let mut slots = Slots::new();
    (0..64).for_each(|_| slots.add_part());
    let count = 64 * PART_SLOTS as u64 * 17 / 20;
    let lost = (0..count).filter(|it| !put(&mut slots, *it, 1)).count() as u64;
    assert!(lost < count / 100, "{lost} of {count}");
}
