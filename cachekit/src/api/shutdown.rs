//! The end of a cache's work in the background, before its process ends.

use std::time::Duration;

use tokio::time::{sleep, timeout_at};

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::core::state::Cache;

/// Long enough for a Redis that is well, shorter than what supervisors wait.
const DEFAULT: Duration = Duration::from_secs(5);

/// How often it is looked whether Redis was told everything.
const LOOK: Duration = Duration::from_millis(5);

/// What [`Cache::shutdown`] could not finish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Work in the background that was given up: values that were not stored in Redis,
    /// refreshes.
    pub abandoned: usize,
    /// Invalidations that Redis has not accepted. They took place in this process; entries of
    /// other processes may be old until their life ends.
    pub queued_invalidations: usize,
}

impl ShutdownReport {
    /// Whether nothing was left.
    pub fn is_complete(&self) -> bool {
        *self == Self::default()
    }
}

impl Cache {
    /// Finishes what the cache does in the background, for 5 seconds at most: see
    /// [`shutdown_within`](Self::shutdown_within).
    ///
    /// # Cancel safety
    ///
    /// As of `shutdown_within`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let cache = cachekit::Cache::builder().build().await?;
    /// // The server has answered its last request.
    /// let left = cache.shutdown().await;
    /// if !left.is_complete() {
    ///     eprintln!("the cache could not finish: {left:?}");
    /// }
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn shutdown(&self) -> ShutdownReport {
        self.shutdown_within(DEFAULT).await
    }

    /// Waits, for `within` at most, until what was begun in the background is done (values
    /// are stored in Redis, refreshes have ended) and Redis has accepted every invalidation;
    /// then gives up what is still under way, and says what was left.
    ///
    /// From its beginning on nothing new is begun in the background, and Redis is not asked for
    /// values any more. Calls go on, with memory and the function; with a Redis, from its end on
    /// with the function alone: the other processes are told that this one serves nothing from
    /// memory any more, so that their acknowledged invalidations do not wait for it.
    /// Invalidations are still carried out, here and in Redis. Calling it again waits for what is
    /// left.
    ///
    /// Call it on the runtime that the cache was built on, when the last request was
    /// answered. Without a timer there it waits for nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future waits no longer and gives nothing up; nothing new is begun all
    /// the same.
    pub async fn shutdown_within(&self, within: Duration) -> ShutdownReport {
        let background = &self.core.background;
        if !removed!(self.core, NeverClosed) {
            background.close();
        }
        if has_timer() {
            let end = from_now(within);
            let _ = timeout_at(end, background.idle()).await;
            let _ = timeout_at(end, self.outbox_sent()).await;
            if let Some(l2) = &self.core.l2 {
                // Last, so that what is owed to others is done: also late it is sent.
                let until = l2.deadline();
                let goodbye = l2.bus.say_goodbye(&*l2.store, until);
                let _ = timeout_at(end, goodbye).await;
            }
        } else if let Some(l2) = &self.core.l2 {
            l2.bus.liveness.leave();
        }
        let report = ShutdownReport {
            abandoned: background.stop(),
            queued_invalidations: self.queued_invalidations(),
        };
        trace::shut_down(report.abandoned, report.queued_invalidations);
        report
    }

    /// Waits until Redis has accepted every invalidation.
    async fn outbox_sent(&self) {
        while self.queued_invalidations() > 0 {
            sleep(LOOK).await;
        }
    }

    fn queued_invalidations(&self) -> usize {
        let l2 = self.core.l2.as_ref();
        l2.map_or(0, |l2| l2.bus.outbox.len())
    }
}
