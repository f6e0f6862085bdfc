//! The limit of the memory that the slots of a thread's table (L0) keep allocated.

use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::Table;
use crate::model::epoch::revision;

/// Largest number of bytes outside of a thread's table (L0) that its slots may keep allocated, for
/// entries and values that may have been dropped. Together with the slots, a table takes less than
/// 8 MiB.
pub(crate) const MOST_HELD: usize = 6 << 20;
/// Number of slots of a thread's table (L0) that are checked for dropped values when an entry is
/// admitted. After an invalidation, each admission makes this check until all slots were checked.
const SWEPT: usize = 2;
/// Number of slots of a thread's table (L0) that are checked for dropped values if a new entry
/// would exceed [`MOST_HELD`].
const SWEPT_FOR_ROOM: usize = 16;

impl Table {
    /// Checks the next `slots` slots of the thread's table (L0), and empties each slot whose value
    /// was dropped.
    #[cold]
    fn sweep(&mut self, slots: usize) {
        for _ in 0..slots.min(self.slots.len()) {
            if self.sweep_index >= self.slots.len() {
                self.sweep_index = 0;
                self.swept = std::mem::replace(&mut self.round, revision());
            }
            if self.slots[self.sweep_index]
                .as_ref()
                .is_some_and(Slot::is_dead)
            {
                self.empty(self.sweep_index);
            }
            self.sweep_index += 1;
        }
    }

    /// Returns `true` if the table's slots may keep `bytes` more bytes allocated. After an
    /// invalidation, or if the limit is reached, some slots are first checked for dropped values,
    /// which may free memory.
    pub(crate) fn has_room(&mut self, bytes: usize) -> bool {
        if self.swept != revision() {
            self.sweep(SWEPT);
        }
        if self.held + bytes > MOST_HELD {
            self.sweep(SWEPT_FOR_ROOM);
        }
        self.held + bytes <= MOST_HELD
    }
}
