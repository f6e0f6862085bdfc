//! Tests of the table of one thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::growth::{LOST_FOR_PART, OWN_PARTS};
use super::slots::PART_SLOTS;
use super::*;
use crate::key::buf::KeyBuf;
use crate::model::owner::OwnerId;

/// A table with its own count of parts that threads share, and the values of its entries.
struct Fixture {
    table: Table,
    owner: Owner,
    value: AnyShared,
}

impl Fixture {
    fn new(left: &'static AtomicUsize) -> Self {
        let mut table = Table::new();
        table.drawn = DrawnParts::of(left);
        Self {
            table,
            owner: Owner::new(OwnerId::DIRECT, "tests"),
            value: Arc::new(()),
        }
    }

    fn has(&self, number: u64) -> bool {
        with_lookup(number, |lookup| self.table.slots.find(lookup).is_some())
    }

    /// Offers the entry of `number`, as a call does that found it in the engine.
    fn offer(&mut self, number: u64) {
        self.offer_holding(number, 0);
    }

    fn offer_holding(&mut self, number: u64, held: usize) {
        if !self.table.admission.admits() {
            return;
        }
        with_lookup(number, |lookup| {
            let slot = Slot {
                head: lookup.head,
                group: 0,
                count: 0,
                owner_index: lookup.owner_index,
                checked: 0,
                until: Tick::NEVER,
                value: Arc::downgrade(&self.value),
            };
            let details = SlotDetails {
                held,
                ..SlotDetails::default()
            };
            self.table.keep(lookup, slot, details, &self.owner);
        });
    }

    /// Asks for the entry of `number`. A hit is counted, and what is no hit is offered.
    fn call(&mut self, number: u64) {
        if self.has(number) {
            self.table.admission.record_hit();
        } else {
            self.offer(number);
        }
    }

    fn slots(&self) -> usize {
        self.table.slots.parts() * PART_SLOTS
    }
}

fn with_lookup<R>(number: u64, run: impl FnOnce(&LookupKey<'_>) -> R) -> R {
    let mut arg_words = KeyBuf::arg_words();
    arg_words.part(0, &number);
    run(&LookupKey::new(&arg_words, OwnerIndex(0)))
}

/// Creates a count of shared parts for one test.
fn shared(parts: usize) -> &'static AtomicUsize {
    Box::leak(Box::new(AtomicUsize::new(parts)))
}

#[test]
fn a_table_of_its_own_parts_has_nearly_all_of_ten_thousand() {
    const COUNT: u64 = 10_000;
    let left = shared(0);
    let mut it = Fixture::new(left);
    for _ in 0..12 {
        (0..COUNT).for_each(|number| it.call(number));
    }
    assert!(it.slots() <= 1 << 14, "{}", it.slots());
    let lost = (0..COUNT).filter(|number| !it.has(*number)).count() as u64;
    assert!(lost < COUNT / 100, "{lost} of {COUNT} are not there");
}

#[test]
fn a_table_grows_with_what_pays_and_gives_back_what_it_drew() {
    const COUNT: u64 = 60_000;
    let left = shared(1_000);
    let mut it = Fixture::new(left);
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..20 * COUNT {
        it.call(rng.u64(0..COUNT));
    }
    let lost = (0..COUNT).filter(|number| !it.has(*number)).count() as u64;
    assert!(lost < COUNT / 25, "{lost} of {COUNT} are not there");
    let slots = it.slots() as u64;
    assert!(slots < 2 * COUNT, "{slots} slots for {COUNT} entries");
    let drawn = it.table.slots.parts() - OWN_PARTS;
    assert_eq!(left.load(Ordering::Relaxed), 1_000 - drawn);
    drop(it);
    assert_eq!(left.load(Ordering::Relaxed), 1_000);
}

#[test]
fn a_table_does_not_grow_without_hits() {
    let left = shared(1_000);
    let mut it = Fixture::new(left);
    (0..1_000_000).for_each(|number| it.call(number));
    // The first credit pays for some parts.
    assert!(it.slots() <= 1 << 12, "{}", it.slots());
    assert_eq!(left.load(Ordering::Relaxed), 1_000);
}

#[test]
fn all_threads_together_draw_no_more_parts_than_there_are() {
    let left = shared(20);
    let (mut one, mut other) = (Fixture::new(left), Fixture::new(left));
    let mut rng = fastrand::Rng::with_seed(2);
    for _ in 0..1_000_000 {
        one.call(rng.u64(0..40_000));
        other.call(rng.u64(0..40_000));
    }
    let drawn = |it: &Fixture| it.table.slots.parts().saturating_sub(OWN_PARTS);
    assert_eq!(drawn(&one) + drawn(&other), 20);
    assert_eq!(left.load(Ordering::Relaxed), 0);
    drop(one);
    assert_eq!(left.load(Ordering::Relaxed), 20 - drawn(&other));
}

/// Entries end as soon as they are found: no entry brings two hits. The table gives back its parts.
#[test]
fn a_table_that_does_not_pay_becomes_small_again() {
    const COUNT: u64 = 40_000;
    let left = shared(1_000);
    let mut it = Fixture::new(left);
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..20 * COUNT {
        it.call(rng.u64(0..COUNT));
    }
    assert!(it.slots() > 1 << 15, "{}", it.slots());
    for _ in 0..20 * COUNT {
        it.offer(rng.u64(0..COUNT));
    }
    assert!(it.slots() <= 1 << 10, "{}", it.slots());
    assert_eq!(left.load(Ordering::Relaxed), 1_000);
}

/// The weak references of the slots keep allocations of dropped values. A sweep finds them.
#[test]
fn what_dropped_values_keep_allocated_is_bounded() {
    const HELD: usize = 1 << 10;
    let left = shared(1_000);
    let mut it = Fixture::new(left);
    for number in 0..20_000 {
        it.offer_holding(number, HELD);
    }
    assert!(it.table.held <= room::MOST_HELD, "{}", it.table.held);
    let before = it.table.held;
    it.value = Arc::new(());
    for number in 0..20_000 {
        // Only one in eight is admitted, because so many entries ended.
        it.table.admission.record_hit();
        it.table.admission.record_hit();
        it.offer_holding(number, 0);
    }
    assert!(it.table.held < before / 2, "{} of {before}", it.table.held);
}

/// Many entries of a table hold more than the own parts of a thread may. The table grows nevertheless.
#[test]
fn a_table_whose_entries_hold_much_grows_too() {
    const COUNT: u64 = 100_000;
    let mut it = Fixture::new(shared(1_000));
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..20 * COUNT {
        let number = rng.u64(0..COUNT);
        if it.has(number) {
            it.table.admission.record_hit();
        } else {
            it.offer_holding(number, 440);
        }
    }
    let lost = (0..COUNT).filter(|number| !it.has(*number)).count() as u64;
    assert!(lost < COUNT / 25, "{lost} of {COUNT} are not there");
}

/// A step of the growth moves entries of one part only, so a single call never waits for more.
#[test]
fn the_growth_of_a_large_table_is_by_one_part() {
    let left = shared(1_000);
    let mut it = Fixture::new(left);
    let mut rng = fastrand::Rng::with_seed(4);
    let mut before = 0;
    for _ in 0..400_000 {
        it.call(rng.u64(0..30_000));
        let parts = it.table.slots.parts();
        assert!(parts <= before + 1, "{before} and then {parts}");
        before = parts;
    }
    assert!(before > OWN_PARTS);
    assert!(it.table.lost <= LOST_FOR_PART);
}
