//! Group membership: the nodes that may serve from memory, and the nodes whose acknowledgements an
//! invalidation waits for. The rules have no clock, network or lock, so that a search can try every
//! order of their steps.
//!
//! A node that serves from memory repeatedly sends a *hello* to all nodes, and in the same step a
//! *heartbeat* to itself. Messages of one subscription arrive in the order in which the server
//! accepted them. Suppose that a node has listened for long enough and has received the message of
//! its own invalidation. Then the node has received a hello of every node that may still serve from
//! memory without having received that invalidation. The invalidation waits for the
//! acknowledgements of exactly these nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::clock::Tick;
use crate::base::fault::{guard, removed};
use crate::l2::bus::timings::BusTimings;

/// The largest number of remembered nodes. If messages of more nodes arrive, this node forgets all
/// nodes and starts to listen again. Acknowledged invalidations then wait for the longest time,
/// [`BusTimings::wait`].
const MOST_NODES: usize = 10_000;

/// The times of the last messages of other nodes, from which this node knows the nodes that may
/// serve from memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Membership<Id: Ord> {
    /// The time since which this node has received bus messages without an interruption. `None` if
    /// the node has no bus subscription.
    pub(crate) since: Option<Tick>,
    pub(crate) heard: BTreeMap<Id, LastHeard>,
}

/// The record of another node: the time of its last message, and a mark if the node said goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LastHeard {
    pub(crate) at: Tick,
    /// `true` after the node said goodbye. Further messages of the node do not change that.
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
    /// Begins to record other nodes at `now`, because a bus subscription began. Messages that were
    /// sent before the subscription may not arrive.
    pub(crate) fn subscribed(&mut self, now: Tick, terms: &BusTimings) {
        if self.since.is_none() || !removed!(terms, OldWindow) {
            self.since = Some(now);
        }
    }

    /// Stops recording other nodes, because the bus subscription ended.
    pub(crate) fn unsubscribed(&mut self, terms: &BusTimings) {
        if !removed!(terms, OldWindow) {
            self.since = None;
        }
    }

    /// Records that a message of the node `id` arrived at the time `now`.
    pub(crate) fn message_received(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        self.make_room(id, now, terms);
        let heard = LastHeard {
            at: now,
            is_gone: false,
        };
        self.heard.entry(id).or_insert(heard).at = now;
    }

    /// Records that a hello of the node `id` arrived at the time `now`. A node that said goodbye
    /// stays gone.
    pub(crate) fn hello_received(&mut self, id: Id, now: Tick, terms: &BusTimings) {
        self.message_received(id, now, terms);
        if removed!(terms, ForgetSilent)
            && let Some(heard) = self.heard.get_mut(&id)
        {
            heard.is_gone = false;
        }
    }

    /// Records that a goodbye of the node `id` arrived at the time `now`. No invalidation waits for
    /// that node again.
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

    /// Returns the nodes that must have applied an invalidation whose message came back to this
    /// node before `now`. Returns `None` if a node from which this node has received no message may
    /// serve from memory.
    pub(crate) fn expected(
        &self,
        now: Tick,
        terms: &BusTimings,
    ) -> Option<impl Iterator<Item = Id> + '_> {
        let listens_for_long = now.since(self.since?) >= terms.window;
        listens_for_long.then(|| self.live(now, terms))
    }

    /// Returns the other nodes that this node has heard of lately and that did not say goodbye.
    pub(crate) fn live(&self, now: Tick, terms: &BusTimings) -> impl Iterator<Item = Id> + '_ {
        let window = terms.window;
        let is_live = move |heard: &LastHeard| !heard.is_gone && now.since(heard.at) <= window;
        let heard = self.heard.iter();
        heard
            .filter(move |(_, heard)| is_live(heard))
            .map(|(id, _)| *id)
    }
}

