//! Reports of calls to observers: the tier that answered a call, and the age of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::base::trace::call::CallLog;
use crate::base::trace::span::{Answered, Entered, OperationSpan};
use crate::coordination::frame;
use crate::coordination::frame::{Frame, FrameKind, Surroundings};
use crate::coordination::observations::{Observations, Place};
use crate::core::state::Core;
use crate::key::Key;
use crate::model::config::spans::Spans;
use crate::model::entry::MemoryEntry;
use crate::model::owner::Owner;
use crate::model::source::{ObservedCall, SourceTier};

/// A call whose answer is reported: to observers, in a span, or in the log.
#[derive(Debug)]
pub(crate) struct CallObserver {
    owner: Arc<Owner>,
    began: Duration,
    /// Tier from which the answer will come, unless the function runs.
    tier: Mutex<SourceTier>,
    is_answered: AtomicBool,
    seats: Vec<Seat>,
    /// Key of the call, for the log of calls. `None`: the log is off, or the key is not known.
    key: Option<Key>,
    /// Span of the call. Empty without spans, and after the answer.
    span: Mutex<OperationSpan>,
}

/// The place of a call in the list of one observer.
#[derive(Debug)]
struct Seat {
    observations: Arc<Observations>,
    place: Place,
    is_nested: bool,
}

/// Facts about an answer that observers are told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Observation {
    is_stale: bool,
    age: Duration,
    /// Bytes of the entry. `None`: the entry was not weighed, or the answer is no entry.
    size: Option<u32>,
}

impl CallObserver {
    /// Takes a seat in the list of each observer that sees a call by the running code.
    fn seats() -> Vec<Seat> {
        let mut seats = Vec::new();
        frame::for_each_observer(|observations, is_nested| {
            if observations.sees_running_code() {
                seats.push(Seat {
                    observations: Arc::clone(observations),
                    place: observations.reserve(),
                    is_nested,
                });
            }
        });
        seats
    }

    /// Makes the code of this thread run inside of the call's span, if it has one.
    pub(crate) fn enter(&self) -> Entered {
        let span = self.span.lock().clone();
        span.enter()
    }

    /// Ends the call's span without an answer. Otherwise the spans around the call would stay open
    /// as long as the call's span.
    pub(crate) fn end_span(&self) {
        let _ended = std::mem::take(&mut *self.span.lock());
    }

    /// Records the tier that the answer comes from, unless the function runs.
    pub(crate) fn comes_from(&self, tier: SourceTier) {
        *self.tier.lock() = tier;
    }

    /// Tells the observers the answer. `tier` is `None` if the tier was recorded before.
    pub(crate) fn answered(&self, tier: Option<SourceTier>, answer: Observation, now: Duration) {
        if self.is_answered.swap(true, Ordering::Relaxed) {
            return;
        }
        let tier = tier.unwrap_or_else(|| *self.tier.lock());
        if let Some(key) = &self.key {
            CallLog(true).answered(&self.owner.name, key, tier.name());
        }
        // The span ends with the answer, also if the computation goes on in the background.
        let span = std::mem::take(&mut *self.span.lock());
        span.answered(Answered {
            is_hit: matches!(tier, SourceTier::Memory | SourceTier::Redis),
            source: tier.name(),
            is_stale: answer.is_stale,
            size: answer.size,
        });
        for seat in &self.seats {
            if !seat.observations.sees_running_code() {
                continue;
            }
            let call = ObservedCall {
                function: self.owner.name.to_string(),
                tier,
                is_stale: answer.is_stale,
                age: answer.age,
                took: now.saturating_sub(self.began),
                is_nested: seat.is_nested,
            };
            seat.observations.add(seat.place, call);
        }
    }
}

/// Returns the frame of the body of a call that goes past the cache, so that observers know which
/// calls are inside of it. Returns `None` without observers.
pub(crate) fn uncached_frame() -> Option<Arc<Frame>> {
    let is_observed = frame::surroundings().is_observed();
    is_observed.then(|| Frame::new(FrameKind::Uncached, 0, 0))
}

impl Core {
    /// Returns the log of the steps of calls, which writes if the setting `trace_calls` is on.
    pub(crate) fn call_log(&self) -> CallLog {
        CallLog(self.config.trace_calls)
    }

    /// Returns `true` if every call is reported, in a span or in the log. In that case the thread's
    /// table (L0) answers no call, because a hit in the table is not reported.
    #[inline]
    pub(crate) fn reports_calls(&self) -> bool {
        self.config.spans != Spans::Off || self.config.trace_calls
    }

