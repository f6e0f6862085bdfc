//! Sampling of the uses of keys in a thread, for the counts of hot keys.

/// Largest number of uses of keys that one sample stands for. A thread that makes millions of calls
/// a second takes thousands of samples a second.
const MOST: u32 = 1 << 8;
/// Number of samples after which the number of uses that a sample stands for doubles. The first
/// uses of keys in a thread are therefore sampled more often than later uses.
const STEP: u32 = 1 << 4;

/// Chooses some of the uses of keys in one thread as samples, by which hot keys are counted. The
/// number of uses from one sample to the next is random.
///
/// With equal distances, a service that calls four functions in turn might have all samples on one
/// of the functions, so that the other three would never be counted.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Number of uses of keys until the next sample. Zero only after [`draws`](Self::draws) has
    /// returned `true` and before [`weigh`](Self::weigh).
    left: u32,
    /// Number of uses of keys that one sample stands for: the mean number of uses from one sample
    /// to the next.
    weight: u32,
    /// Number of samples taken with the current weight. No longer counted once the weight has
    /// reached [`MOST`].
    drawn: u32,
}

impl Sampler {
    /// Creates a sampler that takes the first use of a key in its thread as a sample.
    pub(crate) const fn new() -> Self {
        Self {
            left: 1,
            weight: 1,
            drawn: 0,
        }
    }

    /// Records a use of a key and returns `true` if this use is a sample. After `true`, the caller
    /// must call [`weigh`](Self::weigh).
    #[inline]
    pub(crate) fn draws(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Returns the number of uses of keys that the current sample stands for, and chooses at random
    /// the number of uses until the next sample.
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

    /// Sets the number of uses until the next sample to the mean. The fault `EvenSamples` of the
    /// tests calls this method, to show that equal distances between samples miss some keys.
    #[cold]
    pub(crate) fn space_evenly(&mut self) {
        self.left = self.weight;
    }
}
