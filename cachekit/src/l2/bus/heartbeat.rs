//! Whether this node's memory may be served: only while the messages of other nodes'
//! invalidations are known to come through.
//!
//! A node sends itself a message every so often, by way of the server. When it comes back,
//! everything that was published before it was sent has arrived, for it travels the same
//! way. So memory is trusted for a fixed time from the *sending* of the last such echo, by
//! this node's own clock. An interruption shows by the missing echo. The rules are those of
//! `l2/bus/membership.rs`; here they meet threads.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::l2::bus::presence::{Heartbeat, Presence};
use crate::l2::bus::timings::BusTimings;

/// What a node knows of its messages.
#[derive(Debug)]
pub(crate) struct BusLiveness {
    terms: BusTimings,
    presence: Mutex<Presence>,
    /// Its `until`, for hits.
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

    /// Whether memory may be served at `now`.
    pub(crate) fn is_live(&self, now: Tick) -> bool {
        now < self.until()
    }

    /// Until when memory may be served, or could have been.
    pub(crate) fn until(&self) -> Tick {
        Tick::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// Messages come by this subscription from here on. What was in memory before is to be
    /// taken out of use by the caller, first.
    pub(crate) fn begin(&self, subscription: u64) {
        self.change(|presence| presence.subscribed(subscription));
    }

    /// No more messages come.
    pub(crate) fn end(&self) {
        self.change(|presence| presence.unsubscribed(&self.terms));
    }

    /// What to send at `now`, if anything.
    pub(crate) fn heartbeat(&self, now: Tick) -> Option<Heartbeat> {
        self.change(|presence| presence.heartbeat(now, &self.terms))
    }

    /// The server took it.
    pub(crate) fn accepted(&self, heartbeat: Heartbeat) {
        self.change(|presence| presence.accepted(heartbeat));
    }

    /// An echo that was sent at `sent` on `subscription` came back.
    pub(crate) fn confirm(&self, subscription: u64, sent: Tick) {
        self.change(|presence| presence.confirm(subscription, sent, &self.terms));
    }

    /// Memory is out of use when this returns, and for good.
    pub(crate) fn leave(&self) {
        self.change(|presence| presence.leave(&self.terms));
    }

    /// Whether that took place.
    pub(crate) fn is_over(&self) -> bool {
        self.change(|presence| presence.is_over)
    }

    /// One change at a time, so that `until` is never that of another moment.
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
