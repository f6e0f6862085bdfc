//! The rules for the times at which this node may serve from memory. The rules are a part of those
//! in `l2/bus/membership.rs`.

use crate::base::clock::Tick;
use crate::base::fault::{guard, removed};
use crate::l2::bus::timings::BusTimings;

/// The bus subscription, hello and heartbeats of this node, by which the node decides until when it
/// may serve from memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Presence {
    /// The number of the present bus subscription. Only heartbeats of this subscription extend the
    /// time for which this node may serve from memory. `None` without a subscription.
    pub(crate) subscription: Option<u64>,
    /// The bus subscription and the sending time of the last hello that the server accepted. `None`
    /// if the server has accepted no hello.
    pub(crate) hello: Option<(u64, Tick)>,
    /// The time until which this node may serve from memory.
    pub(crate) until: Tick,
    /// `true` after this node said goodbye: the node never serves from memory again.
    pub(crate) is_over: bool,
}

/// A heartbeat that this node sends to itself over the server of the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Heartbeat {
    pub(crate) subscription: u64,
    /// `true` if this node sends a hello to all nodes before the heartbeat, in the same atomic
    /// step.
    pub(crate) says_hello: bool,
    pub(crate) sent: Tick,
}

impl Presence {
    /// Begins the bus subscription with this number: messages arrive from now on.
    pub(crate) fn subscribed(&mut self, subscription: u64) {
        self.subscription = Some(subscription);
    }

    /// Ends the bus subscription. Until the next subscription begins, no heartbeat extends the time
    /// for which this node may serve from memory, because messages that are sent between two
    /// subscriptions do not arrive.
    pub(crate) fn unsubscribed(&mut self, terms: &BusTimings) {
        if !removed!(terms, EchoBetween) {
            self.subscription = None;
        }
    }

    /// Returns the heartbeat that this node must send at `now`. Returns `None` if the node has no
    /// bus subscription or has said goodbye. The node must send a hello with the heartbeat unless
    /// the server accepted a hello of this subscription a short time ago.
    pub(crate) fn heartbeat(&mut self, now: Tick, terms: &BusTimings) -> Option<Heartbeat> {
        let subscription = self.subscription.filter(|_| !self.is_over)?;
        let is_fresh = self.hello.is_some_and(|(when_in, sent)| {
            when_in == subscription && guard!(terms, SeldomHello: now.since(sent) < terms.hello)
        });
        let heartbeat = Heartbeat {
            subscription,
            says_hello: !guard!(terms, NoHello: is_fresh),
            sent: now,
        };
        if removed!(terms, HelloUnanswered) {
            self.accepted(heartbeat);
        }
        Some(heartbeat)
    }

    /// Records that the server accepted `heartbeat`, and the hello that was sent with it, if any.
    /// Until this method has recorded a hello, the node sends a hello with every heartbeat.
    pub(crate) fn accepted(&mut self, heartbeat: Heartbeat) {
        if heartbeat.says_hello {
            self.hello = Some((heartbeat.subscription, heartbeat.sent));
        }
    }

    /// Records that the heartbeat which was sent at `sent` for the bus subscription `subscription`
    /// came back: every message that the server published earlier has arrived. Extends the time for
    /// which this node may serve from memory, if `subscription` is the present subscription and the
    /// node has not said goodbye.
    pub(crate) fn confirm(&mut self, subscription: u64, sent: Tick, terms: &BusTimings) {
        if self.subscription == Some(subscription) && !self.is_over {
            self.until = self.until.max(sent.after(terms.liveness));
        }
    }

    /// Stops serving from memory for good, because this node is about to send a goodbye. A
    /// heartbeat that comes back later does not allow the node to serve from memory again.
    pub(crate) fn leave(&mut self, terms: &BusTimings) {
        if !removed!(terms, TrustAfterGoodbye) {
            self.is_over = true;
            self.until = Tick::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn terms() -> BusTimings {
        BusTimings::of(Duration::from_nanos(100), Duration::ZERO)
    }

    fn at(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    fn heartbeat(presence: &mut Presence, now: u64) -> Option<Heartbeat> {
        presence.heartbeat(at(now), &terms())
    }

    #[test]
    fn an_echo_has_a_hello_unless_one_was_accepted_lately_in_its_subscription() {
        let mut presence = Presence::default();
        assert_eq!(heartbeat(&mut presence, 0), None, "nothing comes");
        presence.subscribed(1);
        let first = heartbeat(&mut presence, 10).unwrap();
        assert!(first.says_hello);
        assert!(
            heartbeat(&mut presence, 20).unwrap().says_hello,
            "no answer yet"
        );
        presence.accepted(first);
        assert!(!heartbeat(&mut presence, 84).unwrap().says_hello);
        let second = heartbeat(&mut presence, 85).unwrap();
        assert!(second.says_hello, "it counts from the sending");
        presence.accepted(second);
        presence.unsubscribed(&terms());
        assert_eq!(heartbeat(&mut presence, 90), None);
        presence.subscribed(2);
        assert!(heartbeat(&mut presence, 90).unwrap().says_hello);
        presence.leave(&terms());
        assert_eq!(heartbeat(&mut presence, 91), None);
    }

    #[test]
    fn trust_lasts_from_the_sending_of_the_last_echo() {
        let mut presence = Presence::default();
        presence.subscribed(1);
        presence.confirm(1, at(10), &terms());
        assert_eq!(presence.until, at(110));
        presence.confirm(1, at(5), &terms());
        assert_eq!(presence.until, at(110), "an older echo takes nothing away");
        presence.unsubscribed(&terms());
        presence.confirm(1, at(20), &terms());
        presence.subscribed(2);
        presence.confirm(1, at(30), &terms());
        assert_eq!(presence.until, at(110), "of a subscription that is gone");
        presence.leave(&terms());
        presence.confirm(2, at(40), &terms());
        presence.subscribed(3);
        presence.confirm(3, at(50), &terms());
        assert_eq!(presence.until, Tick::default(), "nothing brings it back");
    }
}
