//! Liveness of the bus: a node may serve from memory only while other nodes' invalidations are
//! known to arrive.
//!
//! A node sends itself a heartbeat through Redis. Messages of one subscription keep their order,
//! so when a heartbeat comes back, everything that the server published before the heartbeat has
//! arrived. The node trusts its memory for a fixed time from the *sending* of the newest heartbeat
//! that came back, by its own clock. An interruption of the bus shows as a missing heartbeat. The
//! rules are in `l2/bus/membership.rs` and `l2/bus/presence.rs`. This file makes the rules safe to
//! use from several threads. A hit costs one atomic load.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::l2::bus::presence::{Heartbeat, Presence};
use crate::l2::bus::timings::BusTimings;

/// The time until which this node may serve from memory, as a value that several threads read and
/// change.
#[derive(Debug)]
pub(crate) struct BusLiveness {
    terms: BusTimings,
    presence: Mutex<Presence>,
    /// A copy of [`Presence::until`] in nanoseconds, which hits read without the lock.
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

    /// Returns `true` if this node may serve from memory at `now`.
    pub(crate) fn is_live(&self, now: Tick) -> bool {
        now < self.until()
    }

    /// Returns the time until which this node may serve from memory. The time may have passed.
    pub(crate) fn until(&self) -> Tick {
        Tick::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// Begins the bus subscription with this number: messages arrive from now on. Messages that
    /// were sent before are lost, so the caller must first make the cache validate every entry in
    /// memory again.
    pub(crate) fn begin(&self, subscription: u64) {
        self.change(|presence| presence.subscribed(subscription));
    }

    /// Ends the bus subscription: no message arrives until the next subscription begins. Heartbeats
    /// of the ended subscription no longer extend the time for which this node may serve from
    /// memory.
    pub(crate) fn end(&self) {
        self.change(|presence| presence.unsubscribed(&self.terms));
    }

    /// Returns the heartbeat that this node must send at `now`. Returns `None` if the node has no
    /// bus subscription or has said goodbye.
    pub(crate) fn heartbeat(&self, now: Tick) -> Option<Heartbeat> {
        self.change(|presence| presence.heartbeat(now, &self.terms))
    }

    /// Records that the server accepted `heartbeat`, and the hello that was sent with it, if any.
    pub(crate) fn accepted(&self, heartbeat: Heartbeat) {
        self.change(|presence| presence.accepted(heartbeat));
    }

    /// Records that a heartbeat came back to this node, which the node had sent at `sent` for the
    /// bus subscription `subscription`.
    pub(crate) fn confirm(&self, subscription: u64, sent: Tick) {
        self.change(|presence| presence.confirm(subscription, sent, &self.terms));
    }

    /// Stops serving from memory for good. A call that begins after this method has returned does
    /// not serve from memory.
    pub(crate) fn leave(&self) {
        self.change(|presence| presence.leave(&self.terms));
    }

    /// Returns `true` if [`leave`](Self::leave) was called, so that this node never serves from
    /// memory again.
    pub(crate) fn is_over(&self) -> bool {
        self.change(|presence| presence.is_over)
    }

    /// Applies `change` to the node's presence under the lock. Before the lock is released, copies
    /// the time until which this node may serve from memory to the field `until`.
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
