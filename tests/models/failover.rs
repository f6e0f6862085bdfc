//! A node whose server no longer takes writes, or whose network loses messages without ending a
//! connection.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{Fault, Faults};
use crate::exhaustive::{Model, everywhere};
use crate::l2::bus::presence::{Heartbeat, Presence};
use crate::l2::bus::timings::BusTimings;

/// How long memory is trusted after an echo, in ticks.
const TRUST: u64 = 3;

/// The time is always this; everything else grows older.
const NOW: u64 = 1_000;

/// What becomes of the node's server when another takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Old {
    /// It is a replica, or refuses writes: it goes on passing messages on.
    TakesNoWrites,
    /// It does not know, and takes them.
    TakesWrites,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Invalidated,
    Echo(Tick),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    faults: Faults,
    old: Old,
    /// Whether the network may lose a message, and say nothing.
    loses_silently: bool,
    /// Whether another took its place.
    failed_over: bool,
    presence: Presence,
    queue: VecDeque<Message>,
    heartbeat: Option<Heartbeat>,
    /// When the value in memory was invalidated, as accepted by the server that takes writes.
    invalidated: Option<Tick>,
    has_old: bool,
}

fn tick(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn terms() -> BusTimings {
    BusTimings {
        liveness: Duration::from_nanos(TRUST),
        hello: Duration::from_nanos(2),
        window: Duration::from_nanos(TRUST + 2),
        wait: Duration::from_nanos(TRUST),
        faults: Faults::default(),
    }
}

impl World {
    fn new(old: Old, loses_silently: bool, fault: Option<Fault>) -> Self {
        let mut presence = Presence::default();
        presence.subscribed(1);
        Self {
            faults: Faults(fault),
            old,
            loses_silently,
            failed_over: false,
            presence,
            queue: VecDeque::new(),
            heartbeat: None,
            invalidated: None,
            has_old: true,
        }
    }

    fn later(&self) -> Self {
        let mut it = self.clone();
        let aged = |at: &mut Tick| *at = tick((at.nanos() - 1).max(NOW - TRUST - 3));
        it.presence.until = tick(it.presence.until.nanos().saturating_sub(1));
        if it.presence.until.nanos() <= NOW {
            it.presence.until = Tick::default();
        }
        if let Some((_, sent)) = &mut it.presence.hello {
            aged(sent);
        }
        if let Some(heartbeat) = &mut it.heartbeat {
            aged(&mut heartbeat.sent);
        }
        if let Some(at) = &mut it.invalidated {
            aged(at);
        }
        for message in &mut it.queue {
            if let Message::Echo(sent) = message {
                aged(sent);
            }
        }
        it
    }

    /// Whether its server carries out what is a write too.
    fn is_carried_out(&self) -> bool {
        !self.failed_over
            || self.old == Old::TakesWrites
            || self.faults.has(Fault::EchoWithoutWrite)
    }
}

impl Model for World {
    fn steps(&self, next: &mut impl FnMut(&'static str, Self)) {
        next("a tick", self.later());
        if !self.failed_over && !self.loses_silently {
            let mut it = self.clone();
            it.failed_over = true;
            next("another server takes its place", it);
        }
        if self.invalidated.is_none() && self.queue.len() < 3 {
            let mut it = self.clone();
            it.invalidated = Some(tick(NOW));
            if !self.failed_over {
                it.queue.push_back(Message::Invalidated);
            }
            next("the value is invalidated", it);
        }
        let mut it = self.clone();
        match self.heartbeat {
            None => {
                it.heartbeat = it.presence.heartbeat(tick(NOW), &terms());
                next("the node sends an echo", it);
            }
            Some(heartbeat) => {
                it.heartbeat = None;
                let has_room = self.queue.len() < 3;
                if self.is_carried_out() && has_room {
                    it.queue.push_back(Message::Echo(heartbeat.sent));
                    it.presence.accepted(heartbeat);
                    next("its server takes it", it);
                } else if !self.is_carried_out() {
                    next("its server refuses it", it);
                }
            }
        }
        if let Some(message) = self.queue.front().copied() {
            let mut it = self.clone();
            it.queue.pop_front();
            if self.loses_silently {
                next("the message is lost", it.clone());
            }
            match message {
                Message::Invalidated => it.has_old = false,
                Message::Echo(sent) => it.presence.confirm(1, sent, &terms()),
            }
            next("a message arrives", it);
        }
    }

    fn is_wrong(&self) -> bool {
        let bound = Duration::from_nanos(TRUST);
        let is_over = self
            .invalidated
            .is_some_and(|at| tick(NOW).since(at) >= bound);
        self.has_old && is_over && NOW < self.presence.until.nanos()
    }
}

#[test]
fn g5_a_server_that_takes_no_writes_is_not_heard() {
    everywhere(World::new(Old::TakesNoWrites, false, None)).holds("echoes with a write");
    let without = Some(Fault::EchoWithoutWrite);
    everywhere(World::new(Old::TakesNoWrites, false, without)).is_broken("echoes without");
}

/// These are assumed away (`docs/guarantees.md`), for nothing a node can do helps.
#[test]
fn g5_two_servers_that_take_writes_and_silent_losses_are_out_of_reach() {
    everywhere(World::new(Old::TakesWrites, false, None)).is_broken("two masters");
    everywhere(World::new(Old::TakesNoWrites, true, None)).is_broken("silent losses");
}
