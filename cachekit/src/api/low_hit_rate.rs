//! Callbacks for hit rates that are too low.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::base::clock::{Clock, Tick};
use crate::base::sync::RwLock;
use crate::base::trace;
use crate::coordination::background::Background;
use crate::core::state::Cache;
use crate::model::call_stats::CallStats;
use crate::model::owner::{Owner, OwnerId};

/// Smallest number of calls in a window for which a hit rate is judged, unless
/// [`HitRateWatch::min_calls`] sets another.
const MIN_CALLS: u64 = 100;
/// Shortest and longest pause between two looks at the clock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// Number of looks at the clock in each window.
const LOOKS: u32 = 16;

/// A hit rate that was too low, for a callback of
/// [`Cache::on_low_hit_rate`](crate::Cache::on_low_hit_rate).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LowHitRate {
    /// Name of the function or region. `None`: the hit rate of the cache as a whole.
    pub function: Option<String>,
    /// Share of calls in the window that were hits, from 0 to 1, as
    /// [`CallStats::hit_rate`](crate::CallStats::hit_rate) counts them.
    pub hit_rate: f64,
    /// Calls in the window.
    pub calls: u64,
    /// Length of the window, by the cache's clock. It may be somewhat longer than was asked for.
    pub window: Duration,
}

/// A callback that the cache calls for low hit rates, until this value is dropped.
#[must_use = "the callback ends when this value is dropped"]
pub struct HitRateWatch {
    /// `None`: the task was not started.
    task: Option<AbortHandle>,
    min_calls: Arc<AtomicU64>,
}

impl HitRateWatch {
    /// Sets the smallest number of calls in a window for which a hit rate is judged. The default is
    /// 100: the first calls after a start are misses, and few calls say nothing.
    pub fn min_calls(self, calls: u64) -> Self {
        self.min_calls.store(calls, Ordering::Relaxed);
        self
    }

    /// Returns `true` if hit rates are watched. Returns `false` if no Tokio runtime with a timer was
    /// found, or that runtime or the cache has ended.
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }
}

impl Drop for HitRateWatch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl fmt::Debug for HitRateWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HitRateWatch")
            .field("is_running", &self.is_running())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// Calls `callback` after each `window`, once for each function, region or whole cache whose
    /// hit rate in that window was below `rate`. Hit rates of fewer than 100 calls
    /// ([`HitRateWatch::min_calls`]) are not judged.
    ///
    /// The windows follow one another, and are measured by the cache's
    /// [clock](crate::CacheBuilder::clock). The callback runs in a background task of the cache, on
    /// the runtime of this call or on the cache's [own thread](crate::CacheBuilder::own_thread), so
    /// it must not block. A panic in the callback is logged, and the callback is called again after
    /// the next window. The callback ends when the returned value is dropped, or the cache is shut
    /// down. Outside of a Tokio runtime the callback is never called, and
    /// [`BackgroundStats::refused`](crate::BackgroundStats::refused) counts the refused task.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use std::time::Duration;
    ///
    /// let cache = cachekit::Cache::builder().build().await?;
    /// let _watch = cache.on_low_hit_rate(0.7, Duration::from_secs(60), |low| {
    ///     let name = low.function.as_deref().unwrap_or("the cache");
    ///     eprintln!("{name}: {:.2} of {} calls", low.hit_rate, low.calls);
    /// });
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_low_hit_rate(
        &self,
        rate: f64,
        window: Duration,
        callback: impl FnMut(&LowHitRate) + Send + 'static,
    ) -> HitRateWatch {
        let min_calls = Arc::new(AtomicU64::new(MIN_CALLS));
        let watcher = Watcher {
            owners: Arc::downgrade(&self.core.owners),
            background: Arc::downgrade(&self.core.background),
            clock: Arc::clone(&self.core.clock),
            rate,
            window,
            min_calls: Arc::clone(&min_calls),
            callback,
        };
        let earlier = HitCounts::of(&self.core.owners);
        let start = Tick::now(&*self.core.clock);
        let task = watcher.run(start, earlier);
        HitRateWatch {
            task: self.core.background.spawn_uncounted(task),
            min_calls,
        }
    }
}

type Owners = RwLock<HashMap<OwnerId, Arc<Owner>>>;

/// The state of a task that watches hit rates. It keeps neither the cache nor its handle alive.
struct Watcher<F> {
    owners: Weak<Owners>,
    background: Weak<Background>,
    clock: Arc<dyn Clock>,
    rate: f64,
    window: Duration,
    min_calls: Arc<AtomicU64>,
    callback: F,
}

impl<F: FnMut(&LowHitRate)> Watcher<F> {
    /// Judges the hit rates after each window, until the cache ends.
    async fn run(mut self, mut start: Tick, mut earlier: HitCounts) {
        let pause = (self.window / LOOKS).clamp(PAUSES.0, PAUSES.1);
        loop {
            tokio::time::sleep(pause).await;
            let Some(owners) = self.owners.upgrade() else {
                return;
            };
            if self.background.upgrade().is_none_or(|it| it.is_closed()) {
                return;
            }
            let now = Tick::now(&*self.clock);
            if now.since(start) < self.window {
                continue;
            }
            let counts = HitCounts::of(&owners);
            drop(owners);
            self.judge(&counts, &earlier, now.since(start));
            (start, earlier) = (now, counts);
        }
    }

    /// Calls the callback for each hit rate that was too low from `earlier` to `counts`.
    fn judge(&mut self, counts: &HitCounts, earlier: &HitCounts, window: Duration) {
        let min_calls = self.min_calls.load(Ordering::Relaxed).max(1);
        for (function, calls) in counts.since(earlier) {
            let hit_rate = calls.hit_rate();
            if calls.calls() < min_calls || hit_rate >= self.rate {
                continue;
            }
            let low = LowHitRate {
                function,
                hit_rate,
                calls: calls.calls(),
                window,
            };
            if catch_unwind(AssertUnwindSafe(|| (self.callback)(&low))).is_err() {
                trace::background_panicked("(on_low_hit_rate)");
            }
        }
    }
}

/// Counters of hits and calls of each function and region at one moment, sorted by name.
struct HitCounts(Vec<(OwnerId, String, CallStats)>);

impl HitCounts {
    fn of(owners: &Owners) -> Self {
        let owners = owners.read();
        let counts = owners
            .values()
            .map(|owner| (owner.id, owner.name.to_string(), owner.counts.read_hits()));
        let mut counts: Vec<_> = counts.collect();
        counts.sort_by(|a, b| a.1.cmp(&b.1));
        Self(counts)
    }

    /// Returns the calls of each function since `earlier`. The last item is the sum of all
    /// functions, without a name.
    fn since(&self, earlier: &Self) -> Vec<(Option<String>, CallStats)> {
        let before: HashMap<_, _> = earlier
            .0
            .iter()
            .map(|(id, _, calls)| (*id, calls))
            .collect();
        let mut all = CallStats::default();
        let mut since = Vec::with_capacity(self.0.len() + 1);
        for (id, name, calls) in &self.0 {
            let calls = before
                .get(id)
                .map_or_else(|| calls.clone(), |before| calls.since(before));
            all += &calls;
            since.push((Some(name.clone()), calls));
        }
        since.push((None, all));
        since
    }
}
