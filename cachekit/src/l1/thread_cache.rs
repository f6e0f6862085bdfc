//! A table of each thread's own, in front of an engine.
//!
//! An engine's look-up takes the key's text, a clock, and a record of the use; the table
//! takes a hash of the arguments' [tokens](crate::key::buf::KeyBuf::arg_words) and one comparison,
//! and its slots have what decides about a hit. So a hit reads two lines of memory that are
//! the entry's: a slot, and the value.
//!
//! It holds no value: one that the engine dropped is gone, for the table has only a `Weak` to
//! it. It decides nothing: an entry gets in after it was judged, and leaves as soon as that
//! may have changed. For the key, the engine's [changes](crate::l1::generations) tell; for tags and
//! all else that is invalidated, [`revision`](crate::model::epoch::revision): then the entry itself is
//! asked again.
//!
//! Sets of four slots, two sets for each hash. Where both are full the first loses its slots in turn, now
//! and then. A thread that never calls has no table, one that uses few entries a small one.

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
/// Calls with more words are not for the table: a slot would have a copy of them.
const MOST_WORDS: usize = 64;
/// Nor are values with more bytes in their type: their memory is free only when no slot refers to
/// it any more, and to copy one costs more than the engine's look-up.
const MOST_BYTES: usize = 4 << 10;

/// What `take` makes of the value that `lookup` looks for, if this thread's table has it and
/// it is good at `now`; counted as a hit then, and by `count` as so many uses, if it is drawn.
///
/// Neither may run code of the caller's: the table is in use.
#[inline]
pub(crate) fn find<R>(
    lookup: &LookupKey<'_>,
    now: Tick,
    generations: &Generations,
    take: impl FnOnce(AnyShared) -> Option<R>,
    count: impl FnOnce(u32),
) -> Option<R> {
    let found = TABLE.try_with(|table| {
        // In use where a value's destructor calls a cached function.
        let mut table = table.try_borrow_mut().ok()?;
        table.find(lookup, now, generations, take, count)
    });
    found.ok().flatten()
}

/// For how many uses one stands that was no hit of this table; `None` if it is not drawn. Uses in
/// all caches count together: each has its share of what is drawn.
pub(crate) fn draw() -> Option<u32> {
    let drawn = TABLE.try_with(|table| {
        let sampler = &mut table.try_borrow_mut().ok()?.sampler;
        sampler.draws().then(|| sampler.weigh())
    });
    drawn.ok().flatten()
}

/// Has this thread find by `lookup` what `stored`, which is good since `checked`, refers to:
/// `value`.
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
