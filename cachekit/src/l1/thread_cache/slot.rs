//! Slot of a thread's table (L0).

use std::any::Any;
use std::sync::Weak;

use crate::base::clock::Tick;
use crate::l1::thread_cache::lookup_key::Head;
use crate::model::owner_index::OwnerIndex;

/// Data of an entry in a thread's table (L0) that a hit reads: the look-up key, the counters that
/// show if the entry is current, and the value. A slot fills one CPU cache line of 64 bytes.
#[repr(align(64))]
pub(crate) struct Slot {
    pub(crate) head: Head,
    pub(crate) group: u16,
    pub(crate) count: u32,
    pub(crate) owner_index: OwnerIndex,
    /// The [`revision`](crate::model::epoch::revision), a count of invalidations, at the last check
    /// that found the entry in this slot of a thread's table valid.
    pub(crate) checked: u64,
    /// Time from which a look-up must read the entry of this slot (in a thread's table, L0) in the
    /// memory engine, because the entry may have expired or its use must be recorded.
    pub(crate) until: Tick,
    /// The value of the entry in this slot of a thread's table (L0). If the function returns an
    /// `Arc`, this field refers to the content of that `Arc`, so that a hit clones one reference
    /// rather than two.
    pub(crate) value: Weak<dyn Any + Send + Sync>,
}

// If a slot were larger, each hit would read a further CPU cache line.
const _: () = assert!(size_of::<Option<Slot>>() == 64, "a slot is one cache line");

impl Slot {
    /// Returns `true` if the value in this slot of a thread's table (L0) was dropped, for example
    /// because the engine evicted its entry.
    pub(crate) fn is_dead(&self) -> bool {
        self.value.strong_count() == 0
    }
}
