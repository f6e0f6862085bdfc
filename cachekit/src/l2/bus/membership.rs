//! Group membership: which nodes may serve from memory, and whose acknowledgements are awaited. The
//! rules have no clock, network or lock, so that a search can try every order of their steps.
//!
//! A node that serves from memory repeatedly sends all nodes a *hello*, and in the same step itself
//! a *heartbeat*. Messages of one subscription arrive in the order in which the server accepted
//! them. Suppose a node has listened for long enough and has received its own invalidation. Then it
//! has received the hello of every node that may still serve from memory without having received
//! that invalidation. It waits for the acknowledgements of exactly these nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{Fault, Faults};

/// The largest number of remembered nodes. If there are more, all are forgotten and listening
/// starts again: acknowledged invalidations then wait for `wait` to pass.
const MOST_NODES: usize = 10_000;

/// The durations that the rules use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// Memory is trusted for this long after the sending of a heartbeat that came back.
    pub(crate) liveness: Duration,
    /// A heartbeat goes without a hello only if the last accepted hello was sent less than this
    /// long before.
    pub(crate) hello: Duration,
    /// A node that has listened for this long has heard every node that trusts its memory. At least
    /// `liveness` and `hello` together.
    pub(crate) window: Duration,
    /// After this long, every node that has not received an invalidation has stopped trusting its
    /// memory.
    pub(crate) wait: Duration,
}

impl BusTimings {
    /// Derives the durations. Nodes' clocks may differ by a hundredth, and the clock that this
    /// node's hits read is behind by up to `lag`.
    pub(crate) fn of(bus_timeout: Duration, lag: Duration) -> Self {
        Self {
            // With such a clock, memory would be served longer by `lag`.
            liveness: bus_timeout.saturating_sub(lag).max(bus_timeout / 2),
            hello: bus_timeout.mul_f64(0.75),
            window: bus_timeout.mul_f64(1.77),
            wait: bus_timeout.mul_f64(1.01),
        }
    }
}

/// The state that a node keeps about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Presence {
    /// The subscription whose heartbeats count.
    pub(crate) subscription: Option<u64>,
    /// The subscription and the sending time of the last hello that was accepted.
    pub(crate) hello: Option<(u64, Tick)>,
    /// Memory may be served until this time.
    pub(crate) until: Tick,
    /// The node said goodbye: it never serves from memory again.
    pub(crate) is_over: bool,
}

/// A heartbeat to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Heartbeat {
    pub(crate) subscription: u64,
    /// A hello goes before the heartbeat, in the same step.
    pub(crate) says_hello: bool,
    pub(crate) sent: Tick,
}

impl Presence {
    /// Begins a subscription: messages arrive by it from now on.
    pub(crate) fn subscribed(&mut self, subscription: u64) {
        self.subscription = Some(subscription);
    }

    /// Ends the subscription. No heartbeat counts until the next one begins, because messages
    /// before it may be lost.
    pub(crate) fn unsubscribed(&mut self, faults: Faults) {
        if !faults.has(Fault::EchoBetween) {
            self.subscription = None;
        }
    }

    /// Returns the heartbeat to send at `now`, if any.
    pub(crate) fn heartbeat(
        &mut self,
        now: Tick,
        terms: &BusTimings,
        faults: Faults,
    ) -> Option<Heartbeat> {
        let subscription = self.subscription.filter(|_| !self.is_over)?;
        let is_fresh = self.hello.is_some_and(|(when_in, sent)| {
            let is_old = now.since(sent) >= terms.hello && !faults.has(Fault::SeldomHello);
            when_in == subscription && !is_old
        });
        let heartbeat = Heartbeat {
            subscription,
            says_hello: !is_fresh && !faults.has(Fault::NoHello),
            sent: now,
        };
        if faults.has(Fault::HelloUnanswered) {
            self.accepted(heartbeat);
        }
        Some(heartbeat)
    }

    /// Records that the server accepted the heartbeat. Without its answer, the next one has a hello
    /// again.
    pub(crate) fn accepted(&mut self, heartbeat: Heartbeat) {
        if heartbeat.says_hello {
            self.hello = Some((heartbeat.subscription, heartbeat.sent));
        }
    }

    /// Records that a heartbeat came back: everything that the server accepted before it has
    /// arrived.
    pub(crate) fn confirm(&mut self, subscription: u64, sent: Tick, terms: &BusTimings) {
        if self.subscription == Some(subscription) && !self.is_over {
            self.until = self.until.max(sent.after(terms.liveness));
        }
    }

    /// Stops serving from memory before the goodbye. Later heartbeats do not change that.
    pub(crate) fn leave(&mut self, faults: Faults) {
        if !faults.has(Fault::TrustAfterGoodbye) {
            self.is_over = true;
            self.until = Tick::default();
        }
    }
}

/// The state that a node keeps about the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Membership<Id: Ord> {
    /// The time since which it has listened without an interruption.
    pub(crate) since: Option<Tick>,
    pub(crate) heard: BTreeMap<Id, LastHeard>,
}

