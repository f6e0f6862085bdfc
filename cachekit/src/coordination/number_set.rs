//! A set of numbers that no user chooses.

/// Number of slots of a set after its first number was added.
const FIRST_SLOTS: usize = 16;

/// Factor by which the number of slots grows.
const GROWTH: usize = 4;

/// Odd number without a regular pattern, by which a number is multiplied so that the upper half of
/// the product depends on the whole lower half of the number: the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Set of numbers, none of which is zero.
///
/// Every value that a computation takes from the cache is looked up here. No user chooses the
/// numbers, so the hash has no secret seed and takes two instructions.
#[derive(Default)]
pub(crate) struct NumberSet {
    /// Numbers. Each number is in the first slot that was free, beginning at the slot that its hash
    /// names. Zero: a free slot. The number of slots is a power of two, and at least half of them
    /// are free.
    slots: Vec<u64>,
    len: usize,
}

impl NumberSet {
    /// Adds `number`, which is not zero. Returns `false` if the set has it.
    #[inline]
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        if self.slots.len() <= 2 * self.len {
            self.grow();
        }
        let slot = self.slot(number);
        let is_new = *slot == 0;
        *slot = number;
        self.len += usize::from(is_new);
        is_new
    }

    /// Returns the slot that has `number` or, if the set does not have it, the slot where it belongs.
    #[inline]
    fn slot(&mut self, number: u64) -> &mut u64 {
        let most = self.slots.len() - 1;
        let mut index = (number.wrapping_mul(FACTOR) >> 32) as usize & most;
        while ![0, number].contains(&self.slots[index]) {
            index = (index + 1) & most;
        }
        &mut self.slots[index]
    }

    #[cold]
    fn grow(&mut self) {
        let slots = (GROWTH * self.slots.len()).max(FIRST_SLOTS);
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        for number in old.into_iter().filter(|number| *number != 0) {
            *self.slot(number) = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns numbers such as those of entries, addresses of neighbouring values in the heap, and
    /// addresses of values that are far from each other.
    fn numbers() -> impl Iterator<Item = u64> {
        let odd = (0..2_000).map(|number| 2 * number + 1);
        let neighbours = (1..=2_000).map(|number| number << 4);
        let far = (1..=2_000).map(|number| number << 36);
        odd.chain(neighbours).chain(far)
    }

    #[test]
    fn each_number_is_added_once() {
        let mut set = NumberSet::default();
        for number in numbers() {
            assert!(set.insert(number));
            assert!(!set.insert(number));
        }
        assert_eq!(set.len, 6_000);
        assert!(numbers().all(|number| !set.insert(number)));
    }

    #[test]
    fn half_of_the_slots_are_free() {
        let mut set = NumberSet::default();
        for number in numbers() {
            set.insert(number);
            assert!(set.slots.len() >= 2 * set.len);
        }
        assert_eq!(set.slots.len(), 16 << 10);
    }
}
