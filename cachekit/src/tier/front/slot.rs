//! One place in a thread's table.

use std::any::Any;
use std::sync::Weak;

use super::Head;
use crate::clock::Tick;
use crate::place::Place;

/// What a hit needs of an entry, and what it is found by.
#[repr(align(64))]
pub(super) struct Slot {
    pub(super) head: Head,
    pub(super) group: u16,
    pub(super) count: u32,
    pub(super) place: Place,
    /// When it was last known to be valid, in [`moves`](crate::epoch::moves).
    pub(super) checked: u64,
    /// From then on the entry decides.
    pub(super) until: Tick,
    /// The value; where its function returns an `Arc`, what that refers to: then a hit makes
    /// one reference, and not one to copy another from.
    pub(super) value: Weak<dyn Any + Send + Sync>,
}

// More, and a hit reads one line more.
const _: () = assert!(size_of::<Option<Slot>>() == 64, "a slot is one cache line");

impl Slot {
    /// Whether the value was dropped.
    pub(super) fn is_dead(&self) -> bool {
        self.value.strong_count() == 0
    }
}
