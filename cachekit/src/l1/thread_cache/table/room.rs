//! The limit of the memory that the slots of a thread's table (L0) keep allocated.

use crate::l1::thread_cache::slot::Slot;
use crate::l1::thread_cache::table::Table;
use crate::l1::thread_cache::table::growth::OWN_PARTS;
use crate::l1::thread_cache::table::slots::{PART_SLOTS, Slots};
use crate::model::epoch::revision;

/// Largest number of bytes outside of a thread's table (L0) that its slots may keep allocated, for
/// entries and values that may have been dropped, if the table has no more than its
/// [own parts](OWN_PARTS). Together with the slots, such a table takes less than 8 MiB.
pub(crate) const MOST_HELD: usize = 6 << 20;
/// Number of bytes that a table may keep allocated besides for each part that it drew from those that
/// all threads share: 512 for each slot. All shared parts together may keep 512 MiB.
const MOST_HELD_BY_SHARED_PART: usize = PART_SLOTS << 9;
/// Number of slots of a thread's table (L0) that are checked for dropped values when an entry is
/// admitted. After an invalidation, each admission makes this check until all slots were checked.
const SWEPT: usize = 2;
/// Number of slots of a larger table that are checked for dropped values when an entry is admitted,
/// also if nothing was invalidated. If all entries of the table are evicted, half of the slots are
/// empty or filled anew once half as many entries are admitted.
const SWEPT_OF_LARGE: usize = 1;
/// Number of slots of a thread's table (L0) that are checked for dropped values if a new entry
/// would exceed [`MOST_HELD`].
const SWEPT_FOR_ROOM: usize = 16;

impl Table {
    /// Checks the next `slots` slots of the thread's table (L0), and empties each slot whose value
    /// was dropped.
    #[cold]
    fn sweep(&mut self, slots: usize) {
        let all = self.slots.parts() * PART_SLOTS;
        for _ in 0..slots.min(all) {
            if self.sweep_index >= all {
                self.sweep_index = 0;
                self.swept = std::mem::replace(&mut self.round, revision());
            }
            let place = Slots::place(self.sweep_index);
            if self.slots.at(place).is_some_and(Slot::is_dead) {
                self.end(place);
            }
            self.sweep_index += 1;
        }
    }

    /// Returns `true` if the table's slots may keep `bytes` more bytes allocated. After an
    /// invalidation, or if the limit is reached, some slots are first checked for dropped values,
    /// which may free memory.
    pub(crate) fn has_room(&mut self, bytes: usize) -> bool {
        let parts = self.slots.parts();
        if self.swept != revision() {
            self.sweep(SWEPT);
        } else if parts > OWN_PARTS {
            self.sweep(SWEPT_OF_LARGE);
        }
        let most = MOST_HELD + parts.saturating_sub(OWN_PARTS) * MOST_HELD_BY_SHARED_PART;
        if self.held + bytes > most {
            self.sweep(SWEPT_FOR_ROOM);
        }
        self.held + bytes <= most
    }

    /// Does what [`has_room`](Self::has_room) does, and lets the table grow if it has no room: larger
    /// tables may keep more bytes allocated.
    pub(crate) fn makes_room(&mut self, bytes: usize) -> bool {
        if self.has_room(bytes) {
            return true;
        }
        self.lost += 1;
        self.grow(true) && self.has_room(bytes)
    }
}
