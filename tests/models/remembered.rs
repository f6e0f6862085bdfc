//! Versions that a process remembers of the masters of a Redis Cluster
//! (`docs/decisions/0019-cluster.md`), as a model whose every state is visited: one invalidation of a
//! tag on one node, one computation that stores a value with the tag, and two look-ups on either
//! node. A step is one command or script at one master, one message, or one step in memory.
//!
//! The entry is at one master, and the tag with its guard at another. Answers and messages may be
//! late. Each rule is a switch, and a search without it must find a violation.

use crate::exhaustive::{Model, everywhere, is_thorough};

/// The node that invalidates, and the node that hears of it.
const WRITER: usize = 0;
const HEARER: usize = 1;

/// A rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Without {
    Nothing,
    /// The message is sent before the removal is answered.
    RemovalFirst,
    /// In a slot that moves, the tag is removed before its guard.
    GuardFirst,
    /// The guard is read after the body.
    GuardBeforeBody,
    /// The guard is compared, and then the tag's version is read.
    OneStep,
    /// A message is applied before the versions of its names are forgotten.
    ForgetBeforeApplying,
    /// The process that invalidates forgets the version before its removal, and not after it.
    ForgetAfterRemoval,
    /// An answer is remembered although its version was forgotten after the question.
    ForgottenSinceQuestion,
    /// Nothing is forgotten after an interruption.
    ForgetAtInterruption,
    /// A version that was remembered after the grant is taken for one of the grant.
    RememberedBeforeGrant,
}

/// The servers. A version is a number, and no number is used twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Redis {
    tag: Option<u8>,
    guard: Option<u8>,
    made: u8,
    /// The value, and the version of the tag that it lists.
    entry: Option<(u8, u8)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Node {
    /// The version of the tag, and whether it was remembered before the grant.
    remembered: Option<(u8, bool)>,
    memory: Option<u8>,
    /// A call that begins now gets nothing older.
    floor: u8,
}

impl Node {
    fn version(&self) -> Option<u8> {
        self.remembered.map(|(version, _)| version)
    }
}

/// The progress of the invalidation, in steps of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Act {
    Commit,
    RemoveBoth,
    RemoveTag,
    RemoveGuard,
    Forget,
    Tell,
    Return,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Look {
    Idle,
    Begun,
    Good(u8),
    Done,
}

#[expect(clippy::option_option, reason = "an answer may be that there is none")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LookUp {
    node: usize,
    at: Look,
    floor: u8,
    /// Memory was not invalidated since it began, so what it reads is inserted.
    may_insert: bool,
    /// The node has forgotten nothing since the tag was asked for.
    may_remember: bool,
    /// The tag is not asked for, because its version is remembered.
    is_skipped: bool,
    /// The answers of the masters.
    entry: Option<Option<(u8, u8)>>,
    tag: Option<Option<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Idle,
    /// The tag's master was asked, and has answered or not.
    Asked(Option<u8>),
    Granted,
    Computed,
    /// The guard was compared, and the tag not read yet.
    Compared,
    /// The version of the tag is on its way.
    LateRead,
    Confirmed,
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Store {
    node: usize,
    /// The tag comes from the value.
    is_late: bool,
    at: Stage,
    /// The node has forgotten nothing since the tag was asked for.
    may_remember: bool,
    tag: Option<u8>,
    guard: Option<u8>,
    value: u8,
}

#[expect(clippy::struct_excessive_bools, reason = "each may change by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    without: Without,
    source: u8,
    redis: Redis,
    nodes: [Node; 2],
    /// The steps of the invalidation that are left, the next one last.
    acts: Vec<Act>,
    was_told: bool,
    /// A message is on its way to the hearer; it was heard, and half of it is done.
    message: bool,
    is_half_done: bool,
    is_connected: bool,
    may_break: bool,
    may_lose: bool,
    looks: [LookUp; 2],
    store: Store,
    is_wrong: bool,
}

