//! Reads of several calls, asked for in one question.
//!
//! What a read costs is mostly not its keys but its commands: their way to the task that owns the
//! connection, and the server's and the client's look at each. So where many calls wait for answers,
//! those that come meanwhile share the next question; a few tasks ask, one question after the
//! other. Callers may go away at any time, as none of them asks for the others. Where few calls
//! read, each asks by itself and is not held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::Cmd;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::fault::{Faults, removed};
use crate::base::sync::{Mutex, MutexGuard};
use crate::store::port::{EntryQuery, Failure, Found};
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::prefix::Prefix;
use crate::store::redis::read_commands::ReadPipeline;
use crate::store::redis::reply::Said;
use crate::store::redis::timeout::in_time;

/// With fewer calls that wait for an answer, each asks by itself.
const BATCH_FROM: usize = 4;

/// So many shared questions are asked at once: who comes in between waits for a part of a round
/// trip only.
const MAX_IN_FLIGHT: usize = 4;

/// So many calls share a question at most: its answer is read as a whole.
const MAX_BATCH: usize = 64;

/// About as many as usually do.
const USUAL: usize = 16;

/// The reads of one store.
#[derive(Debug)]
pub(crate) struct ReadBatcher {
    prefix: Prefix,
    /// Where the connection's own tasks run.
    runtime: Handle,
    /// Calls that wait for an answer.
    waiting: AtomicUsize,
    shared: Arc<Shared>,
}

/// What callers and those who ask for them have in common.
#[derive(Debug)]
struct Shared {
    connections: Arc<ConnectionManager>,
    pending: Mutex<Pending>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Pending {
    /// The question that calls can join.
    question: Option<Batch>,
    /// How many tasks ask. None of them ends while there is a question.
    in_flight: usize,
}

/// A question of several callers.
#[derive(Debug)]
struct Batch {
    connected: Arc<Connected>,
    question: ReadPipeline,
    /// The latest of the callers'.
    until: Instant,
    callers: Vec<oneshot::Sender<ReadResult>>,
}

type ReadResult = Result<Said<Found>, Failure>;

impl ReadBatcher {
    /// Over `connections`, whose tasks run on this runtime.
    pub(crate) fn new(connections: Arc<ConnectionManager>, prefix: Prefix) -> Self {
        let faults = connections.scripts().faults;
        Self {
            prefix,
            runtime: Handle::current(),
            waiting: AtomicUsize::new(0),
            shared: Arc::new(Shared {
                connections,
                pending: Mutex::default(),
                faults,
            }),
        }
    }

    /// Reads `query`, and runs the script for its `value_tags` tags, until `until` at the latest.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves those alone who share the question.
    pub(crate) async fn read(
        &self,
        connected: &Arc<Connected>,
        query: EntryQuery<'_>,
        value_tags: Option<Cmd>,
        until: Instant,
    ) -> ReadResult {
        let waiting = WaitingRead::among(&self.waiting);
        if waiting.others >= BATCH_FROM
            && let Some(answer) = self.join(connected, query, value_tags.as_ref(), until)
        {
            let answer = in_time(until, answer, self.shared.connections.last_looks()).await;
            // Whoever asks for it is gone, with the runtime.
            let gone = Err(Failure::Indeterminate);
            return answer.map_or(Err(Failure::Indeterminate), |it| it.unwrap_or(gone));
        }
        let mut question = ReadPipeline::alone();
        question.add(&self.prefix, query, value_tags);
        // Boxed: who joins another's question is not to carry the client's state around.
        let mut answers =
            Box::pin(question.ask(&self.shared.connections, connected, until)).await?;
        answers.pop().ok_or(Failure::Indeterminate)
    }

    /// Joins the next question. `None`: it is full, or asked by another connection.
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
            drop(pending);
            self.runtime.spawn(BatchSender::new(&self.shared).run());
        }
        Some(answer)
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock()
    }
}

/// A task that asks for callers.
struct BatchSender {
    shared: Arc<Shared>,
    is_counted: bool,
}

impl BatchSender {
    /// One that was counted.
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
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

    /// What is to be asked next. With nothing it is counted no more, in the same step: whoever
    /// joins a question finds it counted, or begins another.
    fn next(&mut self) -> Option<Batch> {
        let mut pending = self.shared.pending();
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
        // Its runtime ended, or it panicked.
        if self.is_counted {
            self.shared.pending().in_flight -= 1;
        }
    }
}

impl Batch {
    /// Asks, and tells each caller its answer.
    async fn ask(self, connections: &ConnectionManager) {
        let asked = self
            .question
            .ask(connections, &self.connected, self.until)
            .await;
        // One who went away needs none.
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

/// One that waits for an answer, for as long as it lives.
struct WaitingRead<'a> {
    count: &'a AtomicUsize,
    /// How many waited before.
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
