//! The orderly end of a cache's background work, before its process ends.

use std::time::Duration;

use tokio::time::{sleep, timeout_at};

use crate::api::warm_start::store_hot_keys;
use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::core::state::Cache;

/// Longest time that [`Cache::shutdown`] waits: enough for a healthy Redis, and less than
/// supervisors wait before they kill a process.
const DEFAULT: Duration = Duration::from_secs(5);

/// Interval at which a shutdown checks whether the outbox is empty.
const LOOK: Duration = Duration::from_millis(5);

/// A report of the work that [`Cache::shutdown`] could not finish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Number of background tasks that were abandoned: stores in Redis, and refreshes.
    pub abandoned: usize,
    /// Number of invalidations that Redis has not accepted. They took effect in this process, but
    /// other processes may serve the outdated entries until those expire, or until a process with the
    /// same `outbox_file` starts.
    pub queued_invalidations: usize,
    /// Number of writes in the queues of write-behind functions of a cache without Redis. They are
    /// lost with the process. Writes in Redis do not count.
    pub queued_writes: u64,
}

impl ShutdownReport {
    /// Returns `true` if no task was abandoned, Redis has accepted every invalidation, and no queued
    /// write is lost.
    pub fn is_complete(&self) -> bool {
        *self == Self::default()
    }
}

impl Cache {
    /// Finishes the background work of the cache, within 5 seconds: see
    /// [`shutdown_within`](Self::shutdown_within).
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of `shutdown_within`.
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

    /// Finishes the background work of the cache, within the time `within`, and returns a report of
    /// the work that is not finished.
    ///
    /// This method stores the hottest keys for the next [warm start](crate::WarmStartReport), and waits
    /// until the running bodies of workers have ended, values are stored in Redis, refreshes have
    /// ended and Redis has accepted every invalidation. Without Redis, workers carry out all queued
    /// writes first. At the end of the time, background tasks that still run are
    /// abandoned.
    ///
    /// From the start of the shutdown, the cache begins no new background work and reads nothing
    /// from Redis. Calls go on with memory and the function. At the end of the shutdown, a cache
    /// with Redis notifies the other processes that this process no longer serves from memory, so
    /// that their acknowledged invalidations do not wait for this process. From the end on, the
    /// calls of such a cache run the function without memory. Invalidations are still carried out,
    /// in this process and in Redis. A second shutdown waits for the work that is left.
    ///
    /// Call this method after the last request was answered. If the runtime on which the cache was
    /// built has ended, the method connects to Redis on the caller's runtime. On a runtime without a
    /// timer the method waits for nothing.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the shutdown stops waiting and abandons nothing, but the cache
    /// still begins no new background work.
    pub async fn shutdown_within(&self, within: Duration) -> ShutdownReport {
        let background = &self.core.background;
        if !removed!(self.core, NeverClosed) {
            background.close();
        }
        self.core.queues.close();
        if has_timer() {
            let end = from_now(within);
            let _ = timeout_at(end, self.workers_ended()).await;
            if let Some(starting) = self.core.l2.as_ref().and_then(|l2| l2.starting()) {
                let _ = timeout_at(end, starting).await;
            }
            let _ = timeout_at(end, store_hot_keys(&self.core)).await;
            // The outbox is sent meanwhile. A task whose runtime stands still never ends.
            let _ = timeout_at(end, background.idle()).await;
            let _ = timeout_at(end, self.outbox_sent()).await;
            if let Some(l2) = &self.core.l2 {
                // The goodbye is sent last, after all stores and invalidations. The goodbye is sent
                // even if the time is over.
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
            queued_writes: self.core.queues.lost(),
        };
        trace::shut_down(report.abandoned, report.queued_invalidations);
        report
    }

    /// Waits until the workers of this process have ended. Without Redis, they first carry out
    /// everything that is queued.
    async fn workers_ended(&self) {
        while self.core.queues.running() > 0 {
            sleep(LOOK).await;
        }
    }

    /// Waits until Redis has accepted every invalidation in the outbox.
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
