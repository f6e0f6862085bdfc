//! A run of a write-behind function's body in a worker.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
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
use crate::model::provided::Provided;
use crate::model::queue_spec::{BodyFuture, QueueSpec, QueuedCall};
use crate::model::queued_write::QueuedWrite;
use crate::store::write_queue::{Claim, QueuedItem, Written};
use crate::write_behind::asking::patient_deadline;
use crate::write_behind::attempts::{Attempts, SourceHealth};

/// The time after which another worker claims the keys of a worker that does not renew its claims.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

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
    /// The time up to which the worker, which ends, tries to hand back what it claimed.
    pub(crate) hands_back_until: OnceLock<Instant>,
}

/// The work on the keys of one claim.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedWork {
    pub(crate) runner: Arc<Runner>,
    /// The id of the claim.
    pub(crate) claim: Arc<str>,
    /// `true` if its runs exclude all other runs of workers of the cache.
    pub(crate) runs_alone: bool,
}

/// A write that a worker claimed.
#[derive(Debug)]
pub(crate) struct ClaimedWrite {
    pub(crate) key: Vec<u8>,
    pub(crate) attempts: Attempts,
    pub(crate) item: QueuedItem,
}

impl ClaimedWrite {
    pub(crate) fn written(&self) -> Written {
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
    /// The worker no longer has the claims: it handed them back because it ends, or they may have
    /// ended.
    NotClaimed,
}

impl Runner {
    /// Returns `true` if the worker must begin no further run.
    pub(crate) fn ends(&self) -> bool {
        let is_shut_down = self.core.queues.is_closed() && !self.drains();
        self.is_stopped.load(Ordering::Acquire) || is_shut_down
    }

    /// Waits until the worker must begin no further run.
    pub(crate) async fn ended(&self) {
        loop {
            let mut woken = pin!(self.core.queues.wake.notified());
            woken.as_mut().enable();
            if self.ends() {
                return;
            }
            woken.await;
        }
    }

    /// Returns the time up to which writes are handed back. All writes of a worker that ends share it,
    /// because all of its claims end by themselves then. After that, the queue is asked once more.
    pub(crate) fn hand_back_end(&self) -> Instant {
        let end = if self.ends() {
            *self.hands_back_until.get_or_init(|| from_now(LEASE))
        } else {
            from_now(LEASE)
        };
        end.max(patient_deadline(&self.core))
    }

    /// Returns `true` in a shutdown without Redis: the queue ends with this process and takes nothing
    /// more, so the worker carries out what is in it.
    pub(crate) fn drains(&self) -> bool {
        self.core.queues.is_closed() && self.core.l2.is_none()
    }

    /// Returns the time for which a write waits for further ones of its key.
    pub(crate) fn every(&self) -> Duration {
        if self.drains() {
            Duration::ZERO
        } else {
            self.spec.every
        }
    }
}

impl ClaimedWork {
    pub(crate) fn claim(&self) -> Claim<'_> {
        Claim {
            queue: self.runner.spec.name(),
            kind: self.runner.spec.kind,
            id: &self.claim,
        }
    }

    /// Carries out `writes` by one run of the body, and finishes them in the queue. With
    /// `keeps_claim`, the claim continues for further writes of the keys. Returns `true` if it does.
    ///
    /// Writes that another worker may carry out, because their claims are over, are left out. If the
    /// worker ends before the run begins, or the run's turn does not come, the writes are handed back.
    ///
    /// # Errors
    ///
    /// Returns an error if the writes were not carried out.
    pub(crate) async fn run(
        &self,
        writes: &[ClaimedWrite],
        keeps_claim: bool,
    ) -> Result<bool, NotRun> {
        // The worker may have been told to end before this.
        let turn = self.turn().await.filter(|_| !self.runner.ends());
        let Some(_turn) = turn else {
            self.hand_back(&writes.iter().collect::<Vec<_>>()).await;
            return Err(NotRun::NotClaimed);
        };
        self.run_now(writes, keeps_claim).await
    }

    async fn run_now(&self, writes: &[ClaimedWrite], keeps_claim: bool) -> Result<bool, NotRun> {
        let runner = &*self.runner;
        let begun = self.begun(writes).await?;
        let (writes, calls): (Vec<&ClaimedWrite>, Vec<QueuedCall>) = begun.into_iter().unzip();
        if removed!(runner.core, FinishEarly) {
            self.finish(&writes, keeps_claim).await;
        }
        runner.counts.runs.bump();
        if let Err(error) = self.run_body(calls).await {
            runner.counts.failures.bump();
            trace::queue::queued_write_failed(runner.spec.name(), &error);
            self.outlive(&writes).await;
            return Err(NotRun::Failed(error));
        }
        runner.health.succeeded();
        for _ in &writes {
            runner.counts.written.bump();
        }
        Ok(self.finish(&writes, keeps_claim).await)
    }

    /// Tells the queue that `writes` are about to be carried out, so that they are suspected if this
    /// process dies of it. Returns those to be carried out now, with the calls that do so.
    ///
    /// # Errors
    ///
    /// Returns an error if no write is to be carried out now.
    async fn begun<'a>(
        &self,
        writes: &'a [ClaimedWrite],
    ) -> Result<Vec<(&'a ClaimedWrite, QueuedCall)>, NotRun> {
        let calls = writes.iter().map(|write| Ok((write, self.call(write)?)));
        let calls: Result<Vec<_>, String> = calls.collect();
        let mut calls = calls.map_err(NotRun::Failed)?;
        // The writes of one key stand together, in their order.
        let of_keys = writes.chunk_by(|one, next| one.key == next.key);
        let first: Vec<_> = of_keys.map(|writes| &writes[0]).collect();
        let over = self.begin(&first).await.ok_or(NotRun::NotClaimed)?;
        let over = over.into_iter().filter_map(|at| first.get(at));
        let over: HashSet<&[u8]> = over.map(|write| &*write.key).collect();
        calls.retain(|(write, _)| !over.contains(&*write.key));
        // The worker may have been told to end while this run waited for the queue's answer.
        if self.runner.ends() {
            let claimed: Vec<_> = calls.iter().map(|(write, _)| *write).collect();
            self.hand_back(&claimed).await;
            return Err(NotRun::NotClaimed);
        }
        if calls.is_empty() {
            return Err(NotRun::NotClaimed);
        }
        Ok(calls)
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

    /// Runs `work` on the claimed `keys`, and renews the claims until it has ended.
    pub(crate) async fn renewing(&self, keys: &[Vec<u8>], work: impl Future<Output = ()>) {
        let core = &self.runner.core;
        let renewals = async {
            loop {
                sleep(LEASE / 4).await;
                let queue = core.write_queue();
                // The next renewal is not later, whatever the time limit of an answer is.
                let until = patient_deadline(core).min(from_now(LEASE / 4));
                let renewal = queue.renew(self.claim(), keys, LEASE, until);
                if let Err(failure) = renewal.await {
                    trace::queue::queue_unreachable(self.runner.spec.name(), &failure);
                }
            }
        };
        select(work, renewals).await;
    }
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
