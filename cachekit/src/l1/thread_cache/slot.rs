//! A slot of a thread's table.

use std::any::Any;
use std::sync::Weak;

use crate::base::clock::Tick;
use crate::l1::thread_cache::lookup_key::Head;
use crate::model::owner_index::OwnerIndex;

/// The data of an entry that a hit needs, and the key that finds it. One cache line.
#[repr(align(64))]
pub(crate) struct Slot {
    pub(crate) head: Head,
    pub(crate) group: u16,
    pub(crate) count: u32,
    pub(crate) owner_index: OwnerIndex,
    /// The [`revision`](crate::model::epoch::revision) at which the entry was last known to be
    /// valid.
    pub(crate) checked: u64,
    /// Time from which the entry itself has to be asked.
    pub(crate) until: Tick,
    /// The value. If the function returns an `Arc`, the content of that `Arc`: a hit then clones
    /// one reference rather than two.
    pub(crate) value: Weak<dyn Any + Send + Sync>,
}

// A larger slot would make each hit read another cache line.
const _: () = assert!(size_of::<Option<Slot>>() == 64, "a slot is one cache line");

impl Slot {
    /// Returns `true` if the value was dropped.
    pub(crate) fn is_dead(&self) -> bool {
        self.value.strong_count() == 0
    }
}
