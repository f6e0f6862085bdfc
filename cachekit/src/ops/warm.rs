//! The filling of the cache before traffic comes, by calls of cached functions.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::durations::later;
use crate::coordination::frame::{Frame, FrameKind};
use crate::coordination::observations::Observations;
use crate::core::in_frame::InFrame;
use crate::model::warm_report::WarmReport;

/// Number of calls that run at the same time by default.
const USUAL_CONCURRENCY: usize = 10;

/// Number of calls that may end in one poll. Further calls wait for the next poll, so that other
/// tasks run even if memory answers all calls.
const MOST_IN_A_POLL: usize = 256;

/// Longest delay of a call's start that the starts of the next calls make up for.
const MOST_LATE: Duration = Duration::from_millis(10);

/// Calls `call`, a cached function, with each of `ids`, so that the values are cached before they
/// are needed. Await the result for a report.
///
/// The calls are usual calls: a value that memory or Redis has is not computed, but a value that Redis
/// has is put into memory. The calls run inside of the future that you await, 10 at a time. `ids` may
/// be an iterator that produces its items as they are needed.
///
/// To warm on a schedule, call `warm` in a loop with `tokio::time::interval`. A value that is still
/// fresh is not computed again, unless you wrap the call in [`refresh`](crate::refresh()).
///
/// # Cancel safety
///
/// Dropping the future drops the running calls. Values that were already stored stay in the cache.
///
/// # Panics
///
/// A panic of a call's future is caught, and counted in [`WarmReport::panics`]. A panic of the
/// iterator, of `call` itself or of a callback reaches the caller.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(key = "warm-user:{id}", skip(pool))]
/// async fn user(pool: &str, id: u64) -> String {
///     format!("user {id} of {pool}")
/// }
///
/// let pool = String::from("the pool");
/// let report = cachekit::warm(1..=100, |id| user(&pool, id)).concurrency(20).await;
/// assert_eq!((report.calls, report.computed), (100, 100));
/// let again = cachekit::warm(1..=100, |id| user(&pool, id)).await;
/// assert_eq!((again.calls, again.from_memory), (100, 100));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn warm<I, F, Fut>(ids: I, call: F) -> Warming<I::IntoIter, F, Fut>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    Warming {
        ids: Some(ids.into_iter()),
        call,
        concurrency: USUAL_CONCURRENCY,
        pause: Duration::ZERO,
        has_failed: |_| false,
        on_progress: None,
        calls: Vec::new(),
        next_start: None,
        began: None,
        report: WarmReport::default(),
    }
}

/// The callback for progress.
type OnProgress = Box<dyn FnMut(&WarmReport) + Send>;

/// A run of [`warm`], which begins when it is first polled.
#[must_use = "nothing is called until `.await`"]
pub struct Warming<I, F, Fut: Future> {
    /// The ids that are left. `None` after the last.
    ids: Option<I>,
    call: F,
    concurrency: usize,
    /// Time between the starts of two calls.
    pause: Duration,
    has_failed: fn(&Fut::Output) -> bool,
    on_progress: Option<OnProgress>,
    calls: Vec<RunningCall<Fut>>,
    /// Time of the next call's start. `None`: a call may start at once.
    next_start: Option<Pin<Box<Sleep>>>,
    began: Option<Instant>,
    report: WarmReport,
}

/// A running call, with the observations of the cached calls inside of it.
struct RunningCall<Fut> {
    future: Pin<Box<InFrame<Fut>>>,
    observations: Arc<Observations>,
}

impl<I, F, Fut: Future> Warming<I, F, Fut> {
    /// Sets the number of calls that run at the same time. Zero counts as one. Default: 10.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// Starts at most `per_second` calls in a second, to spare the database. Zero sets no limit, as
    /// by default. A run with a rate must be awaited in a Tokio runtime with time.
    pub fn rate(mut self, per_second: u32) -> Self {
        let pause = Duration::from_secs(1).checked_div(per_second);
        self.pause = pause.unwrap_or_default();
        self
    }

