//! A clock that a test advances.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::Clock;

/// Clock that stands still until a test advances it.
///
/// All clones of a clock show the same time.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::testing::ManualClock;
/// use cachekit::{Cache, Policy};
///
/// let clock = ManualClock::new();
/// let cache = Cache::builder().clock(clock.clone()).build().await?;
/// cache.put("a", 1, &Policy::new().ttl(Duration::from_secs(60))).await;
///
/// clock.advance(Duration::from_secs(59));
/// assert_eq!(cache.get::<i32>("a").await, Some(1));
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(cache.get::<i32>("a").await, None);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// Creates a clock that stands still at the time zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock and its clones by `by`.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}