/// The progress of one acknowledged invalidation of this node: the acknowledgements that arrived,
/// and the return of its message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AckProgress<Id: Ord> {
    pub(crate) number: u64,
    /// `true` after the message of the invalidation came back to this node. By that time, all
    /// hellos that the server accepted before the message have arrived.
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

    /// Records that the message of this node's invalidation `number` came back. Does nothing if
    /// `number` belongs to another invalidation.
    pub(crate) fn echo_received(&mut self, number: u64, terms: &BusTimings) {
        self.has_echo |= guard!(terms, AnyOwnMessage: number == self.number);
    }

    /// Returns `true` if no node serves a value from before the invalidation: the message of the
    /// invalidation came back to this node, and every expected node has applied the invalidation.
    pub(crate) fn is_complete(
        &self,
        members: &Membership<Id>,
        now: Tick,
        terms: &BusTimings,
    ) -> bool {
        guard!(terms, NoOwnMessage: self.has_echo)
            && members
                .expected(now, terms)
                .is_some_and(|mut expected| expected.all(|id| self.applied.contains(&id)))
    }

    /// Returns the time until which a node that does not acknowledge an invalidation may serve
    /// older values. The wait starts when the server answers, because the message may have taken
    /// long to reach the server.
    pub(crate) fn waits_until(sent: Tick, answered: Tick, terms: &BusTimings) -> Tick {
        let from = if removed!(terms, WaitFromSending) {
            sent
        } else {
            answered
        };
        from.after(terms.wait)
    }

    /// Ends the wait for an invalidation without all acknowledgements. A node that sent no
    /// acknowledgement is not forgotten, because its acknowledgement may have been lost while the
    /// node still serves from memory.
    pub(crate) fn give_up(&self, members: &mut Membership<Id>, terms: &BusTimings) {
        if removed!(terms, ForgetSilent) {
            let silent = members.heard.iter_mut();
            silent
                .filter(|(id, _)| !self.applied.contains(id))
                .for_each(|(_, heard)| heard.is_gone = true);
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

    fn expected(members: &Membership<u16>, now: u64) -> Option<Vec<u16>> {
        members.expected(at(now), &terms()).map(Iterator::collect)
    }

    #[test]
    fn who_listened_for_long_knows_whom_to_wait_for() {
        let mut members = Membership::default();
        members.message_received(1, at(0), &terms());
        assert_eq!(expected(&members, 500), None, "it does not listen");
        members.subscribed(at(100), &terms());
        members.message_received(2, at(150), &terms());
        assert_eq!(expected(&members, 276), None);
        assert_eq!(expected(&members, 277), Some(vec![2]));
        assert_eq!(expected(&members, 328), Some(vec![]), "not heard for long");
        members.message_received(2, at(328), &terms());
        members.unsubscribed(&terms());
        members.subscribed(at(329), &terms());
        assert_eq!(expected(&members, 330), None, "it begins anew");
        assert_eq!(expected(&members, 506), Some(vec![]));
    }

    #[test]
    fn who_said_goodbye_is_gone_whatever_arrives_after_it() {
        let mut members = Membership::default();
        members.subscribed(at(0), &terms());
        members.message_received(1, at(200), &terms());
        assert_eq!(expected(&members, 200), Some(vec![1]));
        members.goodbye_received(1, at(201), &terms());
        members.message_received(1, at(202), &terms());
        assert_eq!(expected(&members, 203), Some(vec![]));
    }

    #[test]
    fn where_too_many_were_heard_listening_begins_anew() {
        let mut members = Membership::default();
        members.subscribed(at(0), &terms());
        let most = u16::try_from(MOST_NODES).unwrap();
        for id in 0..most {
            members.message_received(id, at(u64::from(id == 0)), &terms());
        }
        members.message_received(0, at(200), &terms());
        members.message_received(most, at(200), &terms());
        let there = Some(vec![0, most]);
        assert_eq!(expected(&members, 200), there, "old ones make room");
        for id in 0..=most {
            members.message_received(id, at(201), &terms());
        }
        assert!(members.heard.len() <= MOST_NODES);
        assert_eq!(expected(&members, 201), None, "some were forgotten");
    }

    #[test]
    fn an_answer_before_the_question_counts_and_none_of_another_number() {
        let mut members = Membership::default();
        members.subscribed(at(0), &terms());
        for id in [1, 2] {
            members.message_received(id, at(200), &terms());
        }
        let mut answers = AckProgress::new(7);
        let are_all = |answers: &AckProgress<u16>| answers.is_complete(&members, at(200), &terms());
        answers.applied.extend([1, 2]);
        answers.echo_received(6, &terms());
        assert!(!are_all(&answers), "a message of before came back");
        answers.echo_received(7, &terms());
        assert!(are_all(&answers));
        answers.applied.remove(&2);
        assert!(!are_all(&answers));
    }
}
