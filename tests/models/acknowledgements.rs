//! A node that reads, a node that writes and waits for acknowledgements, and a server between them.
//! Messages of one subscription stay in order and may take any time. A subscription that ends loses
//! the messages on their way. Commands get lost, or run late.
//!
//! More nodes are not needed: the writer waits until a condition holds for each of the others. Time
//! passes in whole ticks. It is kept as ages, up to an age beyond which nothing changes, so that
//! the number of states is finite.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{Fault, Faults};
use crate::exhaustive::{Model, everywhere, is_thorough};
use crate::l2::bus::membership::{AckProgress, Membership};
use crate::l2::bus::presence::{Heartbeat, Presence};
use crate::l2::bus::timings::BusTimings;

/// The time is always this; everything else grows older.
const NOW: u64 = 1_000;

/// What there is to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Bounds {
    liveness: u64,
    hello: u64,
    window: u64,
    wait: u64,
    /// How often each of these may happen.
    invalidations: u8,
    reader_breaks: u8,
    writer_breaks: u8,
    restarts: u8,
    goodbyes: u8,
    /// Whether commands may get lost, or run when they were given up, and answers take their time.
    loses_commands: bool,
}

const PLAIN: Bounds = Bounds {
    liveness: 1,
    hello: 2,
    window: 2,
    wait: 1,
    invalidations: 1,
    reader_breaks: 0,
    writer_breaks: 0,
    restarts: 0,
    goodbyes: 0,
    loses_commands: false,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Hello(u8),
    Goodbye(u8),
    Applied(u8, u8),
    Invalidated(u8),
    Echo(u64, Tick),
}

/// How far one's subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    /// There is none, and it is known.
    Off,
    /// The server has it, and messages come.
    Connected,
    /// It is known too.
    Subscribed,
    /// It ended, which is not known yet.
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Link {
    stage: Stage,
    queue: VecDeque<Message>,
}

impl Link {
    fn new() -> Self {
        Self {
            stage: Stage::Off,
            queue: VecDeque::new(),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Connected | Stage::Subscribed)
    }

    /// Whether the server has room for one more of the kind; who sends waits for it.
    fn has_room(&self, is_same: impl Fn(&Message) -> bool) -> bool {
        !self.queue.iter().any(is_same)
    }

    fn push(&mut self, message: Message) {
        if self.is_open() {
            self.queue.push_back(message);
        }
    }

    fn lose(&mut self) {
        self.queue.clear();
        self.stage = if self.stage == Stage::Connected {
            Stage::Off
        } else {
            Stage::Broken
        };
    }
}

/// How far the writer's invalidation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Sent,
    Taken,
    Answered(Tick),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    answers: AckProgress<u8>,
    sent: Tick,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    bounds: Bounds,
    faults: Faults,
    /// Which invalidation the source's value comes after.
    version: u8,
    /// The reader: which of its lives this is, its memory, and its beat, which the server has taken
    /// or not.
    id: u8,
    presence: Presence,
    reading: Link,
    subscriptions: u64,
    memory: Option<u8>,
    heartbeat: Option<(Heartbeat, bool)>,
    /// Given up, and not run yet.
    stray: Option<(u8, Heartbeat)>,
    /// A goodbye that is on its way to the server.
    leaving: bool,
    /// The writer.
    members: Membership<u8>,
    writing: Link,
    asked: Option<Asked>,
    /// The last invalidation that returned and was certain.
    certain: u8,
}