/// The variants that are searched.
#[expect(clippy::struct_excessive_bools, reason = "each may change by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scene {
    looks: [usize; 2],
    store: usize,
    is_late: bool,
    /// The slot of the tag is on its way to another master.
    moves: bool,
    /// Both nodes remember the version at the start.
    is_warm: bool,
    may_break: bool,
    may_lose: bool,
}

impl Scene {
    fn start(self, without: Without) -> World {
        let remembered = self.is_warm.then_some((1, true));
        let node = Node {
            remembered,
            ..Node::default()
        };
        let look = |node| LookUp {
            node,
            at: Look::Idle,
            floor: 0,
            may_insert: false,
            may_remember: false,
            is_skipped: false,
            entry: None,
            tag: None,
        };
        World {
            without,
            source: 0,
            redis: Redis {
                tag: Some(1),
                guard: Some(2),
                made: 2,
                entry: Some((0, 1)),
            },
            nodes: [node.clone(), node],
            acts: self.acts(without),
            was_told: false,
            message: false,
            is_half_done: false,
            is_connected: true,
            may_break: self.may_break,
            may_lose: self.may_lose,
            looks: self.looks.map(look),
            store: Store {
                node: self.store,
                is_late: self.is_late,
                at: Stage::Idle,
                may_remember: false,
                tag: None,
                guard: None,
                value: 0,
            },
            is_wrong: false,
        }
    }

    /// Returns `true` if `other` has every order of this scene, and more. In a slot that moves, the
    /// removals may still follow each other at once, and what may break or be lost need not.
    fn is_part_of(self, other: Self) -> bool {
        let has_more = Self {
            moves: self.moves || other.moves,
            may_break: self.may_break || other.may_break,
            may_lose: self.may_lose || other.may_lose,
            ..self
        };
        self != other && has_more == other
    }

    fn acts(self, without: Without) -> Vec<Act> {
        let removal = match (self.moves, without) {
            (true, Without::GuardFirst) => vec![Act::RemoveTag, Act::RemoveGuard],
            (true, _) => vec![Act::RemoveGuard, Act::RemoveTag],
            (false, _) => vec![Act::RemoveBoth],
        };
        let order = match without {
            Without::RemovalFirst => [&[Act::Tell], &removal[..], &[Act::Forget]].concat(),
            Without::ForgetAfterRemoval => [&[Act::Forget], &removal[..], &[Act::Tell]].concat(),
            _ => [&removal[..], &[Act::Forget, Act::Tell]].concat(),
        };
        let mut acts = [&[Act::Commit], &order[..], &[Act::Return]].concat();
        acts.reverse();
        acts
    }
}

impl LookUp {
    fn end(&mut self) {
        *self = Self {
            node: self.node,
            at: Look::Done,
            floor: 0,
            may_insert: false,
            may_remember: false,
            is_skipped: false,
            entry: None,
            tag: None,
        };
    }
}

impl Redis {
    /// Returns the version of the tag, which is made if it is missing.
    fn make_tag(&mut self) -> u8 {
        if self.tag.is_none() {
            self.made += 1;
            self.tag = Some(self.made);
        }
        self.tag.unwrap_or_default()
    }

    fn make_guard(&mut self) -> u8 {
        if self.guard.is_none() {
            self.made += 1;
            self.guard = Some(self.made);
        }
        self.guard.unwrap_or_default()
    }
}

impl World {
    fn forget(&mut self, node: usize) {
        self.nodes[node].remembered = None;
        for look in self.looks.iter_mut().filter(|look| look.node == node) {
            look.may_remember = false;
        }
        self.store.may_remember &= self.store.node != node;
    }

    /// Invalidates the memory of a node.
    fn apply(&mut self, node: usize) {
        self.nodes[node].memory = None;
        for look in self.looks.iter_mut().filter(|look| look.node == node) {
            look.may_insert = false;
        }
    }

