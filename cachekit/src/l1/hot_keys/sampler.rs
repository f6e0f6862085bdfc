//! The sampler of a thread's uses.

/// Largest weight of a sampled use. A thread that makes millions of calls a second then counts
/// thousands.
const MOST: u32 = 1 << 8;
/// Samples before the weight doubles. A thread's first uses are therefore sampled densely.
const STEP: u32 = 1 << 4;

/// Samples a thread's uses, at random distances.
///
/// Equal distances would resonate with the calls: in a service that calls four functions in turn,
/// one of them would be counted for all four.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Uses until the next sample. Never zero between two calls.
    left: u32,
    /// Number of uses that a sample stands for: the mean distance.
    weight: u32,
    /// Samples taken with that weight, as long as it may grow.
    drawn: u32,
}

impl Sampler {
    /// Creates a sampler that samples the first use.
    pub(crate) const fn new() -> Self {
        Self {
            left: 1,
            weight: 1,
            drawn: 0,
        }
    }

    /// Returns `true` if this use is sampled; then call [`weigh`](Self::weigh). On a hit, this is
    /// all.
    #[inline]
    pub(crate) fn draws(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Returns the number of uses that the sample stands for, and draws the distance to the next
    /// one.
    #[cold]
    pub(crate) fn weigh(&mut self) -> u32 {
        let weight = self.weight;
        if weight < MOST {
            self.drawn += 1;
            if self.drawn == STEP {
                self.drawn = 0;
                self.weight *= 2;
            }
        }
        self.left = fastrand::u32(1..2 * self.weight);
        weight
    }

    /// Moves the next one to an equal distance, as a test has it.
    #[cold]
    pub(crate) fn space_evenly(&mut self) {
        self.left = self.weight;
    }
}
