//! Batches that concurrent callers share, and the tasks that send them.
//!
//! If at least [`BATCH_FROM`] calls wait for answers, a call that arrives may join the next batch.
//! Tasks on the home runtime send the batches, one after another, until none waits. A caller may be
//! dropped at any time, because no caller sends for the others. If fewer calls wait, each call
//! sends its own request and is not delayed.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::base::fault::{Faults, removed};
use crate::base::home_runtime::HomeRuntime;
use crate::base::in_time::in_time;
use crate::base::sync::{AtomicUsize, Mutex, MutexGuard, Ordering};

/// The smallest number of calls that wait for answers at which a further call joins a batch. Below
/// this number, each call sends its own request.
const BATCH_FROM: usize = 4;

/// Requests of several callers that are sent together.
pub(crate) trait Batch: Send + 'static {
    /// Sends the batch, and gives each of its callers an answer.
    fn send(self) -> impl Future<Output = ()> + Send;
}

/// The batch that waits to be sent, and the tasks that send batches.
#[derive(Debug)]
pub(crate) struct Batcher<B> {
    /// The runtime of the tasks that send batches.
    home: Arc<HomeRuntime>,
    /// The largest number of tasks that send batches at once.
    max_in_flight: usize,
    /// The number of calls that wait for an answer, in a batch or alone.
    waiting: AtomicUsize,
    shared: Arc<Shared<B>>,
}

/// The state that callers share with the tasks that send batches.
#[derive(Debug)]
struct Shared<B> {
    pending: Mutex<Pending<B>>,
    faults: Faults,
}

#[derive(Debug)]
struct Pending<B> {
    /// The next batch, which is not sent yet and which further calls join. `None` if no call has
    /// begun a batch.
    batch: Option<B>,
    /// The number of tasks that send batches. No such task ends while a batch waits to be sent.
    in_flight: usize,
    /// The number of times that the tasks of the home were begun again. A sender of batches that
    /// was made before the last restart may no longer run, and is not counted in `in_flight`.
    restarts: u64,
}

impl<B: Batch> Batcher<B> {
    /// Makes a batcher whose batches are sent by at most `max_in_flight` tasks on `home`.
    pub(crate) fn new(home: Arc<HomeRuntime>, max_in_flight: usize, faults: Faults) -> Self {
        let pending = Mutex::new(Pending {
            batch: None,
            in_flight: 0,
            restarts: 0,
        });
        Self {
            home,
            max_in_flight,
            waiting: AtomicUsize::new(0),
            shared: Arc::new(Shared { pending, faults }),
        }
    }

    /// Forgets the tasks that send batches, which may no longer run, and the batch that waits for
    /// them. Calls in that batch get no answer.
    pub(crate) fn begin_again(&self) {
        let batch = {
            let mut pending = self.shared.pending();
            pending.restarts += 1;
            pending.in_flight = 0;
            pending.batch.take()
        };
        drop(batch);
    }

    /// Counts a call that waits for its answer, until the returned guard is dropped.
    pub(crate) fn enter(&self) -> WaitingCall<'_> {
        let others = self.waiting.fetch_add(1, Ordering::Relaxed);
        WaitingCall {
            count: &self.waiting,
            others,
        }
    }

    /// Adds a call to the batch that is sent next, and returns what `add` returns for the call.
    /// Returns `None` if `add` refuses the call. `begin` makes a batch if none waits. A new batch
    /// must not refuse its first call.
    pub(crate) fn join<T>(
        &self,
        begin: impl FnOnce() -> B,
        add: impl FnOnce(&mut B) -> Option<T>,
    ) -> Option<T> {
        let mut pending = self.shared.pending();
        let added = add(pending.batch.get_or_insert_with(begin))?;
        if pending.in_flight < self.max_in_flight {
            pending.in_flight += 1;
            let sender = BatchSender {
                shared: Arc::clone(&self.shared),
                restarts: pending.restarts,
                is_counted: true,
            };
            drop(pending);
            self.home.spawn(sender.run());
        }
        Some(added)
    }

    /// Awaits the answer to a call in a batch until the time `until`. Returns `None` if no answer
    /// came in time, or if the task that sends the batch ended with its runtime.
    pub(crate) async fn answer<T>(
        &self,
        answer: oneshot::Receiver<T>,
        until: Instant,
    ) -> Option<T> {
        in_time(until, answer, self.shared.faults).await?.ok()
    }
}

impl<B> Shared<B> {
    fn pending(&self) -> MutexGuard<'_, Pending<B>> {
        self.pending.lock()
    }
}

/// A task that sends batches until no batch waits.
struct BatchSender<B> {
    shared: Arc<Shared<B>>,
    /// The value of `Pending::restarts` when the sender was made. If that number has grown since, the
    /// sender is no longer counted in `Pending::in_flight`.
    restarts: u64,
    is_counted: bool,
}

impl<B: Batch> BatchSender<B> {
    async fn run(mut self) {
        while let Some(batch) = self.next() {
            batch.send().await;
            if removed!(self.shared, AskOnce) {
                return;
            }
        }
    }

