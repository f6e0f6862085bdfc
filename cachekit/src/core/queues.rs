//! The queues of write-behind functions in one cache: their stores, their counters, and the signals
//! between calls, workers and a shutdown.

use std::collections::{BTreeSet, HashMap};
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

/// Returns the write-behind function that writes the entries of `owner`. Returns `None` if no
/// write-behind function gives values of these entries.
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
    /// Shared by the runs of all workers of this cache. A write whose workers died more than once has
    /// it alone, because the death of a process interrupts all of its runs. The lock is fair: a run
    /// waits for those before it, and no run begins before one that waited longer.
    pub(crate) runs: tokio::sync::RwLock<()>,
    /// The number of connections to Redis at the last time when the server was found fit for queues.
    pub(crate) checked: RwLock<Option<u64>>,
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
    state: Mutex<SeenState>,
}

/// The state of one queue, as the workers in this process know it.
#[derive(Debug, Default)]
struct SeenState {
    /// The number of workers that have not ended.
    workers: usize,
    /// The state that one of them saw last, and when.
    last: Option<(QueueState, Instant)>,
}

impl QueueCounts {
    pub(crate) fn set_state(&self, state: QueueState) {
        self.state.lock().last = Some((state, Instant::now()));
    }

    fn stats(&self, name: &str) -> QueueStats {
        let seen = self.state.lock().last;
        let (state, age) = seen.map_or_else(Default::default, |(state, at)| (state, at.elapsed()));
        // No worker has looked since then, so the oldest write may still wait.
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

    /// Returns the statistics of all registered queues and of those that this process used, by name.
    /// The counters of a queue are there from the start, so that the first write that is counted is
    /// an increase.
    pub(crate) fn stats(&self) -> Vec<QueueStats> {
        let counts = self.counts.read();
        let names = registered().map(QueueSpec::name);
        let names: BTreeSet<_> = names.chain(counts.keys().copied()).collect();
        let unused = QueueCounts::default();
        names
            .into_iter()
            .map(|name| match counts.get(name) {
                Some(counts) => counts.stats(name),
                None => unused.stats(name),
            })
            .collect()
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

    /// Counts a worker of this process for the queue of `spec`, until the returned guard is dropped.
    pub(crate) fn worker(self: &Arc<Self>, spec: &'static QueueSpec) -> WorkerGuard {
        self.running.fetch_add(1, Ordering::AcqRel);
        let counts = self.counts(spec);
        counts.state.lock().workers += 1;
        let queues = Arc::clone(self);
        WorkerGuard { queues, counts }
    }

    /// Returns the number of workers of this process that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }
}

/// Counts a worker until this guard is dropped. With the last worker of a queue, nobody looks at the
/// state of the queue any more, and what was seen is forgotten.
#[derive(Debug)]
pub(crate) struct WorkerGuard {
    queues: Arc<WriteQueues>,
    counts: Arc<QueueCounts>,
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        let mut state = self.counts.state.lock();
        state.workers -= 1;
        if state.workers == 0 {
            state.last = None;
        }
        drop(state);
        self.queues.running.fetch_sub(1, Ordering::AcqRel);
    }
}
