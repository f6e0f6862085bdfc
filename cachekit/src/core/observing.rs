//! Reports of calls to observers: the tier that answered a call, and the age of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::coordination::frame;
use crate::coordination::frame::{Frame, FrameKind, Surroundings};
use crate::coordination::observations::{Observations, Place};
use crate::core::state::Core;
use crate::model::entry::MemoryEntry;
use crate::model::owner::Owner;
use crate::model::source::{ObservedCall, SourceTier};

/// A call that observers see, from its start to its answer.
#[derive(Debug)]
pub(crate) struct CallObserver {
    owner: Arc<Owner>,
    began: Duration,
    /// Tier that the answer will be from, unless the function runs.
    tier: Mutex<SourceTier>,
    is_answered: AtomicBool,
    seats: Vec<Seat>,
}

/// The place of a call in the list of one observer.
#[derive(Debug)]
struct Seat {
    observations: Arc<Observations>,
    place: Place,
    is_nested: bool,
}

/// An answer, as far as it concerns observers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Observation {
    is_stale: bool,
    age: Duration,
}

impl CallObserver {
    /// Begins to observe a call of `owner` by the running code. Returns `None` if no observer sees
    /// the call.
    fn begin(owner: &Arc<Owner>, began: Duration) -> Option<Self> {
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
        (!seats.is_empty()).then(|| Self {
            owner: Arc::clone(owner),
            began,
            tier: Mutex::new(SourceTier::Memory),
            is_answered: AtomicBool::new(false),
            seats,
        })
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
    /// Begins to observe a call of `owner` that memory did not answer. Returns `None` if no observer
    /// sees the call.
    pub(crate) fn observe_call(
        &self,
        surroundings: Surroundings,
        owner: &Arc<Owner>,
    ) -> Option<Arc<CallObserver>> {
        if !surroundings.is_observed() {
            return None;
        }
        CallObserver::begin(owner, self.clock.now()).map(Arc::new)
    }

    /// Tells the observers that the running code is given the value of `stored`.
    #[inline]
    pub(crate) fn observe_hit(
        &self,
        surroundings: Surroundings,
        tier: SourceTier,
        stored: &MemoryEntry,
    ) {
        if surroundings.is_observed() {
            self.observe_at_once(&stored.owner, tier, self.observation_of(stored));
        }
    }

    /// Counts a call of `owner` that goes past the cache, and tells the observers.
    pub(crate) fn note_bypass(&self, owner: &Arc<Owner>) {
        owner.counts.bypassed.bump();
        if frame::surroundings().is_observed() {
            self.observe_at_once(owner, SourceTier::Bypassed, Observation::default());
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_at_once(&self, owner: &Arc<Owner>, tier: SourceTier, answer: Observation) {
        let now = self.clock.now();
        if let Some(observer) = CallObserver::begin(owner, now) {
            observer.answered(Some(tier), answer, now);
        }
    }

    /// Returns what observers are told of the answer `stored`.
    pub(crate) fn observation_of(&self, stored: &MemoryEntry) -> Observation {
        let now = Tick::now(&*self.clock);
        Observation {
            is_stale: stored.freshness_now().end <= now,
            age: stored.freshness.age(now),
        }
    }
}
