//! A computation whose body runs: the work beside the body, and the work after the body has ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{Unconstrained, unconstrained};
use tokio::time::{Sleep, sleep};

use crate::backfill::lease::LeaseState;
use crate::base::sync::expect_no_lock;
use crate::coordination::frame;
use crate::coordination::frame::{Frame, FrameKind, FrameSlot};
use crate::coordination::single_flight::waiter::Leader;
use crate::coordination::taken::{Taken, TakenDependencies};
use crate::core::build_entry::Value;
use crate::core::in_frame::Inside;
use crate::core::outcome::{Dependencies, Outcome};
use crate::model::deferred_drop::{AnyShared, DeferredDrop};
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::call::Call;
use crate::read::permit::ComputePermit;
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::SharedError;

/// A future that a computation polls along with the function's body.
type SideTask<F> = Option<Pin<Box<F>>>;

/// A running computation. If a `Computation` is dropped before its body has ended, the leadership
/// of its flight passes to the next waiter, and its lease is released.
pub(crate) struct Computation {
    // The fields are declared in the order in which they must be dropped.
    renewal: SideTask<dyn Future<Output = ()> + Send>,
    lease_state: LeaseState,
    permit: ComputePermit,
    /// Leadership of the computation's flight. `None` if the computation is for its caller alone.
    lead: Option<Leader<Outcome>>,
    pub(crate) dependencies: Dependencies,
    ops: ValueOps,
    /// Time limit of the function's body (`timeout`), with a timer. The body is dropped when the
    /// timer fires. `None` without a limit.
    deadline: Option<(Duration, Pin<Box<Unconstrained<Sleep>>>)>,
    /// Timer for the time for which the computation keeps its permit. `None` if that time has no
    /// limit, or is over.
    permit_until: SideTask<Sleep>,
    /// Frame by which a call inside of the function's body recognises this computation, so that the
    /// call does not wait for its own computation. While the body is polled, this field contains
    /// the outer frame of the thread.
    frame: FrameSlot,
    began: Duration,
    /// Value of a queued write, which the computation returns in place of a run of the body. `None`
    /// if no write of the entry is queued.
    pub(crate) queued: Option<DeferredDrop>,
    /// `true` if the value is that of a queued write.
    pub(crate) is_queued: bool,
    pub(crate) call: Box<Call>,
}

/// A computed value as a `dyn Any`, and the data that the cache needs to store the value.
pub(crate) struct Computed {
    pub(crate) content: AnyShared,
    pub(crate) is_present: bool,
    pub(crate) heap: usize,
}

impl Computation {
    /// Creates the computation, and counts a run of the function. The caller must run the
    /// function's body next.
    pub(crate) fn new(
        call: Box<Call>,
        lead: Option<Leader<Outcome>>,
        ops: &ValueOps,
        dependencies: Dependencies,
        lease_state: LeaseState,
        permit: ComputePermit,
    ) -> Box<Self> {
        let flight = lead.as_ref().map_or(0, Leader::flight_id);
        if lead.is_some() && !call.never_waits() {
            call.mark_leading();
        }
        expect_no_lock();
        let deadline = call.compute_timeout(ops);
        let permit_until = permit
            .is_time_limited(&call)
            .then(|| Box::pin(sleep(call.lock_timeout())));
        let kind = if call.old.is_some() {
            FrameKind::Refresh
        } else {
            FrameKind::Computation
        };
        let frame = Frame::new(kind, flight, permit.limit_id());
        Box::new(Self {
            renewal: None,
            lease_state,
            permit,
            lead,
            dependencies,
            ops: *ops,
            deadline: deadline.map(|limit| (limit, Box::pin(unconstrained(sleep(limit))))),
            permit_until,
            frame: FrameSlot::new(Some(frame)),
            began: call.core.clock.now(),
            queued: None,
            is_queued: false,
            call,
        })
    }

