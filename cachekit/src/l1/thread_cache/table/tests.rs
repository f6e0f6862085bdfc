//! Tests of the table of one thread.

use std::sync::Arc;

use super::*;
use crate::key::buf::KeyBuf;
use crate::model::owner::OwnerId;

/// Entries may lose their slots while the table grows, so the test inserts each key several
/// times.
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
            if table.index(&table.slots, &lookup).is_some() {
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
    // If a hash chose only one set, one entry in sixteen would be missing.
    assert!(lost < COUNT / 100, "{lost} of {COUNT} were not there");
}
