//! Liveness of the bus: memory may be served only while other nodes' invalidations are known to
//! arrive.
//!
//! A node sends itself a heartbeat over the server. Messages of one subscription keep their order,
//! so when a heartbeat comes back, everything published before it has arrived. Memory is trusted
//! for a fixed time from the *sending* of the newest heartbeat that came back, by this node's own
//! clock. An interruption shows as a missing heartbeat. The rules are in `l2/bus/membership.rs`;
//! this file makes them safe to use from several threads. A hit costs one atomic load.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::l2::bus::presence::{Heartbeat, Presence};
use crate::l2::bus::timings::BusTimings;

/// The liveness of this node's bus.
#[derive(Debug)]
pub(crate) struct BusLiveness {
    terms: BusTimings,
    presence: Mutex<Presence>,
    /// A copy of the rules' `until`, for hits.
    until: AtomicU64,
}

impl BusLiveness {
    pub(crate) fn new(terms: BusTimings) -> Self {
        Self {
            terms,
            presence: Mutex::default(),
            until: AtomicU64::new(0),
        }
    }

    /// Returns `true` if memory may be served at `now`.
    pub(crate) fn is_live(&self, now: Tick) -> bool {
        now < self.until()
    }

    /// Returns the time until which memory may be served, or could have been.
    pub(crate) fn until(&self) -> Tick {
        Tick::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// Begins a subscription: messages arrive from now on. The caller invalidates its memory first.
    pub(crate) fn begin(&self, subscription: u64) {
        self.change(|presence| presence.subscribed(subscription));
    }

    /// Ends the subscription: no more messages arrive.
    pub(crate) fn end(&self) {
        self.change(|presence| presence.unsubscribed(&self.terms));
    }

    /// Returns the heartbeat to send at `now`, if any.
    pub(crate) fn heartbeat(&self, now: Tick) -> Option<Heartbeat> {
        self.change(|presence| presence.heartbeat(now, &self.terms))
    }

    /// Records that the server accepted the heartbeat.
    pub(crate) fn accepted(&self, heartbeat: Heartbeat) {
        self.change(|presence| presence.accepted(heartbeat));
    }

    /// Records that a heartbeat sent at `sent` on `subscription` came back.
    pub(crate) fn confirm(&self, subscription: u64, sent: Tick) {
        self.change(|presence| presence.confirm(subscription, sent, &self.terms));
    }

    /// Stops serving from memory for good. Memory is no longer served when this returns.
    pub(crate) fn leave(&self) {
        self.change(|presence| presence.leave(&self.terms));
    }

    /// Returns `true` after [`leave`](Self::leave).
    pub(crate) fn is_over(&self) -> bool {
        self.change(|presence| presence.is_over)
    }

    /// Applies a change under the lock, so that `until` always belongs to the current state.
    fn change<T>(&self, change: impl FnOnce(&mut Presence) -> T) -> T {
        let mut presence = self.presence.lock();
        let changed = change(&mut presence);
        self.until.store(presence.until.nanos(), Ordering::Release);
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn hits_see_what_the_rules_say() {
        let terms = BusTimings::of(Duration::from_nanos(100), Duration::ZERO);
        let at = Tick::from_nanos;
        let liveness = BusLiveness::new(terms);
        assert!(!liveness.is_live(at(0)), "nothing has come back yet");
        liveness.begin(1);
        liveness.confirm(1, at(10));
        assert!(liveness.is_live(at(109)) && !liveness.is_live(at(110)));
        liveness.leave();
        assert!(liveness.is_over() && !liveness.is_live(at(0)));
        liveness.confirm(1, at(20));
        assert!(!liveness.is_live(at(20)));
    }
}