    /// Counts a call in [`WarmReport::failed`] if `has_failed` returns `true` for its result, as
    /// `.failed_if(Result::is_err)` does.
    pub fn failed_if(mut self, has_failed: fn(&Fut::Output) -> bool) -> Self {
        self.has_failed = has_failed;
        self
    }

    /// Calls `callback` with the report so far, after each call.
    pub fn on_progress(mut self, callback: impl FnMut(&WarmReport) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }
}

impl<I, F, Fut: Future> fmt::Debug for Warming<I, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warming")
            .field("concurrency", &self.concurrency)
            .field("pause", &self.pause)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

// Nothing inside of a `Warming` is pinned in place, because the calls are in boxes.
impl<I, F, Fut: Future> Unpin for Warming<I, F, Fut> {}

impl<I, F, Fut> Future for Warming<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    type Output = WarmReport;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<WarmReport> {
        let this = self.get_mut();
        let began = *this.began.get_or_insert_with(Instant::now);
        let mut ended = 0;
        loop {
            this.start_calls(context);
            let ended_now = this.poll_calls(context);
            this.report.elapsed = began.elapsed();
            if this.calls.is_empty() && this.ids.is_none() {
                return Poll::Ready(this.report.clone());
            }
            if ended_now == 0 {
                return Poll::Pending;
            }
            ended += ended_now;
            if ended >= MOST_IN_A_POLL {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

impl<I, F, Fut> Warming<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    /// Starts calls until enough calls run, the next call is not due yet, or no id is left.
    fn start_calls(&mut self, context: &mut Context<'_>) {
        while self.calls.len() < self.concurrency && self.is_due(context) {
            let Some(id) = self.ids.as_mut().and_then(Iterator::next) else {
                self.ids = None;
                return;
            };
            let observations = Observations::new(0);
            let frame = Frame::new(FrameKind::Observed(Arc::clone(&observations)), 0, 0);
            let future = Box::pin(InFrame::new(Some(frame), (self.call)(id)));
            self.calls.push(RunningCall {
                future,
                observations,
            });
            if !self.pause.is_zero() {
                self.next_start = Some(Box::pin(sleep_until(self.after_start())));
            }
        }
    }

    /// Returns the time at which the next call may start, after a call was started now.
    fn after_start(&self) -> Instant {
        let now = Instant::now();
        let due = self.next_start.as_ref().map_or(now, |it| it.deadline());
        // Timers are late by a millisecond or two, which the next starts make up for. After a
        // longer stop they do not, because all calls would then begin at once.
        let earliest = now.checked_sub(MOST_LATE).unwrap_or(now);
        later(due.max(earliest), self.pause)
    }

    /// Returns `true` if the next call may start now. Otherwise the task of `context` is woken when
    /// the next call may start.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        match &mut self.next_start {
            Some(start) => start.as_mut().poll(context).is_ready(),
            None => true,
        }
    }

    /// Polls each call, and counts those that end. Returns their number.
    fn poll_calls(&mut self, context: &mut Context<'_>) -> usize {
        let (mut index, mut ended) = (0, 0);
        while let Some(call) = self.calls.get_mut(index) {
            // The call is dropped after a panic, so nobody sees its state.
            let polled = catch_unwind(AssertUnwindSafe(|| call.future.as_mut().poll(context)));
            match polled {
                Ok(Poll::Pending) => {
                    index += 1;
                    continue;
                }
                Ok(Poll::Ready(output)) => {
                    let source = call.observations.take().source;
                    self.report.add(source, (self.has_failed)(&output));
                }
                Err(_) => self.report.add_panic(),
            }
            self.calls.swap_remove(index);
            ended += 1;
            self.report.elapsed = self.began.map_or(Duration::ZERO, |began| began.elapsed());
            if let Some(on_progress) = &mut self.on_progress {
                on_progress(&self.report);
            }
        }
        ended
    }
}
