//! Who may serve from memory, and who has to be waited for: the rules alone, without a clock,
//! a network or a lock, so that a search can try every order of their steps.
//!
//! A node that serves from memory says *hello* to all, again and again, and sends itself an
//! *echo* in the same step. Messages of one subscription arrive in the order in which the
//! server took them. So whoever listened for long enough, and has had its own invalidation back,
//! has heard the hello of everybody who may still serve from memory without having heard
//! of that invalidation: these have to say that they applied it, and nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{Fault, Faults};

/// More nodes are not remembered. Where there are more, none is, and listening counts from then
/// on: acknowledged invalidations wait for their time to pass.
const MOST_NODES: usize = 10_000;

/// For how long each thing holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusTimings {
    /// Memory is trusted for so long after the sending of an echo that came back.
    pub(crate) liveness: Duration,
    /// No echo goes without a hello that was sent at most so long before it.
    pub(crate) hello: Duration,
    /// Whoever listened for so long has heard everybody who trusts their memory: no less than
    /// both of the above together.
    pub(crate) window: Duration,
    /// After so long nobody trusts their memory who has not heard of an invalidation.
    pub(crate) wait: Duration,
}

impl BusTimings {
    /// Nodes' clocks may differ by a hundredth. Hits of this node read a clock that is behind by
    /// up to `lag`.
    pub(crate) fn of(bus_timeout: Duration, lag: Duration) -> Self {
        Self {
            // By such a clock memory would be served for so much longer.
            liveness: bus_timeout.saturating_sub(lag).max(bus_timeout / 2),
            hello: bus_timeout.mul_f64(0.75),
            window: bus_timeout.mul_f64(1.77),
            wait: bus_timeout.mul_f64(1.01),
        }
    }
}

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
    pub(crate) fn unsubscribed(&mut self, faults: Faults) {
        if !faults.has(Fault::EchoBetween) {
            self.subscription = None;
        }
    }

    /// What to send at `now`, if anything.
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
    pub(crate) fn leave(&mut self, faults: Faults) {
        if !faults.has(Fault::TrustAfterGoodbye) {
            self.is_over = true;
            self.until = Tick::default();
        }
    }
}

/// What a node knows of the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Membership<Id: Ord> {
    /// Since when it has listened without an interruption.
    pub(crate) since: Option<Tick>,
    pub(crate) heard: BTreeMap<Id, LastHeard>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LastHeard {
    pub(crate) at: Tick,
    /// It said goodbye. What else it says does not change that.
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
    /// It listens from `now` on; before, messages may have been lost.
    pub(crate) fn subscribed(&mut self, now: Tick, faults: Faults) {
        if self.since.is_none() || !faults.has(Fault::OldWindow) {
            self.since = Some(now);
        }
    }

    /// It does not listen any more.
    pub(crate) fn unsubscribed(&mut self, faults: Faults) {
        if !faults.has(Fault::OldWindow) {
            self.since = None;
        }
    }

    /// `id` said something.
    pub(crate) fn message_received(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        self.make_room(id, now, terms);
        let heard = LastHeard {
            at: now,
            is_gone: false,
        };
        self.heard.entry(id).or_insert(heard).at = now;
    }

    /// `id` said hello.
    pub(crate) fn hello_received(&mut self, id: Id, now: Tick, terms: &BusTimings, faults: Faults) {
        self.message_received(id, now, terms);
        if faults.has(Fault::ForgetSilent)
            && let Some(heard) = self.heard.get_mut(&id)
        {
            heard.is_gone = false;
        }
    }

    /// `id` said goodbye.
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

    /// Who has to have applied what arrived before `now`; `None`: there may be others.
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

/// What became of one invalidation that is to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AckProgress<Id: Ord> {
    pub(crate) number: u64,
    /// Its own message came back: everybody's hello from before it has arrived.
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

    /// The message of this node's invalidation `number` came back.
    pub(crate) fn echo_received(&mut self, number: u64, faults: Faults) {
        self.has_echo |= number == self.number || faults.has(Fault::AnyOwnMessage);
    }

    /// Whether nobody serves anything from before it.
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

    /// Until when whoever does not answer may serve something from before it. An answer comes
    /// after the server took it; what was sent may be long on its way.
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

    /// It was waited out. Nobody is forgotten for having said nothing: a message may have been
    /// lost whose sender serves on.
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
