//! Where draws come from.

#[cfg(cachekit_faults)]
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Draws. Of the thread's generator, or for tests of one with a seed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Random {
    #[cfg(cachekit_faults)]
    seeded: Option<Arc<Mutex<fastrand::Rng>>>,
}

impl Random {
    /// The same draws at each run.
    #[cfg(cachekit_faults)]
    pub(crate) fn seeded(seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            seeded: Some(Arc::new(Mutex::new(rng))),
        }
    }

    /// Uniform in (0, 1]; never less than 2^-64.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest of what an f64 can be"
    )]
    pub(crate) fn uniform(&self) -> f64 {
        (self.bits() as f64 + 1.0) / 2.0_f64.powi(64)
    }

    /// One of `0..count`; 0 if that is empty.
    pub(crate) fn below(&self, count: u8) -> u8 {
        let drawn = self.bits().checked_rem(count.into()).unwrap_or_default();
        u8::try_from(drawn).unwrap_or_default()
    }

    #[cfg(cachekit_faults)]
    fn bits(&self) -> u64 {
        match &self.seeded {
            Some(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..),
            None => fastrand::u64(..),
        }
    }

    #[cfg(not(cachekit_faults))]
    #[expect(clippy::unused_self, reason = "the same signature as with the feature")]
    fn bits(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// From half of `pause` to all of it, so that nodes do not come back in step.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + 0.5 * fastrand::f64())
}
