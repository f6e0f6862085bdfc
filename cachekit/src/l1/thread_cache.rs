//! Lookup table of each thread (L0), in which a call looks before it asks the memory engine (L1).
//!
//! A look-up in the engine must render the key's text and record the use. A look-up in the thread's
//! table only hashes the [argument words](crate::key::buf::KeyBuf::arg_words) of the call and
//! compares them with one slot. So a hit in the table reads two CPU cache lines: the slot and the
//! value.
//!
//! A slot has a weak reference to its value, so the table keeps no value in memory. Once the engine
//! has evicted an entry and no caller uses the entry's value, the table does not find the value
//! either. An entry gets a slot after it was found valid. A slot is valid while the
//! [generation](crate::l1::generations) of its key is unchanged. If the global
//! [`revision`](crate::model::epoch::revision) has changed, some entry was invalidated, and the
//! slot's entry is checked again.
//!
//! Slots are grouped into sets of eight, and an entry may be in either of two sets, chosen by the
//! hash of the look-up key. A look-up compares the [fingerprints](table::fingerprints) of a set at
//! once and then reads one slot, so a look-up that finds nothing reads no slot at all. A table grows
//! by [parts](table::slots) of 256 slots while its hits [pay](admission) for the growth. Beyond
//! 16,384 slots, all threads draw from [one number of parts](table::drawn_parts). If both sets are full
//! and the table may not grow, some new entries replace an entry of the first set, and others are
//! not kept. A thread without calls has no table, and a thread that uses few entries has a small
//! table. (Reasons: docs/decisions/0021-thread-tables-that-grow.md.)

pub(crate) mod admission;
pub(crate) mod lookup_key;
pub(crate) mod slot;
pub(crate) mod table;

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::base::clock::Tick;
use crate::l1::generations::{Generation, Generations};
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::Table;
use crate::l1::thread_cache::table::slots::SlotDetails;
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;

thread_local! {
    static TABLE: RefCell<Table> = const { RefCell::new(Table::new()) };
}
/// Largest number of argument words (words of 64 bits) of a call whose value is kept in the
/// thread's table (L0). A slot needs a copy of the words, so values of calls with more words are
/// found only in the engine.
const MOST_WORDS: usize = 64;
/// Largest value that is kept in the thread's table (L0), as the size of its type in bytes. A slot
/// keeps the memory of its value allocated after the value was dropped, and copying a larger value
/// costs more than a look-up in the engine.
const MOST_BYTES: usize = 4 << 10;

/// Looks up `lookup` in this thread's table (L0). If the table has a value that is valid at `now`,
/// passes the value to `take`, and returns the result of `take`. A result `Some` counts as a hit.
/// Returns `None` if the table has no valid value. If the use of the key is a sample for the hot
/// keys, calls `count` with the number of uses that the sample stands for, and with the entry.
///
/// Neither closure may run user code, because the table is borrowed while the closures run.
#[inline]
pub(crate) fn find<R>(
    lookup: &LookupKey<'_>,
    now: Tick,
    generations: &Generations,
    take: impl FnOnce(AnyShared) -> Option<R>,
    count: impl FnOnce(u32, &Weak<MemoryEntry>),
) -> Option<R> {
    let found = TABLE.try_with(|table| {
        // The table is already borrowed if a value's destructor makes this call while the table is
        // in use.
        let mut table = table.try_borrow_mut().ok()?;
        table.find(lookup, now, generations, take, count)
    });
    found.ok().flatten()
}

/// Looks up `lookup` as [`find`] does, also while the table is lent, and returns the entry.
pub(crate) fn find_entry(
    lookup: &LookupKey<'_>,
    now: Tick,
    generations: &Generations,
    count: impl FnOnce(u32, &Weak<MemoryEntry>),
) -> Option<Arc<MemoryEntry>> {
    let found = TABLE.try_with(|table| {
        let mut table = table.try_borrow_mut().ok()?;
        table.find_entry(lookup, now, generations, count)
    });
    found.ok().flatten()
}

/// Lends this thread's table: [`find`] finds nothing on this thread until [`give_back`], so that
/// each call takes the path that knows about the computations around it. Returns `false` if the
/// table was lent already, or is in use.
pub(crate) fn lend() -> bool {
    let lent = TABLE.try_with(|table| Some(table.try_borrow_mut().ok()?.lend()));
    lent.ok().flatten().unwrap_or(false)
}

/// Ends the lending that a call of [`lend`] began, if that call returned `true` on this thread.
pub(crate) fn give_back() {
    let _ = TABLE.try_with(|table| table.try_borrow_mut().map(|mut it| it.give_back()));
}

/// Records a use of a key that was not a hit in the thread's table. If the use is a sample for the
/// hot keys, returns the number of uses that the sample stands for, otherwise `None`. All caches
/// share the thread's sampler, so a cache gets samples in proportion to its calls.
pub(crate) fn draw() -> Option<u32> {
    let drawn = TABLE.try_with(|table| {
        let sampler = &mut table.try_borrow_mut().ok()?.sampler;
        sampler.draws().then(|| sampler.weigh())
    });
    drawn.ok().flatten()
}

/// Puts `value`, the value of the entry `stored`, into this thread's table (L0) under `lookup`. The
/// entry must have been valid when the count of invalidations (the revision) was `checked`, and the
/// generation of its key (a counter of changes) must have been read before the entry was looked up.
/// If the table has no room, or if the value or the call's arguments are too large, the table does
/// not change.
pub(crate) fn keep(
    lookup: &LookupKey<'_>,
    (generation, checked): (Generation, u64),
    stored: &Arc<MemoryEntry>,
    value: &AnyShared,
) {
    let words = lookup.long.map_or(0, <[u64]>::len);
    let bytes = size_of_val(&**value);
    if words > MOST_WORDS || bytes > MOST_BYTES {
        return;
    }
    let slot = || Slot {
        head: lookup.head,
        group: generation.group,
        count: generation.count,
        owner_index: lookup.owner_index,
        checked,
        until: stored.quiet_until(),
        value: Arc::downgrade(value),
    };
    let detail = || SlotDetails {
        stored: Arc::downgrade(stored),
        long: lookup.long.map(Into::into),
        held: size_of::<MemoryEntry>() + bytes + size_of_val(lookup.long.unwrap_or_default()),
    };
    let _ = TABLE.try_with(|table| {
        let mut table = table.try_borrow_mut().ok()?;
        if table.admission.admits() {
            let was_lent = table.give_back();
            table.keep(lookup, slot(), detail(), &stored.owner);
            if was_lent {
                table.lend();
            }
        }
        Some(())
    });
}
