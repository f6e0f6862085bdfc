//! Fingerprints of the entries in one set of a thread's table (L0).

/// Number of slots in each set of a thread's table (L0): the fingerprints of a set are one word.
pub(crate) const WAYS: usize = 8;

/// Fingerprints of the entries in one set of a thread's table (L0), one byte for each slot. A zero
/// stands for an empty slot. All bytes are compared at once with operations on the word.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprints(u64);

const LOW_BITS: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = LOW_BITS << 7;

/// Returns the fingerprint of an entry with `hash`, which is never zero.
#[inline]
pub(crate) fn fingerprint(hash: u64) -> u8 {
    let [_, _, byte, ..] = hash.to_le_bytes();
    byte.max(1)
}

impl Fingerprints {
    /// Fingerprints of a set whose slots are all empty.
    pub(crate) const EMPTY: Self = Self(0);

    /// Returns the numbers of the slots that may have an entry with this fingerprint. No slot with the
    /// fingerprint is missing, and a few others may be among them.
    #[inline]
    pub(crate) fn likely(self, fingerprint: u8) -> impl Iterator<Item = usize> {
        // A byte of the difference is zero where the fingerprint is equal. A borrow may mark the byte
        // above such a byte too.
        let difference = self.0 ^ (LOW_BITS * u64::from(fingerprint));
        Marked(difference.wrapping_sub(LOW_BITS) & !difference & HIGH_BITS)
    }

    /// Returns the number of empty slots.
    pub(crate) fn empty(self) -> u32 {
        self.empty_bits().count_ones()
    }

    /// Returns `true` if the slot `way` is empty.
    pub(crate) fn is_empty_at(self, way: usize) -> bool {
        let [fingerprint, ..] = (self.0 >> (way * 8)).to_le_bytes();
        fingerprint == 0
    }

    /// Returns the number of the first empty slot, or `None` if no slot is empty.
    pub(crate) fn first_empty(self) -> Option<usize> {
        Marked(self.empty_bits()).next()
    }

    /// Records the fingerprint of a new entry in the slot `way`.
    pub(crate) fn set(&mut self, way: usize, fingerprint: u8) {
        self.clear(way);
        self.0 |= u64::from(fingerprint) << (way * 8);
    }

    /// Records that the slot `way` is empty.
    pub(crate) fn clear(&mut self, way: usize) {
        self.0 &= !(0xff << (way * 8));
    }

    /// Returns a word with the high bit of each byte that is zero.
    fn empty_bits(self) -> u64 {
        let low = (self.0 & !HIGH_BITS) + !HIGH_BITS;
        !(low | self.0) & HIGH_BITS
    }
}

/// Iterator over the numbers of the bytes whose high bit is set in a word.
struct Marked(u64);

impl Iterator for Marked {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let way = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(way % WAYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_fingerprints_are_all_found() {
        let mut set = Fingerprints::EMPTY;
        for (way, fingerprint) in [(0, 7), (3, 7), (4, 8), (7, 255)] {
            set.set(way, fingerprint);
        }
        assert_eq!(set.likely(255).collect::<Vec<_>>(), [7]);
        let found: Vec<_> = set.likely(7).collect();
        assert!(found.contains(&0) && found.contains(&3), "{found:?}");
        assert!(!found.contains(&7), "{found:?}");
        assert_eq!(set.likely(9).count(), 0);
        set.set(3, 9);
        assert_eq!(set.likely(7).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn empty_slots_are_counted_exactly() {
        let mut set = Fingerprints::EMPTY;
        assert_eq!((set.empty(), set.first_empty()), (8, Some(0)));
        // Above an empty slot, a one and a high bit must not look like an empty slot.
        for (way, fingerprint) in [(0, 1), (2, 1), (3, 128), (5, 255)] {
            set.set(way, fingerprint);
        }
        assert_eq!((set.empty(), set.first_empty()), (4, Some(1)));
        for way in [1, 4, 6, 7] {
            set.set(way, 1);
        }
        assert_eq!((set.empty(), set.first_empty()), (0, None));
        set.clear(6);
        assert_eq!((set.empty(), set.first_empty()), (1, Some(6)));
    }

    #[test]
    fn no_entry_has_the_fingerprint_of_an_empty_slot() {
        assert!((0..1_000_000).step_by(7).all(|hash| fingerprint(hash) != 0));
    }
}