fn tick(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn now() -> Tick {
    tick(NOW)
}

/// One tick older, but no older than what makes a difference.
fn age(at: &mut Tick, most: u64) {
    *at = tick((at.nanos() - 1).max(NOW - most));
}

impl World {
    fn new(bounds: Bounds, fault: Option<Fault>) -> Self {
        Self {
            bounds,
            faults: Faults(fault),
            version: 0,
            id: 0,
            presence: Presence::default(),
            reading: Link::new(),
            subscriptions: 0,
            memory: None,
            heartbeat: None,
            stray: None,
            leaving: false,
            members: Membership::default(),
            writing: Link::new(),
            asked: None,
            certain: 0,
        }
    }

    fn terms(&self) -> BusTimings {
        BusTimings {
            liveness: Duration::from_nanos(self.bounds.liveness),
            hello: Duration::from_nanos(self.bounds.hello),
            window: Duration::from_nanos(self.bounds.window),
            wait: Duration::from_nanos(self.bounds.wait),
            faults: self.faults,
        }
    }

    /// Everything grows older by one tick.
    fn later(&self) -> Self {
        let Bounds {
            liveness,
            hello,
            window,
            wait,
            ..
        } = self.bounds;
        let mut it = self.clone();
        let presence = &mut it.presence;
        presence.until = tick(presence.until.nanos().saturating_sub(1));
        if presence.until <= now() {
            presence.until = Tick::default();
        }
        if let Some((_, sent)) = &mut presence.hello {
            age(sent, hello);
        }
        if let Some((heartbeat, _)) = &mut it.heartbeat {
            age(&mut heartbeat.sent, hello.max(liveness));
        }
        if let Some((_, heartbeat)) = &mut it.stray {
            age(&mut heartbeat.sent, hello.max(liveness));
        }
        if let Some(since) = &mut it.members.since {
            age(since, window);
        }
        for heard in it.members.heard.values_mut() {
            age(&mut heard.at, window + 1);
        }
        for message in &mut it.reading.queue {
            if let Message::Echo(_, sent) = message {
                age(sent, liveness);
            }
        }
        if let Some(asked) = &mut it.asked {
            age(&mut asked.sent, wait);
            if let Phase::Answered(at) = &mut asked.phase {
                age(at, wait);
            }
        }
        it
    }

    /// The server takes a beat: hello and echo in one step.
    fn take(&mut self, id: u8, heartbeat: Heartbeat) {
        if heartbeat.says_hello {
            self.writing.push(Message::Hello(id));
        }
        if id == self.id {
            self.reading
                .push(Message::Echo(heartbeat.subscription, heartbeat.sent));
        }
    }

    fn has_room_for_a_beat(&self) -> bool {
        self.reading.has_room(|it| matches!(it, Message::Echo(..)))
            && self.writing.has_room(|it| matches!(it, Message::Hello(_)))
    }

    fn reader_links(&self, next: &mut impl FnMut(&'static str, Self)) {
        let mut it = self.clone();
        match self.reading.stage {
            Stage::Off => {
                it.reading.stage = Stage::Connected;
                next("the reader connects", it);
            }
            Stage::Connected => {
                it.reading.stage = Stage::Subscribed;
                it.subscriptions += 1;
                it.memory = None;
                it.presence.subscribed(it.subscriptions);
                next("the reader is subscribed", it);
            }
            Stage::Broken => {
                it.reading.stage = Stage::Off;
                it.presence.unsubscribed(&self.terms());
                next("the reader notices that its subscription ended", it);
            }
            Stage::Subscribed => {}
        }
        if self.reading.is_open() && self.bounds.reader_breaks > 0 {
            let mut it = self.clone();
            it.bounds.reader_breaks -= 1;
            it.reading.lose();
            next("the reader's subscription ends", it);
        }
    }

    fn writer_links(&self, next: &mut impl FnMut(&'static str, Self)) {
        let mut it = self.clone();
        match self.writing.stage {
            Stage::Off => {
                it.writing.stage = Stage::Connected;
                next("the writer connects", it);
            }
            Stage::Connected => {
                it.writing.stage = Stage::Subscribed;
                it.members.subscribed(now(), &self.terms());
                next("the writer is subscribed", it);
            }
            Stage::Broken => {
                it.writing.stage = Stage::Off;
                it.members.unsubscribed(&self.terms());
                next("the writer notices that its subscription ended", it);
            }
            Stage::Subscribed => {}
        }
        if self.writing.is_open() && self.bounds.writer_breaks > 0 {
            let mut it = self.clone();
            it.bounds.writer_breaks -= 1;
            it.writing.lose();
            next("the writer's subscription ends", it);
        }
    }

    fn beats(&self, next: &mut impl FnMut(&'static str, Self)) {
        let mut it = self.clone();
        match self.heartbeat {
            None => {
                if let Some(heartbeat) = it.presence.heartbeat(now(), &self.terms()) {
                    it.heartbeat = Some((heartbeat, false));
                    let step = if heartbeat.says_hello {
                        "the reader sends hello and echo"
                    } else {
                        "the reader sends an echo"
                    };
                    next(step, it);
                }
            }
            Some((heartbeat, false)) => {
                if self.has_room_for_a_beat() {
                    it.take(self.id, heartbeat);
                    if self.bounds.loses_commands {
                        it.heartbeat = Some((heartbeat, true));
                    } else {
                        it.presence.accepted(heartbeat);
                        it.heartbeat = None;
                    }
                    next("the server takes it", it);
                }
                if self.bounds.loses_commands && self.stray.is_none() {
                    let mut it = self.clone();
                    it.stray = Some((self.id, heartbeat));
                    it.heartbeat = None;
                    next("the reader gives it up", it);
                }
            }
            Some((heartbeat, true)) => {
                it.presence.accepted(heartbeat);
                it.heartbeat = None;
                next("the reader is answered", it);
                if self.bounds.loses_commands {
                    let mut it = self.clone();
                    it.heartbeat = None;
                    next("the answer is lost", it);
                }
            }
        }
        if let Some((id, heartbeat)) = self.stray {
            let mut it = self.clone();
            it.stray = None;
            next("what was given up is lost", it.clone());
            if self.has_room_for_a_beat() {
                it.take(id, heartbeat);
                next("the server takes what was given up", it);
            }
        }
    }

    fn reads(&self, next: &mut impl FnMut(&'static str, Self)) {
        let is_trusted = now() < self.presence.until;
        let is_of_use = self
            .memory
            .is_none_or(|it| it < self.version && !is_trusted);
        // What nobody invalidates any more is never old.
        if is_of_use && self.may_be_invalidated() {
            let mut it = self.clone();
            it.memory = Some(self.version);
            next("the reader reads", it);
        }
        let Some(message) = self.reading.queue.front().copied() else {
            return;
        };
        if !self.reading.is_open() {
            return;
        }
        let mut it = self.clone();
        it.reading.queue.pop_front();
        match message {
            Message::Echo(subscription, sent) => {
                it.presence.confirm(subscription, sent, &self.terms());
                next("the echo comes back", it);
            }
            Message::Invalidated(number) => {
                if it.memory.is_some_and(|version| version < number) {
                    it.memory = None;
                }
                next("the reader applies it, and its word is lost", it.clone());
                it.writing.push(Message::Applied(it.id, number));
                next("the reader applies it and says so", it);
            }
            _ => {}
        }
    }

    fn ends(&self, next: &mut impl FnMut(&'static str, Self)) {
        if self.bounds.restarts > 0 {
            let mut it = Self {
                id: self.id + 1,
                presence: Presence::default(),
                reading: Link::new(),
                memory: None,
                heartbeat: None,
                leaving: false,
                ..self.clone()
            };
            it.bounds.restarts -= 1;
            if let Some((heartbeat, false)) = self.heartbeat
                && self.stray.is_none()
            {
                it.stray = Some((self.id, heartbeat));
            }
            next("the reader restarts", it);
        }
        if self.leaving {
            let mut it = self.clone();
            it.leaving = false;
            it.writing.push(Message::Goodbye(it.id));
            next("the server takes the goodbye", it);
        } else if self.bounds.goodbyes > 0 {
            let mut it = self.clone();
            it.bounds.goodbyes -= 1;
            it.presence.leave(&self.terms());
            it.leaving = true;
            next("the reader says goodbye", it);
        }
    }

    fn hears(&self, next: &mut impl FnMut(&'static str, Self)) {
        let Some(message) = self.writing.queue.front().copied() else {
            return;
        };
        if !self.writing.is_open() {
            return;
        }
        let mut it = self.clone();
        it.writing.queue.pop_front();
        let terms = self.terms();
        let answers = it.asked.as_mut().map(|asked| &mut asked.answers);
        match message {
            Message::Hello(id) => {
                it.members.hello_received(id, now(), &terms);
                next("the writer hears hello", it);
            }
            Message::Goodbye(id) => {
                it.members.goodbye_received(id, now(), &terms);
                next("the writer hears goodbye", it);
            }
            Message::Applied(id, number) => {
                if let Some(answers) = answers
                    && answers.number == u64::from(number)
                {
                    answers.applied.insert(id);
                }
                it.members.message_received(id, now(), &terms);
                next("the writer hears that it was applied", it);
            }
            Message::Invalidated(number) => {
                if let Some(answers) = answers {
                    answers.echo_received(u64::from(number), &terms);
                }
                next("the writer's message comes back", it);
            }
            Message::Echo(..) => {}
        }
    }

    fn may_be_invalidated(&self) -> bool {
        let is_on_its_way = |asked: &Asked| asked.phase == Phase::Sent;
        self.bounds.invalidations > 0 || self.asked.as_ref().is_some_and(is_on_its_way)
    }

    /// Whether nothing can go wrong any more.
    fn is_over(&self) -> bool {
        let is_old = self.memory.is_some_and(|version| version < self.version);
        !self.may_be_invalidated() && !is_old
    }

    fn invalidates(&self, next: &mut impl FnMut(&'static str, Self)) {
        let mut it = self.clone();
        let Some(asked) = &self.asked else {
            if self.bounds.invalidations > 0 {
                it.bounds.invalidations -= 1;
                it.asked = Some(Asked {
                    answers: AckProgress::new(u64::from(self.version + 1)),
                    sent: now(),
                    phase: Phase::Sent,
                });
                next("the writer invalidates", it);
            }
            return;
        };
        let change = |it: &mut Self, phase| {
            if let Some(asked) = &mut it.asked {
                asked.phase = phase;
            }
        };
        match asked.phase {
            Phase::Sent => {
                it.version += 1;
                it.reading.push(Message::Invalidated(it.version));
                it.writing.push(Message::Invalidated(it.version));
                let is_answered = !self.bounds.loses_commands;
                let answered = Phase::Answered(now());
                change(&mut it, if is_answered { answered } else { Phase::Taken });
                next("the server takes the invalidation", it);
            }
            Phase::Taken => {
                change(&mut it, Phase::Answered(now()));
                next("the writer is answered", it);
            }
            Phase::Answered(at) => {
                let (terms, answers) = (self.terms(), &asked.answers);
                let sent = asked.sent;
                let end = AckProgress::<u8>::waits_until(sent, at, &terms);
                it.asked = None;
                it.certain = self.version;
                if answers.is_complete(&self.members, now(), &terms) {
                    next("all have applied it, says the writer", it);
                } else if now() >= end {
                    answers.give_up(&mut it.members, &terms);
                    next("the writer has waited long enough", it);
                }
            }
        }
    }
}

impl Model for World {
    fn steps(&self, next: &mut impl FnMut(&'static str, Self)) {
        if self.is_over() {
            return;
        }
        next("a tick", self.later());
        self.reader_links(next);
        self.writer_links(next);
        self.beats(next);
        self.reads(next);
        self.ends(next);
        self.hears(next);
        self.invalidates(next);
    }

    fn is_wrong(&self) -> bool {
        let is_old = self.memory.is_some_and(|version| version < self.certain);
        is_old && now() < self.presence.until
    }
}

/// Searched with all rules, and without this one.
#[track_caller]
fn needs(bounds: Bounds, fault: Fault) {
    everywhere(World::new(bounds, Some(fault))).is_broken(fault);
}

#[track_caller]
fn holds(what: &str, bounds: Bounds) {
    everywhere(World::new(bounds, None)).holds(what);
}

#[test]
fn g6_what_is_certain_is_served_by_nobody() {
    holds("nothing happens", PLAIN);
    let twice = Bounds {
        invalidations: 2,
        ..PLAIN
    };
    holds("two invalidations, words lost", twice);
    let reader = Bounds {
        reader_breaks: 1,
        ..PLAIN
    };
    holds("the reader's subscription ends", reader);
    let writer = Bounds {
        writer_breaks: 1,
        ..PLAIN
    };
    holds("the writer's subscription ends", writer);
    let commands = Bounds {
        loses_commands: true,
        ..PLAIN
    };
    holds("commands get lost, or run late", commands);
    let leaves = Bounds {
        goodbyes: 1,
        restarts: 1,
        ..PLAIN
    };
    holds("the reader says goodbye and restarts", leaves);
}

#[test]
fn g6_it_holds_for_other_lengths_and_several_mishaps() {
    if !is_thorough() {
        return holds("another length", with(2, 2, PLAIN));
    }
    for (liveness, hello) in [(1, 1), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3), (4, 3)] {
        let both = Bounds {
            reader_breaks: 1,
            writer_breaks: 1,
            ..with(liveness, hello, PLAIN)
        };
        holds("both subscriptions end", both);
    }
    let everything = Bounds {
        invalidations: 2,
        reader_breaks: 1,
        writer_breaks: 1,
        restarts: 1,
        goodbyes: 1,
        loses_commands: true,
        ..PLAIN
    };
    holds("all of it", everything);
}

/// The same for other lengths. In whole ticks a hello that counts is younger than `hello` by one.
fn with(liveness: u64, hello: u64, bounds: Bounds) -> Bounds {
    Bounds {
        liveness,
        hello,
        window: liveness + hello - 1,
        wait: liveness,
        ..bounds
    }
}

#[test]
fn g6_the_lengths_are_the_shortest_that_hold() {
    for (liveness, hello) in [(1, 2), (2, 1)] {
        let exact = with(liveness, hello, PLAIN);
        let shorter = Bounds {
            window: exact.window - 1,
            ..exact
        };
        everywhere(World::new(shorter, None)).is_broken(("a shorter window", liveness, hello));
        let sooner = Bounds {
            wait: exact.wait - 1,
            ..exact
        };
        everywhere(World::new(sooner, None)).is_broken(("a shorter wait", liveness, hello));
    }
}

#[test]
fn each_rule_of_the_reader_is_needed() {
    needs(PLAIN, Fault::NoHello);
    needs(PLAIN, Fault::SeldomHello);
    let commands = Bounds {
        loses_commands: true,
        ..PLAIN
    };
    needs(commands, Fault::HelloUnanswered);
    let breaks = Bounds {
        reader_breaks: 1,
        ..PLAIN
    };
    needs(breaks, Fault::EchoBetween);
    let leaves = Bounds {
        goodbyes: 1,
        ..PLAIN
    };
    needs(leaves, Fault::TrustAfterGoodbye);
}

#[test]
fn each_rule_of_the_writer_is_needed() {
    needs(PLAIN, Fault::NoOwnMessage);
    needs(PLAIN, Fault::WaitFromSending);
    let twice = Bounds {
        invalidations: 2,
        ..PLAIN
    };
    needs(twice, Fault::AnyOwnMessage);
    needs(twice, Fault::ForgetSilent);
    let breaks = Bounds {
        writer_breaks: 1,
        ..PLAIN
    };
    needs(breaks, Fault::OldWindow);
}
