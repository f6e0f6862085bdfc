//! A run of a write-behind function's body in a worker, and the end of the writes that the run
//! carried out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::select::select;
use crate::base::trace;
use crate::core::queued_payload::arguments;
use crate::core::queues::QueueCounts;
use crate::core::state::Core;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::provided::Provided;
use crate::model::queue_spec::{BodyFuture, QueueSpec, QueuedCall};
use crate::model::queued_write::QueuedWrite;
use crate::store::write_queue::{
    Claim, Failed, Finish, QueueFuture, QueuedItem, Retry, WriteQueue, Written,
};
use crate::write_behind::asking::patient_deadline;
use crate::write_behind::attempts::{Attempts, SourceHealth};

/// The time after which another worker claims the keys of a worker that does not renew its claims.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// The pause between two attempts to tell the queue of the end of a write.
const PAUSE: Duration = Duration::from_millis(100);

/// The worker of one function, shared by its concurrent runs.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) core: Arc<Core>,
    pub(crate) spec: &'static QueueSpec,
    pub(crate) provided: Arc<Provided>,
    pub(crate) counts: Arc<QueueCounts>,
    /// The id of the worker, unique among all workers of all processes.
    pub(crate) id: String,
    /// Limits the concurrent runs of the body.
    pub(crate) permits: Semaphore,
    /// `true` once the worker is to end.
    pub(crate) is_stopped: Arc<AtomicBool>,
    pub(crate) health: SourceHealth,
}

/// The work on the keys of one claim.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedWork {
    pub(crate) runner: Arc<Runner>,
    /// The id of the claim.
    pub(crate) claim: Arc<str>,
}

/// A write that a worker claimed.
#[derive(Debug)]
pub(crate) struct ClaimedWrite {
    pub(crate) key: Vec<u8>,
    pub(crate) attempts: Attempts,
    /// `true` for the first of the writes of its key.
    pub(crate) is_first: bool,
    pub(crate) item: QueuedItem,
}

impl ClaimedWrite {
    fn written(&self) -> Written {
        Written {
            key: self.key.clone(),
            version: self.item.version,
        }
    }
}

/// The reason why writes were not carried out.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// The body failed, panicked, or took too long. The writes stay claimed. Has the text of the
    /// error.
    Failed(String),
    /// The worker ends, and the claims with it.
    HandedBack,
}

impl Runner {
    /// Returns `true` if the worker must begin no further run.
    pub(crate) fn ends(&self) -> bool {
        let is_shut_down = self.core.queues.is_closed() && !self.drains();
        self.is_stopped.load(Ordering::Acquire) || is_shut_down
    }

    /// Returns `true` in a shutdown without Redis: the queue ends with this process and takes nothing
    /// more, so the worker carries out what is in it.
    pub(crate) fn drains(&self) -> bool {
        self.core.queues.is_closed() && self.core.l2.is_none()
    }

    /// Returns the time for which a write waits for further ones of its key.
    fn every(&self) -> Duration {
        if self.drains() {
            Duration::ZERO
        } else {
            self.spec.every
        }
    }
}

