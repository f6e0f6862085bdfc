//! Queues of write-behind functions in the memory of this process, for a cache without Redis. Their
//! writes are lost if the process dies.

pub(crate) mod queue;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::base::sync::Mutex;
use crate::model::queue_spec::QueueKind;
use crate::store::process_queue::queue::Queue;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, DeadItem, Enqueued, Failed, Finish, NewWrite, Part, QueueFuture,
    QueueState, QueuedItem, Retry, Taken, WriteQueue, Written,
};

/// The queues of one cache.
#[derive(Default)]
pub(crate) struct ProcessQueues(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    /// The queues by the names of their functions.
    by_name: HashMap<String, Queue>,
    /// `true` once the queues accept nothing more.
    is_closed: bool,
    /// The failure of every operation, in tests. Queues in memory have no failures of their own.
    #[cfg(any(test, feature = "testing", cachekit_faults))]
    failure: Option<crate::store::failure::Failure>,
}

impl ProcessQueues {
    /// Returns the sum of the numbers of queued writes and of dead writes in all queues.
    pub(crate) fn writes(&self) -> u64 {
        let queues = self.0.lock();
        let writes = queues
            .by_name
            .values()
            .map(|queue| queue.writes + queue.dead.len() as u64);
        writes.sum()
    }

    /// Closes the queues: they accept nothing more.
    pub(crate) fn close(&self) {
        self.0.lock().is_closed = true;
    }

    /// Lets every operation fail with `failure` from now on, or succeed if `failure` is `None`.
    #[cfg(any(test, feature = "testing", cachekit_faults))]
    pub(crate) fn fail_with(&self, failure: Option<crate::store::failure::Failure>) {
        self.0.lock().failure = failure;
    }

    /// Runs `step` on the queue `name`, and returns the result of `step` as the result of an
    /// operation.
    fn on<'a, T: Send + 'a>(
        &self,
        name: &str,
        step: impl FnOnce(&mut Queue) -> T,
    ) -> QueueFuture<'a, T> {
        self.on_open(name, |queue, _| step(queue))
    }

    /// Does what [`on`](Self::on) does. The second argument of `step` is `true` if the queues accept
    /// nothing more.
    fn on_open<'a, T: Send + 'a>(
        &self,
        name: &str,
        step: impl FnOnce(&mut Queue, bool) -> T,
    ) -> QueueFuture<'a, T> {
        let mut queues = self.0.lock();
        #[cfg(any(test, feature = "testing", cachekit_faults))]
        if let Some(failure) = queues.failure.clone() {
            return Box::pin(std::future::ready(Err(failure)));
        }
        let is_closed = queues.is_closed;
        let by_name = &mut queues.by_name;
        let queue = by_name.entry(name.to_owned()).or_insert_with(Queue::new);
        let done = step(queue, is_closed);
        let dropped = std::mem::take(&mut queue.dropped);
        drop(queues);
        drop(dropped);
        Box::pin(std::future::ready(Ok(done)))
    }
}

