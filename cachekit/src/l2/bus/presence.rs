//! Rules of when this node may serve from memory: a part of those of `l2/bus/membership.rs`.

use crate::base::clock::Tick;
use crate::base::fault::{guard, removed};
use crate::l2::bus::timings::BusTimings;

/// What a node knows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Presence {
    /// The subscription whose echoes count.
    pub(crate) subscription: Option<u64>,
    /// When the last hello was sent that was accepted, and in which subscription.
    pub(crate) hello: Option<(u64, Tick)>,
    /// Memory may be served until here.
    pub(crate) until: Tick,
    /// It said goodbye: it never serves from memory again.
    pub(crate) is_over: bool,
}

/// One echo to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Heartbeat {
    pub(crate) subscription: u64,
    /// A hello goes with it, before it and in the same step.
    pub(crate) says_hello: bool,
    pub(crate) sent: Tick,
}

impl Presence {
    /// Messages come by this subscription from here on.
    pub(crate) fn subscribed(&mut self, subscription: u64) {
        self.subscription = Some(subscription);
    }

    /// The subscription ended. Nothing that comes before the next one has begun counts as an
    /// echo: others may have been lost before it.
    pub(crate) fn unsubscribed(&mut self, terms: &BusTimings) {
        if !removed!(terms, EchoBetween) {
            self.subscription = None;
        }
    }

    /// What to send at `now`, if anything.
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

    /// The server took what was sent. Without its answer the next echo has a hello again.
    pub(crate) fn accepted(&mut self, heartbeat: Heartbeat) {
        if heartbeat.says_hello {
            self.hello = Some((heartbeat.subscription, heartbeat.sent));
        }
    }

    /// An echo came back: everything that the server took before it has arrived.
    pub(crate) fn confirm(&mut self, subscription: u64, sent: Tick, terms: &BusTimings) {
        if self.subscription == Some(subscription) && !self.is_over {
            self.until = self.until.max(sent.after(terms.liveness));
        }
    }

    /// It is about to say goodbye: whatever comes back, its memory is out of use from here on.
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
