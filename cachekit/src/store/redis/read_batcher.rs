//! Batches of reads from Redis: several calls share one round trip.
//!
//! The commands of a read cost more than its keys: each command passes through the task that owns
//! the connection, the server and the client. If several calls wait for answers, a call that
//! arrives therefore joins the next batch (`base/batcher.rs`). If fewer calls read, each call sends
//! its own commands and is not delayed.

use std::sync::Arc;

use redis::Cmd;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::batcher::{Batch, Batcher};
use crate::base::home_runtime::HomeRuntime;
use crate::store::failure::Failure;
use crate::store::port::{EntryQuery, Found, StoreFuture};
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::prefix::Prefix;
use crate::store::redis::read_commands::ReadPipeline;
use crate::store::redis::reply::Said;

/// The largest number of batches that wait for answers from Redis at once. With several batches in
/// flight, a new call waits for only a part of a round trip until its batch is sent.
const MAX_IN_FLIGHT: usize = 4;

/// The largest number of reads in one batch. The answers to a batch are read as a whole, so a large
/// batch delays each of its callers.
const MAX_BATCH: usize = 64;

/// The number of reads for which a new batch reserves memory: roughly the usual size of a batch.
const USUAL: usize = 16;

/// The sender of this process's reads to one Redis server. Each read is sent alone or in a batch.
#[derive(Debug)]
pub(crate) struct ReadBatcher {
    prefix: Prefix,
    connections: Arc<ConnectionManager>,
    batches: Batcher<ReadBatch>,
}

/// Reads of several callers that are sent to Redis together.
#[derive(Debug)]
struct ReadBatch {
    connections: Arc<ConnectionManager>,
    connected: Arc<Connected>,
    question: ReadPipeline,
    /// The latest deadline of the callers whose reads are in this batch. The batch waits for its
    /// answers until this time.
    until: Instant,
    callers: Vec<oneshot::Sender<ReadResult>>,
}

type ReadResult = Result<Said<Found>, Failure>;

impl ReadBatcher {
    /// Makes a batcher that sends over `connections`, by tasks on `home`.
    pub(crate) fn new(
        home: Arc<HomeRuntime>,
        connections: Arc<ConnectionManager>,
        prefix: Prefix,
    ) -> Self {
        let faults = connections.scripts().faults;
        Self {
            prefix,
            connections,
            batches: Batcher::new(home, MAX_IN_FLIGHT, faults),
        }
    }

    /// Forgets the tasks that send batches, which may no longer run, and the batch that waits for
    /// them. Calls in that batch get no answer.
    pub(crate) fn begin_again(&self) {
        self.batches.begin_again();
    }

    /// Reads the entry and the versions of `query` over `connected`, alone or in a batch. Also runs
    /// the command `value_tags` if `value_tags` is `Some`. Waits until `until` at the latest. The
    /// future ends with what `judge` makes of the answer.
    ///
    /// The read joins its batch before this method returns. The two forms of a read are futures of
    /// their own: thousands of calls may wait for a batch, and have no room for the client's state.
    ///
    /// # Cancel safety
    ///
    /// Other callers of the batch get their answers if the future is dropped.
    pub(crate) fn read<'a>(
        &'a self,
        connected: Arc<Connected>,
        query: EntryQuery<'a>,
        value_tags: Option<Cmd>,
        until: Instant,
        judge: impl FnOnce(&Arc<Connected>, Said<Found>) -> Result<Found, Failure> + Send + 'a,
    ) -> StoreFuture<'a, Found> {
        let waiting = self.batches.enter();
        if waiting.is_among_many()
            && let Some(answer) = self.join(&connected, query, value_tags.as_ref(), until)
        {
            return Box::pin(async move {
                let _waiting = waiting;
                let answer = self.batches.answer(answer, until).await;
                judge(&connected, answer.ok_or(Failure::Indeterminate)??)
            });
        }
        let mut question = ReadPipeline::alone();
        question.add(&self.prefix, query, value_tags);
        Box::pin(async move {
            let _waiting = waiting;
            let mut answers = question.ask(&self.connections, &connected, until).await?;
            judge(&connected, answers.pop().ok_or(Failure::Indeterminate)?)
        })
    }

    /// Adds `query` to the batch of reads that is sent next, and returns the receiver of the answer
    /// to `query`. Returns `None` if that batch is full or uses another connection.
    fn join(
        &self,
        connected: &Arc<Connected>,
        query: EntryQuery<'_>,
        value_tags: Option<&Cmd>,
        until: Instant,
    ) -> Option<oneshot::Receiver<ReadResult>> {
        let begin = || ReadBatch {
            connections: Arc::clone(&self.connections),
            connected: Arc::clone(connected),
            question: ReadPipeline::shared(USUAL),
            until,
            callers: Vec::new(),
        };
        self.batches.join(begin, |batch| {
            if batch.callers.len() >= MAX_BATCH || !Arc::ptr_eq(&batch.connected, connected) {
                return None;
            }
            batch.question.add(&self.prefix, query, value_tags.cloned());
            batch.until = batch.until.max(until);
            let (caller, answer) = oneshot::channel();
            batch.callers.push(caller);
            Some(answer)
        })
    }
}

impl Batch for ReadBatch {
    /// Sends this batch of reads to Redis. Gives each caller its own answer, or the failure of the
    /// whole batch.
    async fn send(self) {
        let asked = self
            .question
            .ask(&self.connections, &self.connected, self.until)
            .await;
        // A caller that was dropped needs no answer.
        match asked {
            Ok(answers) => {
                for (caller, answer) in self.callers.into_iter().zip(answers) {
                    let _ = caller.send(Ok(answer));
                }
            }
            Err(failure) => {
                for caller in self.callers {
                    let _ = caller.send(Err(failure.clone()));
                }
            }
        }
    }
}