impl WriteQueue for ProcessQueues {
    fn enqueue<'a>(&'a self, write: &'a NewWrite<'a>, _: Instant) -> QueueFuture<'a, Enqueued> {
        self.on_open(write.queue, |queue, is_closed| {
            if is_closed {
                Enqueued::Closed
            } else {
                queue.enqueue(write)
            }
        })
    }

    fn newest<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        _: Instant,
    ) -> QueueFuture<'a, Option<QueuedItem>> {
        self.on(queue, |queue| queue.keys.get(key)?.items.back().cloned())
    }

    fn claim<'a>(&'a self, request: &'a ClaimRequest<'a>, _: Instant) -> QueueFuture<'a, Claimed> {
        self.on(request.claim.queue, |queue| queue.claim(request))
    }

    fn begin<'a>(
        &'a self,
        claim: Claim<'a>,
        first: &'a [Written],
        _: Instant,
    ) -> QueueFuture<'a, Vec<usize>> {
        self.on(claim.queue, |queue| {
            let mut over = Vec::new();
            for (position, write) in first.iter().enumerate() {
                match queue.claimed(claim, &write.key) {
                    Some(waiting) => waiting.begun = Some(write.version),
                    None => over.push(position),
                }
            }
            over
        })
    }

    fn outlive<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        _: Instant,
    ) -> QueueFuture<'a, ()> {
        self.on(claim.queue, |queue| {
            for key in keys {
                if let Some(waiting) = queue.claimed(claim, key) {
                    waiting.begun = None;
                }
            }
        })
    }

    fn renew<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        lease: Duration,
        _: Instant,
    ) -> QueueFuture<'a, ()> {
        self.on(claim.queue, |queue| {
            for key in keys {
                if queue.claimed(claim, key).is_some() {
                    queue.set_due(key, from_now(lease));
                }
            }
        })
    }

    fn finish<'a>(
        &'a self,
        claim: Claim<'a>,
        finish: Finish<'a>,
        _: Instant,
    ) -> QueueFuture<'a, bool> {
        self.on(claim.queue, |queue| {
            let mut continues = finish.keeps_claim;
            for written in finish.written {
                continues &= queue.finish(claim, written, finish.every, finish.keeps_claim);
            }
            continues
        })
    }

    fn retry<'a>(&'a self, claim: Claim<'a>, retry: Retry<'a>, _: Instant) -> QueueFuture<'a, ()> {
        self.on(claim.queue, |queue| queue.retry(claim, &retry))
    }

    fn hide<'a>(
        &'a self,
        claim: Claim<'a>,
        write: &'a Written,
        _: Instant,
    ) -> QueueFuture<'a, bool> {
        self.on(claim.queue, |queue| {
            let waiting = queue.claimed(claim, &write.key);
            let newest = waiting.and_then(|waiting| waiting.items.back_mut());
            let Some(newest) = newest.filter(|it| it.version == write.version) else {
                return false;
            };
            newest.is_replayed = true;
            true
        })
    }

    fn bury<'a>(
        &'a self,
        claim: Claim<'a>,
        failed: Failed<'a>,
        _: Instant,
    ) -> QueueFuture<'a, bool> {
        self.on(claim.queue, |queue| queue.bury(claim, &failed))
    }

    fn state<'a>(
        &'a self,
        (queue, _): (&'a str, QueueKind),
        _: Instant,
    ) -> QueueFuture<'a, QueueState> {
        self.on(queue, |queue| queue.state())
    }

    fn hasten<'a>(
        &'a self,
        (queue, _): (&'a str, QueueKind),
        part: Part,
        _: Instant,
    ) -> QueueFuture<'a, Option<u64>> {
        self.on(queue, |queue| queue.hasten(part))
    }

    fn dead<'a>(
        &'a self,
        queue: &'a str,
        after: &'a str,
        most: usize,
        _: Instant,
    ) -> QueueFuture<'a, Vec<DeadItem>> {
        let after: u64 = after.parse().unwrap_or(0);
        self.on(queue, |queue| {
            let dead = queue.dead.iter();
            let later = dead.filter(|it| it.id.parse().is_ok_and(|id: u64| id > after));
            later.take(most).cloned().collect()
        })
    }

    fn dead_one<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        _: Instant,
    ) -> QueueFuture<'a, Option<DeadItem>> {
        self.on(queue, |queue| {
            let found = queue.dead.iter().find(|it| it.id == id);
            found.cloned()
        })
    }

    fn with_dead(&self, _: u64, _: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        let queues = self.0.lock();
        #[cfg(any(test, feature = "testing", cachekit_faults))]
        if let Some(failure) = queues.failure.clone() {
            return Box::pin(std::future::ready(Err(failure)));
        }
        let with_dead = queues
            .by_name
            .iter()
            .filter(|(_, queue)| !queue.dead.is_empty());
        let names = with_dead.map(|(name, _)| name.clone()).collect();
        Box::pin(std::future::ready(Ok((0, names))))
    }

    fn take_dead<'a>(
        &'a self,
        (queue, kind): (&'a str, QueueKind),
        id: &'a str,
        revives: bool,
        _: Instant,
    ) -> QueueFuture<'a, Taken> {
        self.on_open(queue, |queue, is_closed| {
            if is_closed && revives {
                return Taken::Closed;
            }
            let key = queue.take_dead(kind, id, revives);
            key.map_or(Taken::Missing, Taken::Key)
        })
    }
}

impl fmt::Debug for ProcessQueues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessQueues").finish_non_exhaustive()
    }
}
