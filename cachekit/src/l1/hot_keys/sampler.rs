//! Sampler: decides which uses of keys in a thread are counted for the hot keys.

/// Largest number of uses that one sample stands for. A thread that makes millions of calls a
/// second takes thousands of samples a second.
const MOST: u32 = 1 << 8;
/// Number of samples after which the weight of a sample doubles. The first uses in a thread are
/// therefore sampled more often than later ones.
const STEP: u32 = 1 << 4;

/// Chooses some of the uses of keys in one thread as samples. The number of uses from one sample to
/// the next is random.
///
/// With equal distances, a service that calls four functions in turn might have all samples on one
/// of them, so that the other three would never be counted.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Number of uses until the next sample. Zero only after [`draws`](Self::draws) has returned
    /// `true` and before [`weigh`](Self::weigh).
    left: u32,
    /// Number of uses that one sample stands for: the mean number of uses from one sample to the
    /// next.
    weight: u32,
    /// Number of samples taken with the current weight. No longer counted once the weight has
    /// reached [`MOST`].
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

    /// Records a use and returns `true` if this use is a sample. After `true`, the caller must call
    /// [`weigh`](Self::weigh).
    #[inline]
    pub(crate) fn draws(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Returns the number of uses that the current sample stands for, and chooses at random the
    /// number of uses until the next sample.
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

    /// Sets the number of uses until the next sample to the mean, for a test that shows the fault
    /// of equal distances.
    #[cold]
    pub(crate) fn space_evenly(&mut self) {
        self.left = self.weight;
    }
}
