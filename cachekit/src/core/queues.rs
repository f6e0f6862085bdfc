//! The queues of write-behind functions in one cache: their stores, their counters, and the signals
//! between calls, workers and a shutdown.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::base::counter::Counter;
use crate::base::sync::{Mutex, RwLock};
use crate::model::owner::OwnerId;
use crate::model::queue_spec::QueueSpec;
use crate::model::queue_stats::QueueStats;
use crate::store::process_queue::ProcessQueues;
use crate::store::write_queue::QueueState;

/// A registered write-behind function. Attributes create these values, and the linker collects them.
#[derive(Debug)]
pub struct RegisteredQueue(pub &'static QueueSpec);

inventory::collect!(RegisteredQueue);

/// Returns all registered write-behind functions.
pub(crate) fn registered() -> impl Iterator<Item = &'static QueueSpec> {
    inventory::iter::<RegisteredQueue>().map(|entry| entry.0)
}

/// The write-behind functions whose queued arguments give the values of entries, by the owner of the
/// entries.
static BY_OWNER: LazyLock<HashMap<OwnerId, &'static QueueSpec>> = LazyLock::new(|| {
    let with_value = registered().filter(|queue| queue.value.is_some());
    with_value
        .filter_map(|queue| Some(((queue.entry?)().id(), queue)))
        .collect()
});

/// Returns the write-behind function that writes the entries of `owner`. Returns `None` if no such
/// function gives their values.
pub(crate) fn queue_of(owner: OwnerId) -> Option<&'static QueueSpec> {
    if BY_OWNER.is_empty() {
        return None;
    }
    BY_OWNER.get(&owner).copied()
}

/// The queues of one cache.
#[derive(Debug, Default)]
pub(crate) struct WriteQueues {
    /// The queues in the memory of this process, for a cache without Redis.
    pub(crate) process: ProcessQueues,
    counts: RwLock<HashMap<&'static str, Arc<QueueCounts>>>,
    /// Wakes the workers of this process when they are to end.
    pub(crate) wake: Notify,
    /// The number of workers that have not ended.
    running: AtomicUsize,
    is_closed: AtomicBool,
    /// The origin of the data set whose server was found fit for queues.
    pub(crate) checked: RwLock<Option<[u8; 8]>>,
    /// The number of the next worker, for its id.
    pub(crate) workers: AtomicU64,
    /// The number of the next claim, for its id.
    pub(crate) claims: AtomicU64,
}

/// The counters of one queue in this process.
#[derive(Debug, Default)]
pub(crate) struct QueueCounts {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) written: Counter,
    pub(crate) runs: Counter,
    pub(crate) failures: Counter,
    pub(crate) buried: Counter,
    /// The state of the queue that a worker of this process saw last, and when.
    state: Mutex<Option<(QueueState, Instant)>>,
}

impl QueueCounts {
    pub(crate) fn set_state(&self, state: QueueState) {
        *self.state.lock() = Some((state, Instant::now()));
    }

    fn stats(&self, name: &str) -> QueueStats {
        let seen = *self.state.lock();
        let (state, age) = seen.map_or_else(Default::default, |(state, at)| (state, at.elapsed()));
        // Nobody has looked since, so what was queued may wait still.
        let age = if state.oldest.is_some() {
            age
        } else {
            Duration::ZERO
        };
        QueueStats {
            function: name.to_owned(),
            accepted: self.accepted.sum(),
            refused: self.refused.sum(),
            written: self.written.sum(),
            runs: self.runs.sum(),
            failures: self.failures.sum(),
            put_aside: self.buried.sum(),
            queued: state.writes,
            dead: state.dead,
            lag: state.lag().saturating_add(age),
        }
    }
}

impl WriteQueues {
    /// Returns the counters of the queue of `spec`.
    pub(crate) fn counts(&self, spec: &'static QueueSpec) -> Arc<QueueCounts> {
        let known = self.counts.read().get(spec.name()).cloned();
        known.unwrap_or_else(|| {
            let mut counts = self.counts.write();
            Arc::clone(counts.entry(spec.name()).or_default())
        })
    }

    /// Returns the statistics of all queues that this process used, by name.
    pub(crate) fn stats(&self) -> Vec<QueueStats> {
        let counts = self.counts.read();
        let mut stats: Vec<_> = counts
            .iter()
            .map(|(name, counts)| counts.stats(name))
            .collect();
        stats.sort_by(|a, b| a.function.cmp(&b.function));
        stats
    }

    /// Returns `true` if the workers of this process are to end.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Tells the workers of this process to end, and closes the queues in its memory.
    pub(crate) fn close(&self) {
        self.process.close();
        self.is_closed.store(true, Ordering::Release);
        self.wake.notify_waiters();
    }

    /// Returns the number of writes that are lost with this process.
    pub(crate) fn lost(&self) -> u64 {
        self.process.writes()
    }

    /// Counts a worker of this process, until the returned guard is dropped.
    pub(crate) fn worker(self: &Arc<Self>) -> WorkerGuard {
        self.running.fetch_add(1, Ordering::AcqRel);
        WorkerGuard(Arc::clone(self))
    }

    /// Returns the number of workers of this process that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }
}

/// Counts a worker until this guard is dropped.
#[derive(Debug)]
pub(crate) struct WorkerGuard(Arc<WriteQueues>);

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
