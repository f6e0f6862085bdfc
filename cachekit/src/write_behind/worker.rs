//! The loop of a worker: it claims the writes that are due, and runs the function's body for them.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::base::select::select;
use crate::base::trace;
use crate::core::queues::WorkerGuard;
use crate::global;
use crate::store::failure::Failure;
use crate::store::write_queue::{Claim, ClaimRequest, Claimed, ClaimedKey, QueueState};
use crate::write_behind::asking::patient_deadline;
use crate::write_behind::batches::SUSPECT;
use crate::write_behind::carry_out::{ClaimedWork, LEASE, Runner};
use crate::write_behind::flush::hasten;

/// The shortest and the longest pause between two looks into an idle queue.
const LOOKS: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// The total size in bytes of a claim's writes, from which on the claim takes no further write.
const MOST_BYTES: usize = 1 << 20;

/// A worker for the queue of one function.
pub(crate) struct QueueWorker {
    pub(crate) runner: Arc<Runner>,
    /// The largest number of concurrent runs of the body.
    pub(crate) concurrency: usize,
    pub(crate) _alive: Arc<()>,
    /// Counts the worker from before its task is first polled, so that a shutdown waits for it.
    pub(crate) _guard: WorkerGuard,
}

impl QueueWorker {
    /// Works until the worker is stopped or the cache is shut down, and then waits for the running
    /// bodies. In a shutdown without Redis, also carries out everything that is queued.
    pub(crate) async fn work(self) {
        let queues = Arc::clone(&self.runner.core.queues);
        let mut running = JoinSet::new();
        let mut is_hastened = false;
        loop {
            let mut woken = pin!(queues.wake.notified());
            woken.as_mut().enable();
            if self.runner.ends() {
                break;
            }
            let drains = self.runner.drains();
            while running.try_join_next().is_some() {}
            if drains {
                // The queue ends with this process, and accepts no further write.
                if !is_hastened {
                    is_hastened = hasten(&self.runner.core, self.runner.spec, u64::MAX)
                        .await
                        .is_ok();
                }
                let state = self.state().await;
                if running.is_empty() && state.is_none_or(|state| state.writes == 0) {
                    break;
                }
            }
            let free = self.concurrency.saturating_sub(running.len());
            let pause = match free {
                0 => {
                    self.state().await;
                    LOOKS[1]
                }
                _ => self.claim_and_run(free, &mut running).await,
            };
            let idle = select(sleep(pause), async {
                if drains {
                    pending::<()>().await;
                }
                woken.await;
            });
            select(one_ended(&mut running), idle).await;
        }
        // The time for handing writes back begins here, though a body may still run.
        self.runner.hand_back_end();
        while running.join_next().await.is_some() {}
    }

    /// Claims writes for at most `free` runs, and begins the runs. Returns the time until the next
    /// look into the queue.
    async fn claim_and_run(&self, free: usize, running: &mut JoinSet<()>) -> Duration {
        let spec = self.runner.spec;
        let most = if spec.is_batched {
            spec.batch
        } else {
            spec.batch.min(free)
        };
        let queues = &self.runner.core.queues;
        let number = queues.claims.fetch_add(1, Ordering::Relaxed);
        let work = ClaimedWork {
            runner: Arc::clone(&self.runner),
            claim: format!("{}-{number}", self.runner.id).into(),
            runs_alone: false,
        };
        let claimed = match self.claim(&work.claim, most).await {
            Ok(claimed) => claimed,
            Err(failure) => {
                trace::queue::queue_unreachable(spec.name(), &failure);
                return LOOKS[1];
            }
        };
        self.runner.counts.set_state(claimed.state);
        if claimed.keys.is_empty() {
            let due = claimed.next_due.unwrap_or(LOOKS[1]);
            return due.min(spec.every).clamp(LOOKS[0], LOOKS[1]);
        }
        self.begin(&work, claimed.keys, running);
        Duration::ZERO
    }

    async fn claim(&self, id: &str, most: usize) -> Result<Claimed, Failure> {
        let (core, spec) = (&self.runner.core, self.runner.spec);
        let request = ClaimRequest {
            claim: Claim {
                queue: spec.name(),
                kind: spec.kind,
                id,
            },
            most: most.max(1),
            most_bytes: MOST_BYTES,
            lease: LEASE,
        };
        core.write_queue()
            .claim(&request, patient_deadline(core))
            .await
    }

    /// Begins the runs for `keys`. A key whose last attempt failed is never in a run with others. Keys
    /// whose workers died more than once are carried out beside nothing else.
    fn begin(&self, work: &ClaimedWork, keys: Vec<ClaimedKey>, running: &mut JoinSet<()>) {
        let is_suspect = |key: &ClaimedKey| key.lost >= SUSPECT;
        let (suspects, keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_suspect);
        let is_new = |key: &ClaimedKey| key.attempts == 0 && key.lost == 0;
        let together = |key: &ClaimedKey| self.runner.spec.is_batched && is_new(key);
        let (together, alone): (Vec<_>, Vec<_>) = keys.into_iter().partition(together);
        if !together.is_empty() {
            let run = work.clone().run_together(together);
            running.spawn(global::carried(Box::pin(run)));
        }
        for key in alone {
            let run = work.clone().run_key(key);
            running.spawn(global::carried(Box::pin(run)));
        }
        if !suspects.is_empty() {
            let run = work.clone().run_suspects(suspects);
            running.spawn(global::carried(Box::pin(run)));
        }
    }

    /// Looks at the state of the queue, for the statistics.
    async fn state(&self) -> Option<QueueState> {
        let (core, spec) = (&self.runner.core, self.runner.spec);
        let queue = (spec.name(), spec.kind);
        let state = core.write_queue().state(queue, patient_deadline(core));
        match state.await {
            Ok(state) => {
                self.runner.counts.set_state(state);
                Some(state)
            }
            Err(failure) => {
                trace::queue::queue_unreachable(spec.name(), &failure);
                None
            }
        }
    }
}

/// Waits until one of the `running` tasks has ended. Never ends if no task is running.
async fn one_ended(running: &mut JoinSet<()>) {
    if running.is_empty() {
        pending::<()>().await;
    }
    running.join_next().await;
}
