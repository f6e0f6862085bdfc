//! One place in a thread's table.

use std::any::Any;
use std::sync::Weak;

use crate::base::clock::Tick;
use crate::l1::thread_cache::lookup_key::Head;
use crate::model::owner_index::OwnerIndex;

/// What a hit needs of an entry, and what it is found by.
#[repr(align(64))]
pub(crate) struct Slot {
    pub(crate) head: Head,
    pub(crate) group: u16,
    pub(crate) count: u32,
    pub(crate) owner_index: OwnerIndex,
    /// When it was last known to be valid, in [`revision`](crate::model::epoch::revision).
    pub(crate) checked: u64,
    /// From then on the entry decides.
    pub(crate) until: Tick,
    /// The value; where its function returns an `Arc`, what that refers to: then a hit makes
    /// one reference, and not one to copy another from.
    pub(crate) value: Weak<dyn Any + Send + Sync>,
}

// More, and a hit reads one line more.
const _: () = assert!(size_of::<Option<Slot>>() == 64, "a slot is one cache line");

impl Slot {
    /// Whether the value was dropped.
    pub(crate) fn is_dead(&self) -> bool {
        self.value.strong_count() == 0
    }
}