impl ClaimedWork {
    fn claim(&self) -> Claim<'_> {
        Claim {
            queue: self.runner.spec.name(),
            kind: self.runner.spec.kind,
            id: &self.claim,
        }
    }

    /// Carries out `writes` by one run of the body, and finishes them in the queue. With
    /// `keeps_claim`, the claim continues for further writes of the keys.
    ///
    /// # Errors
    ///
    /// Returns an error if the writes were not carried out.
    pub(crate) async fn run(
        &self,
        writes: &[ClaimedWrite],
        keeps_claim: bool,
    ) -> Result<(), NotRun> {
        let runner = &*self.runner;
        let _permit = runner.permits.acquire().await;
        // The worker may have been told to end meanwhile.
        if runner.ends() {
            self.hand_back(writes).await;
            return Err(NotRun::HandedBack);
        }
        self.run_now(writes, keeps_claim)
            .await
            .map_err(NotRun::Failed)
    }

    async fn run_now(&self, writes: &[ClaimedWrite], keeps_claim: bool) -> Result<(), String> {
        let runner = &*self.runner;
        let calls = writes.iter().map(|write| self.call(write));
        let calls: Vec<QueuedCall> = calls.collect::<Result<_, String>>()?;
        self.begin(writes).await;
        if removed!(runner.core, FinishEarly) {
            self.finish(writes, keeps_claim).await;
        }
        runner.counts.runs.bump();
        self.run_body(calls).await.inspect_err(|error| {
            runner.counts.failures.bump();
            trace::queue::queued_write_failed(runner.spec.name(), error);
        })?;
        runner.health.succeeded();
        for _ in writes {
            runner.counts.written.bump();
        }
        self.finish(writes, keeps_claim).await;
        Ok(())
    }

    /// Notes in the queue that `writes` are about to be carried out, so that they are suspected if
    /// this process dies of it. If the queue cannot be reached, they are not.
    async fn begin(&self, writes: &[ClaimedWrite]) {
        let first = writes.iter().filter(|write| write.is_first);
        let first: Vec<_> = first.map(ClaimedWrite::written).collect();
        if first.is_empty() {
            return;
        }
        let core = &self.runner.core;
        let queue = core.write_queue();
        let begun = queue.begin(self.claim(), &first, patient_deadline(core));
        if let Err(failure) = begun.await {
            trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
        }
    }

    fn call(&self, write: &ClaimedWrite) -> Result<QueuedCall, String> {
        let write_number = QueuedWrite {
            version: write.item.version,
            attempt: write.attempts.failed() + 1,
        };
        let args = arguments(self.runner.spec, &write.item.payload)?;
        Ok(QueuedCall {
            args,
            write: write_number,
        })
    }

    async fn run_body(&self, calls: Vec<QueuedCall>) -> Result<(), String> {
        let runner = &*self.runner;
        let make = || (runner.spec.run)(Arc::clone(&runner.provided), calls);
        let body = catch_unwind(AssertUnwindSafe(make)).map_err(|_| panicked())?;
        let mut body = DropCaught(Some(body));
        let caught = std::future::poll_fn(|context| {
            let Some(body) = &mut body.0 else {
                return Poll::Ready(Err(panicked()));
            };
            let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(context)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
        });
        let limit = runner.spec.timeout;
        match timeout(limit, caught).await {
            Ok(ended) => ended,
            Err(_) => Err(format!("the function took longer than {limit:?}")),
        }
    }

    /// Finishes `writes` in the queue. If the queue cannot be reached for as long as the claims last,
    /// the writes will be repeated. Before that, invalidates the entries of replayed writes, because
    /// reads took the values of the source meanwhile. They do so until the writes are removed.
    async fn finish(&self, writes: &[ClaimedWrite], keeps_claim: bool) {
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
        self.tell(|queue, until| queue.finish(self.claim(), finish, until))
            .await;
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
            Some(later) => self.end_claim(write, later).await,
            None => {
                self.put_aside(write, write.attempts.failed() + 1, error)
                    .await;
            }
        }
    }

    /// Ends the claims of the keys of `writes`, none of which was begun. The writes of one key stand
    /// together.
    async fn hand_back(&self, writes: &[ClaimedWrite]) {
        for of_key in writes.chunk_by(|one, next| one.key == next.key) {
            self.release(&of_key[0]).await;
        }
    }

    /// Ends the claim of a write that was not tried.
    pub(crate) async fn release(&self, write: &ClaimedWrite) {
        self.end_claim(write, write.attempts).await;
    }

    /// Ends the claim of a write that was not carried out, and has `later` failed attempts now.
    async fn end_claim(&self, write: &ClaimedWrite, later: Attempts) {
        let write_of = write.written();
        let retry = Retry {
            write: &write_of,
            pause: write.attempts.pause(),
            attempts: write.attempts.steps_to(later),
        };
        self.tell(|queue, until| queue.retry(self.claim(), retry, until))
            .await;
    }

    /// Puts `write` aside after `attempts`, for `reason`. Its entry is invalidated, because its value
    /// will not become that of the source. Before that, the write is hidden from reads, so that they
    /// store its value no more. If this process dies in between, another worker goes on.
    pub(crate) async fn put_aside(&self, write: &ClaimedWrite, attempts: u32, reason: &str) {
        let written = write.written();
        let mut is_hidden = true;
        if self.runner.spec.entry.is_some() {
            let hidden = self.tell(|queue, until| queue.hide(self.claim(), &written, until));
            is_hidden = hidden.await.answer.is_some();
            self.invalidate(&write.key).await;
        }
        let failed = Failed {
            write: &written,
            attempts,
            reason,
            pause: Attempts::default().pause(),
        };
        let buried = self
            .tell(|queue, until| queue.bury(self.claim(), failed, until))
            .await;
        // If an answer was lost, the claim may be over because the write was put aside.
        if buried.answer == Some(false) && !buried.may_have_run {
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

    /// Repeats `ask` until the queue has answered, for as long as a claim lasts. Returns the
    /// answer.
    async fn tell<'a, T>(
        &'a self,
        ask: impl Fn(&'a dyn WriteQueue, Instant) -> QueueFuture<'a, T>,
    ) -> Told<T> {
        let core = &self.runner.core;
        let end = from_now(LEASE);
        let mut told = Told {
            answer: None,
            may_have_run: false,
        };
        loop {
            match ask(core.write_queue(), patient_deadline(core)).await {
                Ok(answer) => told.answer = Some(answer),
                Err(failure) => {
                    trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
                    told.may_have_run |= failure.is_ambiguous();
                }
            }
            if told.answer.is_some() || Instant::now() >= end {
                return told;
            }
            sleep(PAUSE).await;
        }
    }

    /// Runs `work` on the claimed `keys`, and renews the claims until it has ended.
    pub(crate) async fn renewing(&self, keys: &[Vec<u8>], work: impl Future<Output = ()>) {
        let core = &self.runner.core;
        let renewals = async {
            loop {
                sleep(LEASE / 4).await;
                let queue = core.write_queue();
                let renewal = queue.renew(self.claim(), keys, LEASE, patient_deadline(core));
                if let Err(failure) = renewal.await {
                    trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
                }
            }
        };
        select(work, renewals).await;
    }
}

/// The end of a question to the queue that was repeated until it was answered.
struct Told<T> {
    /// The answer. `None` if there was none for as long as a claim lasts.
    answer: Option<T>,
    /// `true` if the question may have been carried out before without an answer.
    may_have_run: bool,
}

/// A body's future, whose destructor may panic.
struct DropCaught(Option<BodyFuture>);

impl Drop for DropCaught {
    fn drop(&mut self) {
        let body = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(body)));
    }
}

fn panicked() -> String {
    "the function panicked".to_owned()
}
