//! Growth of a thread's table (L0) by parts, within a number of parts for all threads.

use crate::l1::thread_cache::table::Table;
use crate::l1::thread_cache::table::slots::PART_SLOTS;

/// Number of parts of a thread's table (L0) that need no hits to pay for them. Their slots take
/// 96 KiB.
const SMALL_PARTS: usize = 4;
/// Number of parts of a thread's table (L0) up to which the table grows as soon as a set is full.
/// While it is so small, most entries are in the first of their sets.
const ROOMY_PARTS: usize = 16;
/// Number of parts that each thread's table (L0) may have without drawing from the parts that all
/// threads share: 16,384 slots.
pub(crate) const OWN_PARTS: usize = (1 << 14) / PART_SLOTS;
/// Number of entries that find their sets full before a larger table grows by one part.
pub(crate) const LOST_FOR_PART: usize = 16;
/// Number of hits in which so many entries must find their sets full. If they are fewer, the table has
/// nearly all entries, and more parts would be half empty.
const HITS_FOR_LOST: u64 = 1 << 10;
/// Number of offered entries between two steps in which a table that is not worth its memory becomes
/// smaller.
const OFFERS_FOR_STEP: usize = 64;

impl Table {
    /// Adds a part to the table if the table may grow. Returns `true` if it did. `is_full` is `true` if
    /// the sets of a new entry are full, and `false` if only the first of them is.
    pub(crate) fn grow(&mut self, is_full: bool) -> bool {
        let parts = self.slots.parts();
        let is_due = parts < ROOMY_PARTS || is_full && self.loses_many();
        if !is_due || !self.may_grow(parts) {
            return false;
        }
        self.lost = 0;
        self.slots.add_part();
        true
    }

    /// Returns `true` if many entries found their sets full, in relation to the hits.
    fn loses_many(&mut self) -> bool {
        let hits = self.admission.counted_hits();
        if hits - self.lost_since > HITS_FOR_LOST {
            (self.lost, self.lost_since) = (1, hits);
        }
        self.lost >= LOST_FOR_PART
    }

    fn may_grow(&mut self, parts: usize) -> bool {
        if parts < SMALL_PARTS {
            return true;
        }
        // The part is drawn last, so that it need not be given back.
        self.admission.pays_part() && (parts < OWN_PARTS || self.drawn.draw())
    }

    /// Removes a part from the table now and then, while its entries end with too few hits.
    pub(crate) fn shrink_if_useless(&mut self) {
        if !self.admission.is_useless() || self.slots.parts() <= SMALL_PARTS {
            return;
        }
        self.useless += 1;
        if self.useless < OFFERS_FOR_STEP {
            return;
        }
        self.useless = 0;
        for details in self.slots.remove_part() {
            self.held -= details.held;
        }
        let parts = self.slots.parts();
        self.drawn.keep(parts.saturating_sub(OWN_PARTS));
    }
}