    /// Enters the computation: until the guard is dropped, cached calls on this thread are calls
    /// inside of this computation.
    pub(crate) fn inside(&mut self) -> Inside<'_> {
        Inside::enter(&mut self.frame)
    }

    /// Polls the work beside the function's body, after a poll of the body that returned `Pending`.
    /// Renews in Redis the token and the versions that the value depends on. Renews the lease too,
    /// until the computation is as old as `lock_timeout` (the longest wait of other calls for it).
    /// Releases the permit when the permit's time is over. Returns `Ready` if the body exceeded its
    /// `timeout` and must be dropped.
    pub(crate) fn poll_side_tasks(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some((_, deadline)) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(());
        }
        if let Some(until) = &mut self.permit_until
            && self.permit.may_release(&self.call)
            && until.as_mut().poll(context).is_ready()
        {
            self.permit.release();
            self.permit_until = None;
        }
        if let Some(lease) = self.lease_state.guard() {
            let call = &self.call;
            let renewal = self
                .renewal
                .get_or_insert_with(|| lease.renewal(call.lock_timeout()));
            let renewed: Poll<()> = renewal.as_mut().poll(context);
            debug_assert!(renewed.is_pending(), "it ends with the body");
        }
        Poll::Pending
    }

    /// Stops the futures that the computation polls beside the body, releases the permit, and
    /// returns the time that the body took.
    fn end(&mut self) -> Duration {
        self.renewal = None;
        self.deadline = None;
        self.permit_until = None;
        self.permit.release();
        let took = self.call.core.clock.now().saturating_sub(self.began);
        if !self.is_queued {
            self.call.owner.counts.compute_time.record(took);
        }
        expect_no_lock();
        took
    }

    /// Takes out the record of everything that the body took from the cache.
    fn take_record(&self) -> Option<TakenDependencies> {
        self.frame.frame()?.take_record()
    }

    /// Completes a computation whose body succeeded. `prepare` runs the user code that only storing
    /// needs, and returns the value to store. If `prepare` panics, no value is stored.
    pub(crate) fn succeeded(
        mut self: Box<Self>,
        prepare: &mut dyn FnMut(&mut EntryTags, bool) -> Option<Computed>,
    ) {
        let took = self.end();
        let Some(lead) = self.lead.take() else {
            let taken = self.take_record();
            return self
                .call
                .record_unkept(taken.as_ref(), &self.dependencies.epochs);
        };
        let known_tags = self.dependencies.entry_tags.tags.len();
        let computed = self.prepare(prepare);
        let taken = self.take_record();
        let call = &self.call;
        let Some(computed) = computed else {
            call.note_refresh(true);
            return call.record_unkept(taken.as_ref(), &self.dependencies.epochs);
        };
        if self.dependencies.entry_tags.tags.len() > known_tags {
            let value_tags = self.dependencies.entry_tags.tags[known_tags..].iter();
            let epochs = value_tags.map(|tag| call.core.tags.epoch(tag));
            self.dependencies.epochs.extend(epochs);
        }
        let value = Value {
            content: computed.content,
            is_present: computed.is_present,
            size: self.ops.size,
            heap: computed.heap,
            order: None,
            took,
            age: Duration::ZERO,
        };
        let lease_state = std::mem::replace(&mut self.lease_state, LeaseState::None);
        let dependencies = std::mem::take(&mut self.dependencies);
        self.call
            .settle(lead, &self.ops, (dependencies, taken), value, lease_state);
    }

    /// Runs `prepare`, the user code that only storing needs, inside of the computation, so that
    /// the entry also depends on cached calls in a template or in `store_if`. If `prepare` panics,
    /// returns `None`, because the function succeeded and the call does not fail.
    fn prepare(
        &mut self,
        prepare: &mut dyn FnMut(&mut EntryTags, bool) -> Option<Computed>,
    ) -> Option<Computed> {
        let call = &self.call;
        let weighs = call.core.weighs();
        let entry_tags = &mut self.dependencies.entry_tags;
        let _inside = Inside::enter(&mut self.frame);
        call.catch_panic(|| prepare(entry_tags, weighs)).flatten()
    }

    /// Completes a computation whose body returned an error. Returns the stale value that is served
    /// in place of the error (fail-safe), or `None` if the caller gets the error. `share` makes a
    /// copy of the error for the waiters.
    pub(crate) fn failed(
        mut self: Box<Self>,
        share: &mut dyn FnMut() -> Option<SharedError>,
    ) -> Option<Answer> {
        let _ = self.end();
        let call = &self.call;
        let gave_up = call.gave_up();
        if self.lead.is_some() && !gave_up {
            call.note_refresh(false);
        }
        call.owner.counts.errors.bump();
        let taken = self.take_record();
        // Releases the lease: other processes need not wait for this one any longer.
        self.lease_state = LeaseState::None;
        let fallback = (!gave_up).then(|| call.fail_safe(&self.ops)).flatten();
        match &fallback {
            Some(stored) => call.record_taken(stored),
            None => frame::record(Taken::add_error),
        }
        let Some(lead) = self.lead.take() else {
            return fallback.map(Answer::Entry);
        };
        if let Some(stored) = fallback {
            lead.settle(Outcome::Fallback(Arc::clone(&stored)), || {});
            return Some(Answer::Entry(stored));
        }
        match call.catch_panic(share).flatten() {
            Some(shared) => {
                let dependencies = std::mem::take(&mut self.dependencies);
                self.call
                    .settle_error(lead, dependencies, taken, &self.ops, shared);
            }
            None => lead.retry_wider(),
        }
        None
    }

    /// Completes a computation whose body was dropped because the body exceeded its `timeout`.
    /// Every waiter gets the answer at once. The next call computes.
    ///
    /// The answer is a stale value if the function's options allow one for a failure; otherwise it
    /// is the error of the timeout.
    pub(crate) fn timed_out(mut self: Box<Self>) -> Answer {
        let limit = self.deadline.as_ref().map_or(Duration::ZERO, |it| it.0);
        let _ = self.end();
        let call = &self.call;
        let timeout = call.timeout_result(limit);
        if self.lead.is_some() {
            call.note_refresh(false);
        }
        // The lease is released.
        self.lease_state = LeaseState::None;
        let (answer, outcome) = if let Some(stored) = call.fail_safe(&self.ops) {
            call.record_taken(&stored);
            let outcome = Outcome::Fallback(Arc::clone(&stored));
            (Answer::Entry(stored), outcome)
        } else {
            frame::record(Taken::add_error);
            let answer = Answer::TimedOut(timeout.clone());
            (answer, Outcome::TimedOut(timeout))
        };
        if let Some(lead) = self.lead.take() {
            lead.settle(outcome, || {});
        }
        answer
    }
}

/// Records a refresh as failed if the body of the computation panics.
impl Drop for Computation {
    fn drop(&mut self) {
        if self.lead.is_some() && std::thread::panicking() {
            self.call.note_refresh(false);
        }
    }
}
