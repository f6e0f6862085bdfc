//! Batches of invalidations: several calls share one round trip to the store (L2) and one message
//! to the other nodes. In a Redis Cluster, each invalidation is sent by itself.
//!
//! Each message costs more than its names: the server sends it to every node, and every node reads
//! it, also the node that sent it. If several calls wait for the store, a call that arrives
//! therefore joins the next batch (`base/batcher.rs`). A batch that was handed to the store takes
//! no further calls, so each call's names are removed after the call began.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::batcher::{Batch, Batcher};
use crate::base::fault::removed;
use crate::base::home_runtime::HomeRuntime;
use crate::base::runtime::has_timer;
use crate::l2::bus::client::BusClient;
use crate::l2::send_invalidation::send_invalidation;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::Store;
use crate::store::write_mark::WriteMark;

/// The largest number of batches that wait for answers from the store at once.
const MAX_IN_FLIGHT: usize = 2;

/// The largest number of calls in one batch. The answer to a batch is an answer to all of its
/// calls, so a large batch delays each of them.
const MAX_CALLS: usize = 64;

/// The largest number of names in one batch. An invalidation of more names is sent alone.
const MAX_NAMES: usize = 1_000;

/// The sender of this node's hard invalidations. Each invalidation is sent alone or in a batch.
#[derive(Debug)]
pub(crate) struct InvalidationBatcher {
    bus: Arc<BusClient>,
    /// The store behind its circuit breaker, which counts one failure for a failed batch.
    store: Arc<dyn Store>,
    batches: Batcher<InvalidationBatch>,
}

/// Invalidations of several callers that are sent to the store together.
#[derive(Debug)]
struct InvalidationBatch {
    bus: Arc<BusClient>,
    store: Arc<dyn Store>,
    names: Vec<StoreKey>,
    ended: Vec<WriteMark>,
    /// The latest deadline of the callers whose invalidations are in this batch.
    until: Instant,
    callers: Vec<oneshot::Sender<Result<(), Failure>>>,
}

impl InvalidationBatcher {
    /// Makes a batcher that sends to `store`, by tasks on `home`.
    pub(crate) fn new(
        home: Arc<HomeRuntime>,
        bus: Arc<BusClient>,
        store: Arc<dyn Store>,
    ) -> Arc<Self> {
        let batches = Batcher::new(home, MAX_IN_FLIGHT, bus.terms.faults);
        Arc::new(Self {
            bus,
            store,
            batches,
        })
    }

    /// Forgets the tasks that send batches, which may no longer run, and the batch that waits for
    /// them. The calls in that batch fail.
    pub(crate) fn begin_again(&self) {
        self.batches.begin_again();
    }

    /// Sends the hard invalidation of `names` to the store and to every process, alone or in a
    /// batch. The store removes the marks `ended` after the names. Waits for the answer of the
    /// store until `until` at the latest.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, the store may or may not receive the invalidation. Other callers
    /// of the batch get their answers.
    pub(crate) async fn send(
        &self,
        names: &[StoreKey],
        ended: &[WriteMark],
        until: Instant,
    ) -> Result<(), Failure> {
        let waiting = self.batches.enter();
        if waiting.is_among_many()
            && self.may_wait_with_others(names)
            && let Some(answer) = self.join(names, ended, until)
        {
            let answer = self.batches.answer(answer, until).await;
            return answer.unwrap_or(Err(Failure::Indeterminate));
        }
        let alone = (names, InvalidationMode::Hard, ended);
        send_invalidation(&self.bus, &*self.store, alone, until).await
    }

    /// Returns `true` if an invalidation of `names` may join a batch. An invalidation that the
    /// store cannot receive now fails at once when it is sent alone. In a cluster, an invalidation
    /// whose master fails would let those of other masters fail, so none joins a batch.
    fn may_wait_with_others(&self, names: &[StoreKey]) -> bool {
        names.len() <= MAX_NAMES && self.store.is_one_server() && has_timer() && self.store.is_up()
    }

    /// Adds an invalidation to the batch that is sent next, and returns the receiver of the store's
    /// answer. Returns `None` if that batch is full.
    fn join(
        &self,
        names: &[StoreKey],
        ended: &[WriteMark],
        until: Instant,
    ) -> Option<oneshot::Receiver<Result<(), Failure>>> {
        let begin = || InvalidationBatch {
            bus: Arc::clone(&self.bus),
            store: Arc::clone(&self.store),
            names: Vec::new(),
            ended: Vec::new(),
            until,
            callers: Vec::new(),
        };
        self.batches.join(begin, |batch| {
            let is_full =
                batch.callers.len() >= MAX_CALLS || batch.names.len() + names.len() > MAX_NAMES;
            if is_full {
                return None;
            }
            batch.names.extend_from_slice(names);
            batch.ended.extend_from_slice(ended);
            batch.until = batch.until.max(until);
            let (caller, answer) = oneshot::channel();
            batch.callers.push(caller);
            Some(answer)
        })
    }
}

impl InvalidationBatch {
    /// Gives the store's answer to each caller. A caller that was dropped needs no answer.
    fn answer(&mut self, answered: &Result<(), Failure>) {
        for caller in self.callers.drain(..) {
            let _ = caller.send(answered.clone());
        }
    }
}

impl Batch for InvalidationBatch {
    /// Sends this batch to the store. Gives each caller the store's answer, or the failure of the
    /// whole batch.
    async fn send(mut self) {
        // Tags with one prefix have guards in common, and calls often invalidate equal names.
        self.names.sort_unstable();
        self.names.dedup();
        if removed!(self.bus.terms, AnswerUnsent) {
            self.answer(&Ok(()));
        }
        let together = (&self.names[..], InvalidationMode::Hard, &self.ended[..]);
        let answered = send_invalidation(&self.bus, &*self.store, together, self.until).await;
        self.answer(&answered);
    }
}