    /// An answer of the tag's master arrives at a node.
    fn remember(&mut self, node: usize, tag: Option<u8>, may_remember: bool) {
        let is_granted = self.store.node == node && self.store.at != Stage::Idle;
        if let Some(tag) = tag
            && (may_remember || self.without == Without::ForgottenSinceQuestion)
        {
            let known = self.nodes[node].remembered;
            let known = known.filter(|(version, _)| *version == tag);
            self.nodes[node].remembered = known.or(Some((tag, !is_granted)));
        }
    }

    fn invalidates(&self, next: &mut impl FnMut(&'static str, Self)) {
        let mut it = self.clone();
        let Some(act) = it.acts.pop() else {
            return;
        };
        let step = match act {
            Act::Commit => {
                it.source = 1;
                it.apply(WRITER);
                "the writer commits"
            }
            Act::RemoveBoth => {
                (it.redis.tag, it.redis.guard) = (None, None);
                "the writer removes the tag and its guard"
            }
            Act::RemoveTag => {
                it.redis.tag = None;
                "the writer removes the tag"
            }
            Act::RemoveGuard => {
                it.redis.guard = None;
                "the writer removes the guard"
            }
            Act::Forget => {
                it.forget(WRITER);
                "the writer forgets"
            }
            Act::Tell => {
                it.was_told = true;
                it.message = self.is_connected;
                "the writer sends the message"
            }
            Act::Return => {
                it.apply(WRITER);
                it.nodes[WRITER].floor = 1;
                "the invalidation returns"
            }
        };
        next(step, it);
    }

    fn hears(&self, next: &mut impl FnMut(&'static str, Self)) {
        if self.message {
            let mut it = self.clone();
            let forgets_first = self.without != Without::ForgetBeforeApplying;
            if forgets_first == self.is_half_done {
                it.apply(HEARER);
                it.nodes[HEARER].floor = 1;
            } else {
                it.forget(HEARER);
            }
            it.message = !self.is_half_done;
            it.is_half_done = !self.is_half_done;
            next("the hearer does one half of what the message says", it);
        }
        if self.may_break && !self.is_half_done {
            let mut it = self.clone();
            (it.may_break, it.is_connected, it.message) = (false, false, false);
            next("the subscription ends", it);
        }
        if !self.is_connected {
            let mut it = self.clone();
            it.is_connected = true;
            if self.without != Without::ForgetAtInterruption {
                it.forget(HEARER);
            }
            it.apply(HEARER);
            let hearer = &mut it.nodes[HEARER];
            hearer.floor = hearer.floor.max(u8::from(self.was_told));
            next("the next subscription begins", it);
        }
        if self.may_lose {
            let mut it = self.clone();
            it.may_lose = false;
            it.redis.tag = None;
            next("the tag's master evicts its version", it);
        }
    }

    fn looks_up(&self, index: usize, next: &mut impl FnMut(&'static str, Self)) {
        let look = &self.looks[index];
        let node = &self.nodes[look.node];
        let mut it = self.clone();
        let its = &mut it.looks[index];
        match look.at {
            // Of two that are alike, the first one begins first.
            Look::Idle if index > 0 && self.looks[index - 1] == *look => {}
            Look::Idle => {
                if let Some(value) = node.memory {
                    its.end();
                    it.is_wrong |= value < node.floor;
                    return next("a look-up finds it in memory", it);
                }
                its.at = Look::Begun;
                (its.floor, its.may_insert, its.may_remember) = (node.floor, true, true);
                its.is_skipped = node.version().is_some();
                next("a look-up begins", it);
            }
            Look::Begun => self.reads(index, next),
            Look::Good(value) => {
                its.end();
                if look.may_insert && node.memory.is_none() {
                    it.nodes[look.node].memory = Some(value);
                }
                it.is_wrong |= value < look.floor;
                next("a look-up returns what it read", it);
            }
            Look::Done => {}
        }
    }

    /// The steps of a look-up that asks the masters.
    fn reads(&self, index: usize, next: &mut impl FnMut(&'static str, Self)) {
        let look = &self.looks[index];
        let node = &self.nodes[look.node];
        if look.entry.is_none() {
            let mut it = self.clone();
            it.looks[index].entry = Some(self.redis.entry);
            next("the entry's master answers a look-up", it);
        }
        if look.tag.is_none() && !look.is_skipped {
            let mut it = self.clone();
            it.looks[index].tag = Some(self.redis.tag);
            next("the tag's master answers a look-up", it);
            // A look-up that may compute has a missing version made.
            if self.redis.tag.is_none() {
                let mut it = self.clone();
                it.looks[index].tag = Some(Some(it.redis.make_tag()));
                next("the tag's master makes a version for a look-up", it);
            }
        }
        let Some(entry) = look.entry else {
            return;
        };
        let mut it = self.clone();
        let its = &mut it.looks[index];
        if look.is_skipped {
            // Unless the version confirms the entry, the tag's master is asked now.
            (its.is_skipped, its.may_remember) = (false, true);
            match entry {
                None => its.end(),
                Some((value, listed)) if node.version() == Some(listed) => {
                    its.at = Look::Good(value);
                }
                Some(_) => {}
            }
            return next("a look-up compares what is remembered", it);
        }
        if let Some(tag) = look.tag {
            match entry {
                Some((value, listed)) if tag == Some(listed) => its.at = Look::Good(value),
                _ => its.end(),
            }
            it.remember(look.node, tag, look.may_remember);
            next("a look-up compares the answers", it);
        }
    }

    fn stores(&self, next: &mut impl FnMut(&'static str, Self)) {
        let (store, node) = (&self.store, &self.nodes[self.store.node]);
        let mut it = self.clone();
        let its = &mut it.store;
        match store.at {
            Stage::Idle if store.is_late => {
                if self.without != Without::GuardBeforeBody {
                    its.guard = Some(it.redis.make_guard());
                }
                its.at = Stage::Granted;
                next("the right to compute is granted, with the guard", it);
            }
            Stage::Idle => {
                its.may_remember = true;
                its.tag = node.version();
                its.at = match its.tag {
                    Some(_) => Stage::Granted,
                    None => Stage::Asked(None),
                };
                next("the right to compute is asked for", it);
            }
            Stage::Asked(None) => {
                its.at = Stage::Asked(Some(it.redis.make_tag()));
                next("the tag's master answers the request", it);
            }
            Stage::Asked(tag) => {
                (its.tag, its.at) = (tag, Stage::Granted);
                it.remember(store.node, tag, store.may_remember);
                next("the right to compute is granted", it);
            }
            Stage::Granted => {
                (its.value, its.at) = (self.source, Stage::Computed);
                next("the body reads the source", it);
            }
            Stage::Computed if store.is_late => self.late(next),
            Stage::Computed => {
                let is_same = node.version() == store.tag || self.redis.tag == store.tag;
                its.at = if is_same {
                    Stage::Confirmed
                } else {
                    Stage::Done
                };
                next("the versions of the grant are compared", it);
            }
            Stage::Compared => {
                its.tag = Some(it.redis.make_tag());
                its.at = Stage::Confirmed;
                next("the tag's version is read", it);
            }
            Stage::LateRead => {
                its.at = Stage::Confirmed;
                it.remember(store.node, store.tag, store.may_remember);
                next("the tag's version arrives", it);
            }
            Stage::Confirmed => {
                (its.tag, its.guard, its.at) = (None, None, Stage::Done);
                it.redis.entry = store.tag.map(|tag| (store.value, tag));
                next("the entry's master stores the value", it);
            }
            Stage::Done => {}
        }
    }

    /// The version of a tag that the value has.
    fn late(&self, next: &mut impl FnMut(&'static str, Self)) {
        let (store, node) = (&self.store, &self.nodes[self.store.node]);
        let mut it = self.clone();
        let its = &mut it.store;
        if store.guard.is_none() {
            its.guard = Some(it.redis.make_guard());
            return next("the guard is read", it);
        }
        let may_be_late = self.without == Without::RememberedBeforeGrant;
        if let Some((tag, is_of_grant)) = node.remembered
            && (is_of_grant || may_be_late)
        {
            (its.tag, its.at) = (Some(tag), Stage::Confirmed);
            return next("the tag's version is remembered", it);
        }
        if store.guard != self.redis.guard {
            its.at = Stage::Done;
            return next("the guard has moved", it);
        }
        if self.without == Without::OneStep {
            its.at = Stage::Compared;
            return next("the guard is compared", it);
        }
        its.may_remember = true;
        its.tag = Some(it.redis.make_tag());
        its.at = Stage::LateRead;
        next("the guard is compared, and the tag's version read", it);
    }
}

impl Model for World {
    fn steps(&self, next: &mut impl FnMut(&'static str, Self)) {
        self.invalidates(next);
        self.hears(next);
        for index in 0..2 {
            self.looks_up(index, next);
        }
        self.stores(next);
    }

    fn is_wrong(&self) -> bool {
        let is_old = |node: &Node| node.memory.is_some_and(|value| value < node.floor);
        self.is_wrong || self.nodes.iter().any(is_old)
    }
}

/// Returns all scenes. Those in which a server loses a version, or the look-ups are on two nodes, are
/// searched with larger bounds only.
fn scenes() -> Vec<Scene> {
    let both = [false, true];
    let looks = [[WRITER; 2], [HEARER; 2], [WRITER, HEARER]];
    let kinds = [(false, false), (true, false), (true, true)];
    let mut scenes = vec![];
    for looks in &looks[..if is_thorough() { 3 } else { 2 }] {
        for (is_late, moves) in kinds {
            for (store, is_warm) in both.map(usize::from).into_iter().zip(both) {
                let scene = Scene {
                    looks: *looks,
                    store,
                    is_late,
                    moves,
                    is_warm,
                    may_break: false,
                    may_lose: false,
                };
                scenes.extend([
                    scene,
                    Scene {
                        is_warm: !is_warm,
                        ..scene
                    },
                ]);
                if looks.contains(&HEARER) {
                    scenes.push(Scene {
                        may_break: true,
                        ..scene
                    });
                }
                if is_thorough() {
                    scenes.push(Scene {
                        may_lose: true,
                        ..scene
                    });
                }
            }
        }
    }
    scenes
}

#[test]
fn nobody_keeps_or_gets_what_was_invalidated_before() {
    let scenes = scenes();
    let is_part = |scene: &Scene| scenes.iter().any(|other| scene.is_part_of(*other));
    for scene in scenes.iter().copied().filter(|scene| !is_part(scene)) {
        everywhere(scene.start(Without::Nothing)).holds(scene);
    }
}

/// The scenes in which a rule matters.
fn scenes_of(without: Without) -> Vec<Scene> {
    let is_late = matches!(
        without,
        Without::GuardFirst
            | Without::GuardBeforeBody
            | Without::OneStep
            | Without::RememberedBeforeGrant
    );
    let mut scenes = scenes();
    scenes.retain(|scene| {
        scene.is_late == is_late
            && scene.moves == (without == Without::GuardFirst)
            && scene.may_break == (without == Without::ForgetAtInterruption)
    });
    scenes
}

#[test]
fn each_order_that_is_left_out_is_found() {
    for without in [
        Without::RemovalFirst,
        Without::GuardFirst,
        Without::GuardBeforeBody,
        Without::OneStep,
        Without::ForgetBeforeApplying,
        Without::ForgetAfterRemoval,
        Without::ForgottenSinceQuestion,
        Without::ForgetAtInterruption,
        Without::RememberedBeforeGrant,
    ] {
        let scenes = scenes_of(without).into_iter();
        let mut found = scenes.map(|scene| everywhere(scene.start(without)));
        let broken = found.find(|found| found.wrong.is_some());
        broken
            .unwrap_or_else(|| panic!("{without:?} makes no difference"))
            .is_broken(without);
    }
}
