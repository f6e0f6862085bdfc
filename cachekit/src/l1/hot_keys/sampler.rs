//! Which uses are counted.

/// A use that is counted stands for so many at most: a thread that makes millions of calls a second
/// then counts thousands.
const MOST: u32 = 1 << 8;
/// So many are counted before each stands for twice as many: of the first uses of a thread many are.
const STEP: u32 = 1 << 4;

/// Draws those of a thread's uses that are counted, at random distances.
///
/// At equal ones it would see what its own distance divides: a service that calls four functions in
/// turn would have one of them counted, for all four.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// So many uses from here, the next is drawn. Never zero between two calls.
    left: u32,
    /// So many uses it stands for: the mean distance.
    weight: u32,
    /// How many were drawn with that weight, as long as it may grow.
    drawn: u32,
}

impl Sampler {
    /// One that draws the first use.
    pub(crate) const fn new() -> Self {
        Self {
            left: 1,
            weight: 1,
            drawn: 0,
        }
    }

    /// Whether a use is drawn; then [`weigh`](Self::weigh) must follow. On a hit, this is all.
    #[inline]
    pub(crate) fn draws(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// For how many uses the one that was drawn stands. Sets out for the next one.
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