/// The last message of another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LastHeard {
    pub(crate) at: Tick,
    /// The node said goodbye. Its other messages do not change that.
    pub(crate) is_gone: bool,
}

impl<Id: Ord> Default for Membership<Id> {
    fn default() -> Self {
        Self {
            since: None,
            heard: BTreeMap::new(),
        }
    }
}

impl<Id: Ord + Copy> Membership<Id> {
    /// Begins to listen at `now`. Earlier messages may be lost.
    pub(crate) fn subscribed(&mut self, now: Tick, faults: Faults) {
        if self.since.is_none() || !faults.has(Fault::OldWindow) {
            self.since = Some(now);
        }
    }

    /// Ends listening.
    pub(crate) fn unsubscribed(&mut self, faults: Faults) {
        if !faults.has(Fault::OldWindow) {
            self.since = None;
        }
    }

    /// Records a message of `id`.
    pub(crate) fn message_received(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        self.make_room(id, now, terms);
        let heard = LastHeard {
            at: now,
            is_gone: false,
        };
        self.heard.entry(id).or_insert(heard).at = now;
    }

    /// Records a hello of `id`.
    pub(crate) fn hello_received(&mut self, id: Id, now: Tick, terms: &BusTimings, faults: Faults) {
        self.message_received(id, now, terms);
        if faults.has(Fault::ForgetSilent)
            && let Some(heard) = self.heard.get_mut(&id)
        {
            heard.is_gone = false;
        }
    }

    /// Records a goodbye of `id`.
    pub(crate) fn goodbye_received(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        self.message_received(id, now, terms);
        if let Some(heard) = self.heard.get_mut(&id) {
            heard.is_gone = true;
        }
    }

    fn make_room(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        if self.heard.len() < MOST_NODES || self.heard.contains_key(&id) {
            return;
        }
        self.heard
            .retain(|_, heard| now.since(heard.at) <= terms.window);
        if self.heard.len() >= MOST_NODES {
            self.heard.clear();
            self.since = self.since.map(|_| now);
        }
    }

    /// Returns the nodes that must have applied what arrived before `now`; `None` if there may be
    /// others.
    pub(crate) fn expected(
        &self,
        now: Tick,
        terms: &BusTimings,
    ) -> Option<impl Iterator<Item = Id> + '_> {
        let listens_for_long = now.since(self.since?) >= terms.window;
        let window = terms.window;
        let is_expected = move |heard: &LastHeard| !heard.is_gone && now.since(heard.at) <= window;
        let heard = self.heard.iter();
        listens_for_long.then(|| {
            heard
                .filter(move |(_, heard)| is_expected(heard))
                .map(|(id, _)| *id)
        })
    }
}

/// The acknowledgements of one invalidation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AckProgress<Id: Ord> {
    pub(crate) number: u64,
    /// Its own message came back: the hellos that every node sent before it have arrived.
    pub(crate) has_echo: bool,
    pub(crate) applied: BTreeSet<Id>,
}

