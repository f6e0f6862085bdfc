//! The messages of a worker to the queue: it begins writes, carried them out, failed, or hands them
//! back.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::trace;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::store::write_queue::{Failed, Finish, QueueFuture, Retry, WriteQueue, Written};
use crate::write_behind::asking::patient_deadline;
use crate::write_behind::attempts::Attempts;
use crate::write_behind::carry_out::{ClaimedWork, ClaimedWrite, LEASE};

/// The pause between two attempts to tell the queue something.
const PAUSE: Duration = Duration::from_millis(100);

impl ClaimedWork {
    /// Tells the queue that the worker begins to carry out the writes in `first`, each the first of its
    /// key in this run. Returns the positions of those whose claims are over. Returns `None` if the
    /// queue could not be reached for as long as the claims last, so that all of them may be over.
    pub(crate) async fn begin(&self, first: &[&ClaimedWrite]) -> Option<Vec<usize>> {
        let first: Vec<_> = first.iter().map(|write| write.written()).collect();
        let begun = self.tell(from_now(LEASE), |queue, until| {
            queue.begin(self.claim(), &first, until)
        });
        begun.await.answer
    }

    /// Tells the queue that the worker outlived a run that failed. Other writes may run before the
    /// attempts at `writes` end, and they are not suspected if the process dies of one of those.
    pub(crate) async fn outlive(&self, writes: &[&ClaimedWrite]) {
        let of_keys = writes.chunk_by(|one, next| one.key == next.key);
        let keys: Vec<_> = of_keys.map(|writes| writes[0].key.clone()).collect();
        let core = &self.runner.core;
        let queue = core.write_queue();
        let outlived = queue.outlive(self.claim(), &keys, patient_deadline(core));
        if let Err(failure) = outlived.await {
            trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
        }
    }

    /// Finishes `writes` in the queue. If the queue cannot be reached for as long as the claims last,
    /// the writes will be repeated. Before that, invalidates the entries of replayed writes, because
    /// reads took the values of the source meanwhile. They do so until the writes are removed.
    /// Returns `true` if the claim continues for further writes of the keys.
    pub(crate) async fn finish(&self, writes: &[&ClaimedWrite], keeps_claim: bool) -> bool {
        let mut written: Vec<Written> = Vec::with_capacity(writes.len());
        for write in writes {
            match written.last_mut() {
                // The writes of one key stand together, in their order.
                Some(last) if last.key == write.key => last.version = write.item.version,
                _ => written.push(write.written()),
            }
        }
        for write in writes.iter().filter(|write| write.item.is_replayed) {
            self.invalidate(&write.key).await;
        }
        let finish = Finish {
            written: &written,
            every: self.runner.every(),
            keeps_claim,
        };
        let finished = self.tell(from_now(LEASE), |queue, until| {
            queue.finish(self.claim(), finish, until)
        });
        finished.await.answer == Some(true)
    }

    /// Ends an attempt at `write` that failed because of `error`: the write is repeated later, or
    /// put aside.
    pub(crate) async fn fail(&self, write: &ClaimedWrite, error: &str) {
        let (retries, source) = (self.runner.spec.retries, &self.runner.health);
        let retries = if removed!(self.runner.core, RepeatForEver) {
            u32::MAX
        } else {
            retries
        };
        match write.attempts.after_failure(retries, source) {
            Some(later) => self.end_claim(write, later, from_now(LEASE)).await,
            None => {
                self.put_aside(write, write.attempts.failed() + 1, error)
                    .await;
            }
        }
    }

    /// Ends the claims of the keys of `writes`, none of which was tried. The writes of one key stand
    /// together. If the queue cannot be reached, all of the claims end by themselves at the same time,
    /// so nothing is told after that. All writes of a worker that ends have the same limit.
    pub(crate) async fn hand_back(&self, writes: &[&ClaimedWrite]) {
        let end = self.runner.hand_back_end();
        for of_key in writes.chunk_by(|one, next| one.key == next.key) {
            let first = of_key[0];
            self.end_claim(first, first.attempts, end).await;
        }
    }

    /// Ends the claim of a write that was not carried out, and has `later` failed attempts now. Gives
    /// up at the time `end`.
    async fn end_claim(&self, write: &ClaimedWrite, later: Attempts, end: Instant) {
        let write_of = write.written();
        let retry = Retry {
            write: &write_of,
            pause: write.attempts.pause(),
            attempts: write.attempts.steps_to(later),
        };
        self.tell(end, |queue, until| queue.retry(self.claim(), retry, until))
            .await;
    }

    /// Puts `write` aside after `attempts`, for `reason`. Its entry is invalidated, because its value
    /// will not become that of the source. Before that, the write is hidden from reads, so that they
    /// store its value no more. If this process dies in between, another worker goes on.
    pub(crate) async fn put_aside(&self, write: &ClaimedWrite, attempts: u32, reason: &str) {
        let written = write.written();
        let mut is_hidden = true;
        if self.runner.spec.entry.is_some() {
            let hidden = self.tell(from_now(LEASE), |queue, until| {
                queue.hide(self.claim(), &written, until)
            });
            is_hidden = hidden.await.answer.is_some();
            self.invalidate(&write.key).await;
        }
        let failed = Failed {
            write: &written,
            attempts,
            reason,
            pause: Attempts::default().pause(),
        };
        let buried = self.tell(from_now(LEASE), |queue, until| {
            queue.bury(self.claim(), failed, until)
        });
        let buried = buried.await;
        // If an answer was lost, the write may have been put aside, and the claim ended with that.
        if buried.answer != Some(true) && !buried.may_have_run {
            return;
        }
        self.runner.counts.buried.bump();
        trace::queue::queued_write_put_aside(self.runner.spec.name(), reason);
        if !is_hidden {
            self.invalidate(&write.key).await;
        }
    }

    async fn invalidate(&self, key: &[u8]) {
        if self.runner.spec.entry.is_some() {
            let targets = InvalidationTargets::key(key);
            self.runner.core.invalidate(targets).accepted().await;
        }
    }

    /// Repeats `ask` until the queue has answered, or up to the time `end`. Returns the answer.
    async fn tell<'a, T>(
        &'a self,
        end: Instant,
        ask: impl Fn(&'a dyn WriteQueue, Instant) -> QueueFuture<'a, T>,
    ) -> Told<T> {
        let core = &self.runner.core;
        let mut told = Told {
            answer: None,
            may_have_run: false,
        };
        while told.answer.is_none() && Instant::now() < end {
            let until = patient_deadline(core).min(end);
            match ask(core.write_queue(), until).await {
                Ok(answer) => told.answer = Some(answer),
                Err(failure) => {
                    trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
                    told.may_have_run |= failure.is_ambiguous();
                    sleep(PAUSE).await;
                }
            }
        }
        told
    }
}

/// The end of a question to the queue that was repeated until it was answered.
struct Told<T> {
    /// The answer. `None` if there was none for as long as a claim lasts.
    answer: Option<T>,
    /// `true` if the question may have been carried out before without an answer.
    may_have_run: bool,
}