    /// Takes the batch that waits to be sent. If no batch waits, the sender removes itself from
    /// `Pending::in_flight`, the count of senders, under the same lock. A call that begins a batch
    /// then either finds a counted sender, which will take the batch, or spawns another sender.
    fn next(&mut self) -> Option<B> {
        let mut pending = self.shared.pending();
        if pending.restarts != self.restarts {
            self.is_counted = false;
            return None;
        }
        let next = pending.batch.take();
        if next.is_none() {
            pending.in_flight -= 1;
            self.is_counted = false;
        }
        next
    }
}

impl<B> Drop for BatchSender<B> {
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
        let batch = is_last.then(|| pending.batch.take()).flatten();
        drop(pending);
        drop(batch);
    }
}

/// A call that waits for its answer. The call is counted among the waiting calls until this value
/// is dropped.
#[derive(Debug)]
pub(crate) struct WaitingCall<'a> {
    count: &'a AtomicUsize,
    /// The number of calls that already waited when this call began.
    others: usize,
}

impl WaitingCall<'_> {
    /// Returns `true` if so many calls wait that this call should join a batch.
    pub(crate) fn is_among_many(&self) -> bool {
        self.others >= BATCH_FROM
    }
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::base::durations::from_now;

    /// A batch of callers, the first of which may have its batch end in a panic.
    struct Answered {
        callers: Vec<oneshot::Sender<usize>>,
        panics: bool,
    }

    impl Batch for Answered {
        /// Answers with the number of callers in the batch.
        async fn send(self) {
            tokio::task::yield_now().await;
            assert!(!self.panics, "the task of this batch ends");
            let count = self.callers.len();
            for caller in self.callers {
                let _ = caller.send(count);
            }
        }
    }

    fn batcher(home: Arc<HomeRuntime>) -> Batcher<Answered> {
        Batcher::new(home, 1, Faults::default())
    }

    /// Joins the batch that is sent next, whose size is at most two.
    fn join(batcher: &Batcher<Answered>, panics: bool) -> Option<oneshot::Receiver<usize>> {
        let begin = || Answered {
            callers: Vec::new(),
            panics,
        };
        batcher.join(begin, |batch| {
            if batch.callers.len() >= 2 {
                return None;
            }
            let (caller, answer) = oneshot::channel();
            batch.callers.push(caller);
            Some(answer)
        })
    }

    fn runtime() -> Runtime {
        let mut builder = Builder::new_current_thread();
        let built = builder.enable_all().start_paused(true).build();
        built.expect("a runtime")
    }

    async fn answer(
        batcher: &Batcher<Answered>,
        joined: Option<oneshot::Receiver<usize>>,
    ) -> Option<usize> {
        let until = from_now(Duration::from_secs(1));
        let answer = batcher.answer(joined.expect("there is room"), until).await;
        // Time passes only while nothing else is left to do.
        assert!(Instant::now() < until, "nobody waits for a deadline");
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn callers_that_come_while_a_batch_is_on_its_way_share_the_next() {
        let batcher = batcher(HomeRuntime::current());
        let first = join(&batcher, false);
        tokio::task::yield_now().await;
        let (second, third) = (join(&batcher, false), join(&batcher, false));
        assert!(join(&batcher, false).is_none(), "the batch is full");
        assert_eq!(answer(&batcher, first).await, Some(1));
        drop(second);
        assert_eq!(
            answer(&batcher, third).await,
            Some(2),
            "with the one who left"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_panics_leaves_no_caller_waiting() {
        let batcher = batcher(HomeRuntime::current());
        let first = join(&batcher, true);
        tokio::task::yield_now().await;
        let second = join(&batcher, false);
        assert_eq!(answer(&batcher, first).await, None);
        assert_eq!(answer(&batcher, second).await, None);
        let third = join(&batcher, false);
        assert_eq!(answer(&batcher, third).await, Some(1), "by another task");
    }

    #[test]
    fn a_home_that_ends_or_stands_still_leaves_no_caller_waiting() {
        let (first, second) = (runtime(), runtime());
        let home = first.block_on(async { HomeRuntime::current() });
        let batcher = batcher(Arc::clone(&home));
        // Nothing drives the first runtime.
        let stuck = join(&batcher, false);
        home.move_to(second.handle().clone());
        batcher.begin_again();
        second.block_on(async {
            assert_eq!(answer(&batcher, stuck).await, None);
            let next = join(&batcher, false);
            assert_eq!(answer(&batcher, next).await, Some(1));
        });
        let waiting = join(&batcher, false);
        drop(second);
        first.block_on(async {
            assert_eq!(answer(&batcher, waiting).await, None);
        });
        assert_eq!(
            batcher.shared.pending().in_flight,
            0,
            "the old task is not counted"
        );
    }

    #[test]
    fn only_many_callers_share_batches() {
        let runtime = runtime();
        let home = runtime.block_on(async { HomeRuntime::current() });
        let batcher = batcher(home);
        let mut waiting: Vec<_> = (0..6).map(|_| batcher.enter()).collect();
        let many: Vec<_> = waiting.iter().map(WaitingCall::is_among_many).collect();
        assert_eq!(many, [false, false, false, false, true, true]);
        waiting.truncate(3);
        assert!(!batcher.enter().is_among_many());
    }
}