impl<Id: Ord + Copy> AckProgress<Id> {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            has_echo: false,
            applied: BTreeSet::new(),
        }
    }

    /// Records that the message of this node's invalidation `number` came back.
    pub(crate) fn echo_received(&mut self, number: u64, faults: Faults) {
        self.has_echo |= number == self.number || faults.has(Fault::AnyOwnMessage);
    }

    /// Returns `true` if no node serves anything from before the invalidation.
    pub(crate) fn is_complete(
        &self,
        members: &Membership<Id>,
        now: Tick,
        terms: &BusTimings,
        faults: Faults,
    ) -> bool {
        let has_echo = self.has_echo || faults.has(Fault::NoOwnMessage);
        has_echo
            && members
                .expected(now, terms)
                .is_some_and(|mut expected| expected.all(|id| self.applied.contains(&id)))
    }

    /// Returns the time until which a node that does not answer may serve values from before the
    /// invalidation. It counts from the server's answer: the message may have travelled for long.
    pub(crate) fn waits_until(
        sent: Tick,
        answered: Tick,
        terms: &BusTimings,
        faults: Faults,
    ) -> Tick {
        let from = if faults.has(Fault::WaitFromSending) {
            sent
        } else {
            answered
        };
        from.after(terms.wait)
    }

    /// Gives up after the wait. No node is forgotten because of its silence: its message may have
    /// been lost, while it still serves from memory.
    pub(crate) fn give_up(&self, members: &mut Membership<Id>, faults: Faults) {
        if faults.has(Fault::ForgetSilent) {
            let silent = members.heard.iter_mut();
            silent
                .filter(|(id, _)| !self.applied.contains(id))
                .for_each(|(_, heard)| heard.is_gone = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: BusTimings = BusTimings {
        liveness: Duration::from_nanos(100),
        hello: Duration::from_nanos(75),
        window: Duration::from_nanos(177),
        wait: Duration::from_nanos(101),
    };

    fn at(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    fn heartbeat(presence: &mut Presence, now: u64) -> Option<Heartbeat> {
        presence.heartbeat(at(now), &TERMS, Faults::default())
    }

    fn expected(members: &Membership<u16>, now: u64) -> Option<Vec<u16>> {
        members.expected(at(now), &TERMS).map(Iterator::collect)
    }

    #[test]
    fn the_terms_leave_a_hundredth() {
        for millis in [20, 60, 1_000, 3_600_000] {
            let timeout = Duration::from_millis(millis);
            for lag in [0, 4, 10] {
                let terms = BusTimings::of(timeout, Duration::from_millis(lag));
                assert!(terms.liveness >= timeout / 2 && terms.liveness <= timeout);
                assert!(terms.window >= (timeout + terms.hello).mul_f64(1.01));
                assert!(terms.wait >= timeout.mul_f64(1.01));
            }
        }
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
        presence.unsubscribed(Faults::default());
        assert_eq!(heartbeat(&mut presence, 90), None);
        presence.subscribed(2);
        assert!(heartbeat(&mut presence, 90).unwrap().says_hello);
        presence.leave(Faults::default());
        assert_eq!(heartbeat(&mut presence, 91), None);
    }

    #[test]
    fn trust_lasts_from_the_sending_of_the_last_echo() {
        let mut presence = Presence::default();
        presence.subscribed(1);
        presence.confirm(1, at(10), &TERMS);
        assert_eq!(presence.until, at(110));
        presence.confirm(1, at(5), &TERMS);
        assert_eq!(presence.until, at(110), "an older echo takes nothing away");
        presence.unsubscribed(Faults::default());
        presence.confirm(1, at(20), &TERMS);
        presence.subscribed(2);
        presence.confirm(1, at(30), &TERMS);
        assert_eq!(presence.until, at(110), "of a subscription that is gone");
        presence.leave(Faults::default());
        presence.confirm(2, at(40), &TERMS);
        presence.subscribed(3);
        presence.confirm(3, at(50), &TERMS);
        assert_eq!(presence.until, Tick::default(), "nothing brings it back");
    }

    #[test]
    fn who_listened_for_long_knows_whom_to_wait_for() {
        let mut members = Membership::default();
        members.message_received(1, at(0), &TERMS);
        assert_eq!(expected(&members, 500), None, "it does not listen");
        members.subscribed(at(100), Faults::default());
        members.message_received(2, at(150), &TERMS);
        assert_eq!(expected(&members, 276), None);
        assert_eq!(expected(&members, 277), Some(vec![2]));
        assert_eq!(expected(&members, 328), Some(vec![]), "not heard for long");
        members.message_received(2, at(328), &TERMS);
        members.unsubscribed(Faults::default());
        members.subscribed(at(329), Faults::default());
        assert_eq!(expected(&members, 330), None, "it begins anew");
        assert_eq!(expected(&members, 506), Some(vec![]));
    }

    #[test]
    fn who_said_goodbye_is_gone_whatever_arrives_after_it() {
        let mut members = Membership::default();
        members.subscribed(at(0), Faults::default());
        members.message_received(1, at(200), &TERMS);
        assert_eq!(expected(&members, 200), Some(vec![1]));
        members.goodbye_received(1, at(201), &TERMS);
        members.message_received(1, at(202), &TERMS);
        assert_eq!(expected(&members, 203), Some(vec![]));
    }

    #[test]
    fn where_too_many_were_heard_listening_begins_anew() {
        let mut members = Membership::default();
        members.subscribed(at(0), Faults::default());
        let most = u16::try_from(MOST_NODES).unwrap();
        for id in 0..most {
            members.message_received(id, at(u64::from(id == 0)), &TERMS);
        }
        members.message_received(0, at(200), &TERMS);
        members.message_received(most, at(200), &TERMS);
        let there = Some(vec![0, most]);
        assert_eq!(expected(&members, 200), there, "old ones make room");
        for id in 0..=most {
            members.message_received(id, at(201), &TERMS);
        }
        assert!(members.heard.len() <= MOST_NODES);
        assert_eq!(expected(&members, 201), None, "some were forgotten");
    }

    #[test]
    fn an_answer_before_the_question_counts_and_none_of_another_number() {
        let mut members = Membership::default();
        members.subscribed(at(0), Faults::default());
        for id in [1, 2] {
            members.message_received(id, at(200), &TERMS);
        }
        let mut answers = AckProgress::new(7);
        let are_all = |answers: &AckProgress<u16>| {
            answers.is_complete(&members, at(200), &TERMS, Faults::default())
        };
        answers.applied.extend([1, 2]);
        answers.echo_received(6, Faults::default());
        assert!(!are_all(&answers), "a message of before came back");
        answers.echo_received(7, Faults::default());
        assert!(are_all(&answers));
        answers.applied.remove(&2);
        assert!(!are_all(&answers));
    }
}
