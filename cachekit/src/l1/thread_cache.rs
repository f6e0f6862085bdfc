//! Per-thread lookup table in front of the memory engine (L0).
//!
//! A look-up in the engine needs the key's text, a clock, and a record of the use. A look-up here
//! needs a hash of the [argument words](crate::key::buf::KeyBuf::arg_words) and one comparison. So
//! a hit reads two cache lines of the entry: a slot and the value.
//!
//! Slots hold weak references, so the table keeps nothing alive, and an evicted value is gone from
//! here too. An entry gets a slot after it was found valid. A slot is valid while its key's
//! [generation](crate::l1::generations) is unchanged. If anything else was invalidated, which the
//! global [`revision`](crate::model::epoch::revision) shows, the entry is checked again.
//!
//! A set has four slots, and each hash has two sets. If both are full, some newcomers replace a
//! slot of the first set. A thread that never calls has no table; a thread that uses few entries
//! has a small one.

pub(crate) mod admission;
pub(crate) mod lookup_key;
pub(crate) mod slot;
pub(crate) mod table;

use std::cell::RefCell;
use std::sync::Arc;

use crate::base::clock::Tick;
use crate::l1::generations::{Generation, Generations};
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::{SlotDetails, Table};
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;

thread_local! {
    static TABLE: RefCell<Table> = const { RefCell::new(Table::new()) };
}
/// Calls with more argument words are not cached here: a slot would need a copy of the words.
const MOST_WORDS: usize = 64;
/// Values whose type has more bytes are not cached here either. A slot keeps a dead value's memory,
/// and copying such a value costs more than the engine's look-up.
const MOST_BYTES: usize = 4 << 10;

/// Finds the value of `lookup` in this thread's table, if it is valid at `now`. Returns the result
/// of `take`, and counts a hit. If the use is sampled, `count` gets the number of uses that it
/// stands for.
///
/// Neither closure may run user code: the table is borrowed.
#[inline]
pub(crate) fn find<R>(
    lookup: &LookupKey<'_>,
    now: Tick,
    generations: &Generations,
    take: impl FnOnce(AnyShared) -> Option<R>,
    count: impl FnOnce(u32),
) -> Option<R> {
    let found = TABLE.try_with(|table| {
        // Borrowed already if a value's destructor calls a cached function.
        let mut table = table.try_borrow_mut().ok()?;
        table.find(lookup, now, generations, take, count)
    });
    found.ok().flatten()
}

/// Samples a use that was not a hit of this table. Returns the number of uses that it stands for,
/// or `None` if it is not sampled. All caches share the sampler, so each gets its share of the
/// samples.
pub(crate) fn draw() -> Option<u32> {
    let drawn = TABLE.try_with(|table| {
        let sampler = &mut table.try_borrow_mut().ok()?.sampler;
        sampler.draws().then(|| sampler.weigh())
    });
    drawn.ok().flatten()
}

/// Puts `value`, of the entry `stored`, into this thread's table under `lookup`. The entry was
/// valid at the revision `checked`.
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
            table.keep(lookup, slot(), detail(), &stored.owner);
        }
        Some(())
    });
}