    /// Begins to observe a call of `owner` for `key`, after memory did not answer the call. Returns
    /// `None` if nobody is told of the call.
    pub(crate) fn observe_call(
        &self,
        surroundings: Surroundings,
        owner: &Arc<Owner>,
        key: &[u8],
    ) -> Option<Arc<CallObserver>> {
        if !surroundings.is_observed() && !self.reports_calls() {
            return None;
        }
        self.begin_observing(owner, Some(key), self.clock.now())
            .map(Arc::new)
    }

    /// Begins to observe a call of `owner` by the running code. Returns `None` if nobody is told of
    /// the call. `key` is `None` if the key is not known.
    fn begin_observing(
        &self,
        owner: &Arc<Owner>,
        key: Option<&[u8]>,
        began: Duration,
    ) -> Option<CallObserver> {
        let seats = CallObserver::seats();
        if seats.is_empty() && !self.reports_calls() {
            return None;
        }
        let span = self.span(|key| OperationSpan::get(&owner.name, key), key);
        Some(CallObserver {
            owner: Arc::clone(owner),
            began,
            tier: Mutex::new(SourceTier::Memory),
            is_answered: AtomicBool::new(false),
            seats,
            key: key.filter(|_| self.config.trace_calls).map(Key::new),
            span: Mutex::new(span),
        })
    }

    /// Returns the span that `begin` begins, or an empty one if spans are off. Passes `key` to
    /// `begin` if spans have keys.
    pub(crate) fn span<'a>(
        &self,
        begin: impl FnOnce(Option<&'a [u8]>) -> OperationSpan,
        key: Option<&'a [u8]>,
    ) -> OperationSpan {
        match self.config.spans {
            Spans::Off => OperationSpan::default(),
            Spans::On => begin(None),
            Spans::WithKeys => begin(key),
        }
    }

    /// Returns a copy of `name`, which the span of an invalidation shows. Returns `None` without spans.
    pub(crate) fn name_in_spans(&self, name: &str) -> Option<Box<str>> {
        (self.config.spans != Spans::Off).then(|| name.into())
    }

    /// Reports that the running code is given the value of `stored`, the entry under `key`.
    #[inline]
    pub(crate) fn observe_hit<K: AsRef<[u8]>>(
        &self,
        surroundings: Surroundings,
        tier: SourceTier,
        key: impl FnOnce() -> K,
        stored: &MemoryEntry,
    ) {
        if surroundings.is_observed() || self.reports_calls() {
            self.report_hit(tier, key, stored);
        }
    }

    #[cold]
    #[inline(never)]
    fn report_hit<K: AsRef<[u8]>>(
        &self,
        tier: SourceTier,
        key: impl FnOnce() -> K,
        stored: &MemoryEntry,
    ) {
        let (key, answer) = (key(), self.observation_of(stored));
        self.observe_at_once(&stored.owner, Some(key.as_ref()), tier, answer);
    }

    /// Reports that a look-up of `key` in the entries of `owner`, which never computes, found nothing.
    pub(crate) fn report_absence(&self, owner: &Owner, key: &Key) {
        if !self.reports_calls() {
            return;
        }
        let source = "none";
        self.call_log().answered(&owner.name, key, source);
        let begin = |key: Option<&[u8]>| OperationSpan::get(&owner.name, key);
        self.span(begin, Some(key.as_bytes())).answered(Answered {
            is_hit: false,
            source,
            is_stale: false,
            size: None,
        });
    }

    /// Counts a call of `owner` that goes past the cache, and tells the observers.
    pub(crate) fn note_bypass(&self, owner: &Arc<Owner>) {
        owner.counts.bypassed.bump();
        if frame::surroundings().is_observed() || self.reports_calls() {
            self.observe_at_once(owner, None, SourceTier::Bypassed, Observation::default());
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_at_once(
        &self,
        owner: &Arc<Owner>,
        key: Option<&[u8]>,
        tier: SourceTier,
        answer: Observation,
    ) {
        let now = self.clock.now();
        if let Some(observer) = self.begin_observing(owner, key, now) {
            observer.answered(Some(tier), answer, now);
        }
    }

    /// Returns what observers are told of the answer `stored`.
    pub(crate) fn observation_of(&self, stored: &MemoryEntry) -> Observation {
        let now = Tick::now(&*self.clock);
        Observation {
            is_stale: stored.freshness_now().end <= now,
            age: stored.freshness.age(now),
            size: self.weighs().then(|| stored.owner.weight()),
        }
    }
}
