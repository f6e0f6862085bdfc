//! Random numbers, and random pauses before retries.

#[cfg(cachekit_faults)]
use std::sync::Arc;
use std::time::Duration;

#[cfg(cachekit_faults)]
use crate::base::sync::Mutex;

/// A source of random numbers: the thread's generator or, in tests, a generator with a seed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Random {
    #[cfg(cachekit_faults)]
    seeded: Option<Arc<Mutex<fastrand::Rng>>>,
}

impl Random {
    /// Creates a source whose generator begins with `seed`. Equal seeds give equal numbers in every
    /// run of a test.
    #[cfg(cachekit_faults)]
    pub(crate) fn seeded(seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            seeded: Some(Arc::new(Mutex::new(rng))),
        }
    }

    /// Returns a random number in (0, 1], uniformly distributed. The smallest possible number is
    /// 2^-64.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest of what an f64 can be"
    )]
    pub(crate) fn uniform(&self) -> f64 {
        (self.bits() as f64 + 1.0) / 2.0_f64.powi(64)
    }

    /// Returns a random number of the range `0..count`, or 0 if `count` is 0.
    pub(crate) fn below(&self, count: u8) -> u8 {
        let drawn = self.bits().checked_rem(count.into()).unwrap_or_default();
        u8::try_from(drawn).unwrap_or_default()
    }

    #[cfg(cachekit_faults)]
    fn bits(&self) -> u64 {
        match &self.seeded {
            Some(rng) => rng.lock().u64(..),
            None => fastrand::u64(..),
        }
    }

    #[cfg(not(cachekit_faults))]
    #[expect(clippy::unused_self, reason = "the same signature as with the feature")]
    fn bits(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// Returns a random duration between half of `pause` and `pause`, so that several nodes do not
/// retry at the same time.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + 0.5 * fastrand::f64())
}
