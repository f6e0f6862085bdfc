//! Batches of reads from Redis: several calls share one round trip.
//!
//! The commands of a read cost more than its keys: each command passes through the task that owns
//! the connection, the server and the client. If at least [`BATCH_FROM`] calls wait for answers, a
//! call that arrives joins the next batch. At most [`MAX_IN_FLIGHT`] tasks send batches. A caller
//! may be dropped at any time, because no caller sends for the others. If fewer calls read, each
//! call sends its own commands and is not delayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::Cmd;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::fault::{Faults, removed};
use crate::base::home_runtime::HomeRuntime;
use crate::base::sync::{Mutex, MutexGuard};
use crate::store::failure::Failure;
use crate::store::port::{EntryQuery, Found, StoreFuture};
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::prefix::Prefix;
use crate::store::redis::read_commands::ReadPipeline;
use crate::store::redis::reply::Said;
use crate::store::redis::timeout::in_time;

/// The smallest number of calls that wait for Redis at which a further call joins a batch. Below
/// this number, each call sends its own commands.
const BATCH_FROM: usize = 4;

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
    /// The runtime of the connection's tasks and of the tasks that send batches.
    home: Arc<HomeRuntime>,
    /// The number of calls that wait for the answer of a read.
    waiting: AtomicUsize,
    shared: Arc<Shared>,
}

/// The state that the callers of reads share with the tasks that send batches.
#[derive(Debug)]
struct Shared {
    connections: Arc<ConnectionManager>,
    pending: Mutex<Pending>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Pending {
    /// The next batch of reads, which is not sent yet and which further calls join. `None` if no
    /// call has begun a batch.
    question: Option<Batch>,
    /// The number of tasks that send batches of reads. No such task ends while a batch waits to be
    /// sent.
    in_flight: usize,
    /// The number of times that the connection's tasks were begun again. A sender of batches that
    /// was made before the last restart may no longer run, and is not counted in `in_flight`.
    restarts: u64,
}

/// Reads of several callers that are sent to Redis together.
#[derive(Debug)]
struct Batch {
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
            home,
            waiting: AtomicUsize::new(0),
            shared: Arc::new(Shared {
                connections,
                pending: Mutex::default(),
                faults,
            }),
        }
    }

    /// Forgets the tasks that send batches, which may no longer run, and the batch that waits for
    /// them. Calls in that batch get no answer.
    pub(crate) fn begin_again(&self) {
        let batch = {
            let mut pending = self.shared.pending();
            pending.restarts += 1;
            pending.in_flight = 0;
            pending.question.take()
        };
        drop(batch);
    }

    /// Reads the entry and the versions of `query` over `connected`, alone or in a batch. Also runs
    /// the command `value_tags` if `value_tags` is `Some`. Waits until `until` at the latest. The
    /// future ends with what `judge` makes of the answer.
    ///
    /// The read begins before this method returns. Its two forms are futures of their own: thousands
    /// of calls may wait for a batch, and have no room for the client's state.
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
        let waiting = WaitingRead::among(&self.waiting);
        let connections = &*self.shared.connections;
        if waiting.others >= BATCH_FROM
            && let Some(answer) = self.join(&connected, query, value_tags.as_ref(), until)
        {
            return Box::pin(async move {
                let _waiting = waiting;
                let answer = in_time(until, answer, connections.last_looks()).await;
                // Without an answer, the task that sends the batch ended with its runtime.
                let answer = answer.and_then(Result::ok).ok_or(Failure::Indeterminate)?;
                judge(&connected, answer?)
            });
        }
        let mut question = ReadPipeline::alone();
        question.add(&self.prefix, query, value_tags);
        Box::pin(async move {
            let _waiting = waiting;
            let mut answers = question.ask(connections, &connected, until).await?;
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
        let mut pending = self.shared.pending();
        let batch = pending.question.get_or_insert_with(|| Batch {
            connected: Arc::clone(connected),
            question: ReadPipeline::shared(USUAL),
            until,
            callers: Vec::new(),
        });
        if batch.callers.len() >= MAX_BATCH || !Arc::ptr_eq(&batch.connected, connected) {
            return None;
        }
        let question = &mut batch.question;
        question.add(&self.prefix, query, value_tags.cloned());
        batch.until = batch.until.max(until);
        let (caller, answer) = oneshot::channel();
        batch.callers.push(caller);
        if pending.in_flight < MAX_IN_FLIGHT {
            pending.in_flight += 1;
            let restarts = pending.restarts;
            drop(pending);
            let sender = BatchSender::new(&self.shared, restarts);
            self.home.spawn(sender.run());
        }
        Some(answer)
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock()
    }
}

/// A task that sends batches of reads to Redis until no batch waits.
struct BatchSender {
    shared: Arc<Shared>,
    /// The value of `Pending::restarts` when the sender was made. If that number has grown since, the
    /// sender is no longer counted in `Pending::in_flight`.
    restarts: u64,
    is_counted: bool,
}

impl BatchSender {
    /// Makes a sender that the caller has already added to `Pending::in_flight`.
    fn new(shared: &Arc<Shared>, restarts: u64) -> Self {
        Self {
            shared: Arc::clone(shared),
            restarts,
            is_counted: true,
        }
    }

    async fn run(mut self) {
        while let Some(batch) = self.next() {
            batch.ask(&self.shared.connections).await;
            if removed!(self.shared, AskOnce) {
                return;
            }
        }
    }

    /// Takes the batch that waits to be sent. If no batch waits, the sender removes itself from
    /// `Pending::in_flight`, the count of senders, under the same lock. A call that begins a batch
    /// then either finds a counted sender, which will take the batch, or spawns another sender.
    fn next(&mut self) -> Option<Batch> {
        let mut pending = self.shared.pending();
        if pending.restarts != self.restarts {
            self.is_counted = false;
            return None;
        }
        let next = pending.question.take();
        if next.is_none() {
            pending.in_flight -= 1;
            self.is_counted = false;
        }
        next
    }
}

impl Drop for BatchSender {
    fn drop(&mut self) {
        // The sender is still counted only if its runtime ended or its task panicked.
        if !self.is_counted {
            return;
        }
        let mut pending = self.shared.pending();
        if pending.restarts != self.restarts {
            return;
        }
        pending.in_flight -= 1;
        // Without another sender, nobody would send the batch that waits, and its callers would
        // wait for their deadlines.
        let is_last = pending.in_flight == 0;
        let batch = is_last.then(|| pending.question.take()).flatten();
        drop(pending);
        drop(batch);
    }
}

impl Batch {
    /// Sends this batch of reads to Redis. Gives each caller its own answer, or the failure of the
    /// whole batch.
    async fn ask(self, connections: &ConnectionManager) {
        let asked = self
            .question
            .ask(connections, &self.connected, self.until)
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

/// A read from Redis that waits for its answer. The read is counted among the waiting reads until
/// this value is dropped.
struct WaitingRead<'a> {
    count: &'a AtomicUsize,
    /// The number of reads from Redis that already waited when this read began.
    others: usize,
}

impl<'a> WaitingRead<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        let others = count.fetch_add(1, Ordering::Relaxed);
        Self { count, others }
    }
}

impl Drop for WaitingRead<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
