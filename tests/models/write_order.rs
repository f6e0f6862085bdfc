//! Writes with an order (`cachekit/src/write/put.rs`), as a model whose every state is visited: two
//! writes on one node or on two, calls, an invalidation, losses in either tier, and late messages.
//! A step is one script in Redis, one message, or one step in memory.
//!
//! "Holds" is searched to the end. Each rule is a switch, and a search without it must find a
//! violation. The shortest interleaving is printed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Calls on each node. `CACHEKIT_CALLS` may say another number: then what begins empty is searched
/// with them too, which takes minutes.
const CALLS: usize = 1;

/// Messages that are on their way to a node at once; who sends one more waits.
const ON_THE_WAY: usize = 2;

/// A rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Nothing,
    /// A write's flight is entered when its answer is there, and not before Redis is asked.
    EarlyFlight,
    /// What Redis stored is inserted although the flight was taken out of the table.
    FlightInTable,
    /// A value is inserted although Redis has not said that it stored it.
    Stored,
    /// Who finds the flight taken out leaves memory as it is.
    DropWhereGrounded,
    /// Who is told that a newer one is there leaves memory as it is.
    DropWhereOlder,
    /// Who does not learn what came of it leaves memory as it is.
    DropWhereUnknown,
    /// Who knows of a newer one that is under way leaves it to that to tell Redis.
    FillWhereOutdone,
    /// Redis compares orders and no generations.
    Generation,
    /// Redis compares no orders.
    Order,
    /// The number is the write's own, and not made by its body.
    OwnNumbers,
}

/// A value: the state of the source that it shows, and whether a write with an order made it.
type Value = Option<(u8, bool)>;

/// Zero where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Token {
    generation: u8,
    own: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Idle,
    Begun,
    Committed,
    /// Its flight is in the table, and Redis not asked yet.
    Boarded,
    Answered(Answer),
    /// Here it took place, and Redis has to be told.
    Owing,
    /// The same, and after that it takes place here again.
    Removing,
    Removed,
    /// Of a call: it has a value for memory.
    Found,
    /// In memory, and not in Redis yet.
    Landed,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    Stored,
    Older,
    Refused,
    Unknown,
}

/// A write, a call, or an invalidation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Actor {
    at: At,
    node: usize,
    token: Token,
    /// What it wrote, or found.
    has: Value,
    /// Of a write: an invalidation came in between, here.
    is_spoilt: bool,
    /// Of a write: its value may be stored, and is not out of use.
    is_landing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    source: u8,
    redis: (Token, Value),
    memory: [Value; 2],
    /// Whose flight is in the table of each node.
    flights: [Option<usize>; 2],
    /// The greatest number that was about to be stored on each node, while writes overlap there.
    newest: [u8; 2],
    /// On their way to each node: whether it is an invalidation, and of what.
    messages: [Vec<(bool, u8)>; 2],
    /// Nothing older may be in the memory of each node, and in Redis.
    floors: [u8; 3],
    actors: Vec<Actor>,
    /// Losses that may still happen: in Redis, and in memory.
    losses: [bool; 2],
}

/// What is searched.
#[derive(Debug, Clone)]
struct Scene {
    /// On which nodes the writes are.
    writes: Vec<usize>,
    calls: usize,
    /// Where something is invalidated.
    invalidation: Option<usize>,
    losses: [bool; 2],
    /// Something old is everywhere.
    is_warm: bool,
    without: Without,
}

const REDIS: usize = 2;

impl Scene {
    fn of(writes: &[usize], without: Without) -> Self {
        Self {
            writes: writes.to_vec(),
            calls: 0,
            invalidation: None,
            losses: [false; 2],
            is_warm: true,
            without,
        }
    }

    fn start(&self) -> State {
        let actor = |node| Actor {
            at: At::Idle,
            node,
            token: Token::default(),
            has: None,
            is_spoilt: false,
            is_landing: false,
        };
        let calls = [0, 1].into_iter().flat_map(|node| vec![node; self.calls]);
        let nodes = self.writes.iter().copied().chain(calls);
        let old = self.is_warm.then_some((0, false));
        let token = Token {
            generation: u8::from(self.is_warm),
            own: u8::from(self.is_warm),
        };
        State {
            source: 0,
            redis: (token, old),
            memory: [old; 2],
            flights: [None; 2],
            newest: [0; 2],
            messages: [vec![], vec![]],
            floors: [0; 3],
            actors: nodes.chain(self.invalidation).map(actor).collect(),
            losses: self.losses,
        }
    }

    fn is_write(&self, actor: usize) -> bool {
        actor < self.writes.len()
    }

    fn is_call(&self, actor: usize) -> bool {
        !self.is_write(actor) && actor < self.writes.len() + 2 * self.calls
    }

    /// Every state that may come after `state`, and by what.
    fn after(&self, state: &State) -> Vec<(String, State)> {
        let mut after = vec![];
        for index in 0..state.actors.len() {
            let name = if self.is_write(index) {
                format!("write {} on {}", index + 1, state.actors[index].node)
            } else if self.is_call(index) {
                format!("call {} on {}", index, state.actors[index].node)
            } else {
                format!("invalidation on {}", state.actors[index].node)
            };
            let mut next = |step: &dyn Fn(&Self, &mut State, usize) -> Option<&'static str>| {
                let mut state = state.clone();
                if let Some(what) = step(self, &mut state, index) {
                    after.push((format!("{name}: {what}"), state));
                }
            };
            if self.is_write(index) {
                next(&Self::write);
                next(&|_, state, index| state.lose_answer(index));
            } else if self.is_call(index) {
                next(&Self::call);
            } else {
                next(&Self::invalidate);
            }
        }
        for node in 0..2 {
            if !state.messages[node].is_empty() {
                let mut state = state.clone();
                let (is_invalidation, version) = state.messages[node].remove(0);
                if is_invalidation {
                    self.apply(&mut state, node);
                } else {
                    state.forget(node);
                }
                state.raise(node, version);
                after.push((format!("node {node} hears of {version}"), state));
            }
            if state.losses[1] && state.memory[node].is_some() {
                let mut state = state.clone();
                state.memory[node] = None;
                state.losses[1] = false;
                after.push((format!("node {node} evicts it"), state));
            }
        }
        if state.losses[0] && state.redis != Default::default() {
            let mut state = state.clone();
            state.redis = Default::default();
            state.losses[0] = false;
            after.push(("Redis loses it".to_owned(), state));
        }
        for (_, state) in &mut after {
            state.rename();
        }
        after
    }

    /// One step of a write.
    fn write(&self, state: &mut State, index: usize) -> Option<&'static str> {
        let node = state.actors[index].node;
        match state.actors[index].at {
            At::Idle => {
                state.redis.0.own = state.new_own();
                if state.redis.0.generation == 0 {
                    state.redis.0.generation = state.new_generation();
                }
                state.actors[index].token = state.redis.0;
                state.to(index, At::Begun, "begins")
            }
            At::Begun => {
                state.source += 1;
                let number = match self.without {
                    Without::OwnNumbers => u8::try_from(index).expect("few") + 1,
                    _ => state.source,
                };
                state.actors[index].has = Some((number, true));
                state.to(index, At::Committed, "commits")
            }
            At::Committed => self.redeem(state, index),
            At::Boarded => {
                if state.messages[1 - node].len() == ON_THE_WAY {
                    return None;
                }
                let answer = self.fill(state, index);
                state.to(index, At::Answered(answer), "asks Redis to store")
            }
            At::Answered(answer) => self.answered(state, index, answer),
            At::Owing | At::Removing => {
                state.remove(node, state.version(index))?;
                let next = match state.actors[index].at {
                    At::Owing => At::Done,
                    _ => At::Removed,
                };
                state.to(index, next, "has Redis empty it")
            }
            At::Removed => {
                self.apply(state, node);
                self.returns(state, index, "returns, the entry empty")
            }
            _ => None,
        }
    }

    /// It may store, or not, as far as its node knows.
    fn redeem(&self, state: &mut State, index: usize) -> Option<&'static str> {
        let (node, number) = (state.actors[index].node, state.version(index));
        if state.actors[index].is_spoilt {
            self.apply(state, node);
            return state.to(index, At::Removing, "is spoilt");
        }
        let known = state.memory[node].filter(|(_, is_ordered)| *is_ordered);
        if self.without != Without::Order {
            if known.is_some_and(|(version, _)| version > number) {
                return self.returns(state, index, "returns: memory has a newer one");
            }
            if state.newest[node] > number {
                // That may not be in Redis yet, or never be.
                let is_kept = self.without == Without::FillWhereOutdone;
                if is_kept {
                    state.tidy(node, number);
                    return self.returns(state, index, "returns: a newer one is under way");
                }
                return state.to(index, At::Boarded, "is outdone by one that is under way");
            }
        }
        state.newest[node] = number;
        for other in &mut state.actors[..self.writes.len()] {
            other.is_landing &= other.node != node;
        }
        state.actors[index].is_landing = true;
        if self.without != Without::EarlyFlight {
            state.flights[node] = Some(index);
        }
        state.to(index, At::Boarded, "enters its flight")
    }

    /// The script that stores what a write has.
    fn fill(&self, state: &mut State, index: usize) -> Answer {
        let (token, number) = (state.actors[index].token, state.version(index));
        let (there, value) = state.redis;
        let is_own = there == token;
        let is_akin = there.generation == token.generation && there.generation != 0;
        if !is_akin && self.without != Without::Generation {
            return Answer::Refused;
        }
        if let Some((version, true)) = value
            && self.without != Without::Order
        {
            if version > number {
                return Answer::Older;
            }
            if version == number && !is_own {
                return Answer::Refused;
            }
        }
        let generation = match there.generation {
            0 => token.generation,
            there => there,
        };
        let own = state.new_own();
        state.redis = (Token { generation, own }, Some((number, true)));
        state.raise(REDIS, number);
        state.messages[1 - state.actors[index].node].push((false, number));
        Answer::Stored
    }

    /// A write learns what came of it.
    fn answered(&self, state: &mut State, index: usize, answer: Answer) -> Option<&'static str> {
        let (node, number) = (state.actors[index].node, state.version(index));
        let has_flight = state.flights[node] == Some(index);
        let mut is_kept = false;
        if answer == Answer::Stored {
            let may_land =
                has_flight || matches!(self.without, Without::EarlyFlight | Without::FlightInTable);
            if may_land && state.actors[index].is_landing {
                state.memory[node] = state.actors[index].has;
            }
            is_kept = self.without == Without::DropWhereGrounded && !has_flight;
        } else if self.without == Without::Stored && has_flight {
            state.memory[node] = state.actors[index].has;
        }
        if self.without == Without::EarlyFlight || has_flight {
            state.flights[node] = None;
        }
        match answer {
            Answer::Refused => {
                self.apply(state, node);
                return state.to(index, At::Removing, "is refused");
            }
            Answer::Older => is_kept |= self.without == Without::DropWhereOlder,
            Answer::Unknown => is_kept |= self.without == Without::DropWhereUnknown,
            Answer::Stored => {}
        }
        if !is_kept {
            state.tidy(node, number);
        }
        let what = match answer {
            Answer::Stored => "returns, stored",
            Answer::Older => "returns: Redis has a newer one",
            _ => "returns, and does not know",
        };
        self.returns(state, index, what)?;
        if answer == Answer::Unknown {
            // It has not been accepted.
            state.to(index, At::Owing, what)?;
        }
        Some(what)
    }

    fn returns(&self, state: &mut State, index: usize, what: &'static str) -> Option<&'static str> {
        state.raise(state.actors[index].node, state.version(index));
        state.actors[index].is_landing = false;
        state.to(index, At::Done, what)?;
        let node = state.actors[index].node;
        let mut running = state.actors[..self.writes.len()].iter();
        let is_over = |at| matches!(at, At::Idle | At::Done | At::Owing);
        if !running.any(|it| it.node == node && !is_over(it.at)) {
            state.newest[node] = 0;
        }
        Some(what)
    }

    /// What Redis has to be told keeps a node from asking it.
    fn owes(&self, state: &State, node: usize) -> bool {
        let mut writes = state.actors[..self.writes.len()].iter();
        writes.any(|write| write.node == node && write.at == At::Owing)
    }

    /// One step of a call.
    fn call(&self, state: &mut State, index: usize) -> Option<&'static str> {
        let node = state.actors[index].node;
        let has_flight = state.flights[node] == Some(index);
        match state.actors[index].at {
            At::Idle if state.memory[node].is_some() || state.flights[node].is_some() => {
                state.to(index, At::Done, "has it from memory, or another")
            }
            At::Idle => {
                state.flights[node] = Some(index);
                state.to(index, At::Begun, "leads a flight")
            }
            At::Begun if self.owes(state, node) => {
                state.to(index, At::Committed, "does not ask Redis")
            }
            At::Begun => {
                state.actors[index].has = state.redis.1;
                if state.redis.1.is_some() {
                    return state.to(index, At::Found, "reads it in Redis");
                }
                if state.redis.0.generation == 0 {
                    let (generation, own) = (state.new_generation(), state.new_own());
                    state.redis.0 = Token { generation, own };
                }
                state.actors[index].token = state.redis.0;
                state.to(index, At::Committed, "takes the token")
            }
            At::Committed => {
                state.actors[index].has = Some((state.source, false));
                state.to(index, At::Found, "computes it")
            }
            At::Found if !has_flight => state.to(index, At::Done, "keeps it to itself"),
            At::Found => {
                state.memory[node] = state.actors[index].has;
                state.flights[node] = None;
                let is_computed = state.actors[index].token != Token::default();
                let next = if is_computed { At::Landed } else { At::Done };
                state.to(index, next, "puts it into memory")
            }
            At::Landed if state.redis.0 == state.actors[index].token => {
                let (generation, own) = (state.new_generation(), state.new_own());
                state.redis = (Token { generation, own }, state.actors[index].has);
                state.to(index, At::Done, "stores it in Redis")
            }
            At::Landed => {
                if state.memory[node] == state.actors[index].has {
                    state.memory[node] = None;
                }
                state.to(index, At::Done, "is refused by Redis")
            }
            _ => None,
        }
    }

    /// Something else is written, and invalidated.
    fn invalidate(&self, state: &mut State, index: usize) -> Option<&'static str> {
        let node = state.actors[index].node;
        match state.actors[index].at {
            At::Idle => {
                state.source += 1;
                state.actors[index].has = Some((state.source, false));
                state.to(index, At::Committed, "commits")
            }
            At::Committed => {
                self.apply(state, node);
                state.to(index, At::Removing, "takes place here")
            }
            At::Removing => {
                state.remove(node, state.version(index))?;
                state.to(index, At::Removed, "is accepted")
            }
            At::Removed => {
                self.apply(state, node);
                self.returns(state, index, "returns")
            }
            _ => None,
        }
    }

    /// An invalidation takes place on a node.
    fn apply(&self, state: &mut State, node: usize) {
        state.newest[node] = 0;
        for write in &mut state.actors[..self.writes.len()] {
            if write.node == node && !matches!(write.at, At::Idle | At::Done) {
                write.is_spoilt = true;
                write.is_landing = false;
            }
        }
        state.forget(node);
    }
}

impl State {
    #[expect(clippy::unnecessary_wraps, reason = "what a step answers")]
    fn to(&mut self, index: usize, at: At, what: &'static str) -> Option<&'static str> {
        self.actors[index].at = at;
        Some(what)
    }

    fn lose_answer(&mut self, index: usize) -> Option<&'static str> {
        let unknown = At::Answered(Answer::Unknown);
        match self.actors[index].at {
            At::Boarded => self.to(index, unknown, "is not heard by Redis"),
            At::Answered(Answer::Stored) => self.to(index, unknown, "loses the answer"),
            _ => None,
        }
    }

    fn version(&self, index: usize) -> u8 {
        self.actors[index].has.map_or(0, |(version, _)| version)
    }

    fn raise(&mut self, place: usize, version: u8) {
        self.floors[place] = self.floors[place].max(version);
    }

    /// Drops what a node has, and whatever is on its way there.
    fn forget(&mut self, node: usize) {
        self.memory[node] = None;
        self.flights[node] = None;
    }

    /// The same, unless it is the value of a write that is as new.
    fn tidy(&mut self, node: usize, number: u8) {
        if !self.memory[node].is_some_and(|(version, is_ordered)| is_ordered && version >= number) {
            self.forget(node);
        }
    }

    /// Redis accepts an invalidation from `node`, and tells the other, if there is room.
    fn remove(&mut self, node: usize, version: u8) -> Option<()> {
        if self.messages[1 - node].len() == ON_THE_WAY {
            return None;
        }
        self.redis = Default::default();
        self.raise(REDIS, version);
        self.messages[1 - node].push((true, version));
        Some(())
    }

    fn tokens(&mut self) -> Vec<&mut Token> {
        let held = self.actors.iter_mut().map(|actor| &mut actor.token);
        std::iter::once(&mut self.redis.0).chain(held).collect()
    }

    fn new_generation(&mut self) -> u8 {
        let tokens = self.tokens();
        tokens
            .iter()
            .map(|token| token.generation)
            .max()
            .unwrap_or(0)
            + 1
    }

    fn new_own(&mut self) -> u8 {
        let tokens = self.tokens();
        tokens.iter().map(|token| token.own).max().unwrap_or(0) + 1
    }

    /// Names tokens by where they are, so that states that differ in nothing else are one.
    fn rename(&mut self) {
        for actor in &mut self.actors {
            if actor.at == At::Done {
                actor.token = Token::default();
                actor.has = None;
                actor.is_spoilt = false;
            }
        }
        let (mut generations, mut owns) = (vec![0], vec![0]);
        let name = |names: &mut Vec<u8>, number: &mut u8| {
            let at = names.iter().position(|known| known == number);
            let at = at.unwrap_or_else(|| {
                names.push(*number);
                names.len() - 1
            });
            *number = u8::try_from(at).expect("few");
        };
        for token in self.tokens() {
            name(&mut generations, &mut token.generation);
            name(&mut owns, &mut token.own);
        }
    }

    /// Where something is too old.
    fn wrong(&self) -> Option<String> {
        let places = [self.memory[0], self.memory[1], self.redis.1];
        let named = ["node 0", "node 1", "Redis"];
        for ((value, floor), name) in places.into_iter().zip(self.floors).zip(named) {
            if let Some((version, _)) = value
                && version < floor
            {
                return Some(format!("{name} has {version} after {floor}"));
            }
        }
        None
    }
}

/// How many states there are, or the shortest way to a bad one.
fn search(scene: &Scene) -> Result<usize, Vec<String>> {
    let mut seen: HashMap<State, usize, foldhash::fast::FixedState> = HashMap::default();
    // Where each came from, and by what.
    let mut found: Vec<(State, usize, String)> = vec![(scene.start(), 0, String::new())];
    seen.insert(scene.start(), 0);
    let mut at = 0;
    while at < found.len() {
        for (what, state) in scene.after(&found[at].0) {
            let next = found.len();
            if let Entry::Vacant(entry) = seen.entry(state) {
                let state = entry.key().clone();
                entry.insert(next);
                let wrong = state.wrong();
                found.push((state, at, what));
                if let Some(wrong) = wrong {
                    let mut way = vec![wrong];
                    let mut last = next;
                    while last != 0 {
                        way.push(found[last].2.clone());
                        last = found[last].1;
                    }
                    way.reverse();
                    return Err(way);
                }
            }
        }
        at += 1;
    }
    Ok(found.len())
}

/// The nodes of two writes.
const PLACES: [[usize; 2]; 2] = [[0, 0], [0, 1]];

#[track_caller]
fn holds(scene: &Scene) {
    match search(scene) {
        Ok(states) => println!("{states} states: {scene:?}"),
        Err(way) => panic!("{scene:?}:\n{}", way.join("\n")),
    }
}

/// It goes wrong in one of `scenes`, in no more steps than that: the shortest way there.
#[track_caller]
fn found(scenes: &[Scene], steps: usize) {
    let mut ways = scenes.iter().filter_map(|scene| search(scene).err());
    let way = ways.next().expect("it goes wrong somewhere");
    println!("{:?}:\n{}\n", scenes[0].without, way.join("\n"));
    assert!(way.len() <= steps, "in {} steps", way.len());
}

/// The smallest first.
fn scenes(without: Without) -> Vec<Scene> {
    let mut scenes = vec![];
    for writes in PLACES {
        for is_warm in [true, false] {
            let scene = Scene {
                is_warm,
                ..Scene::of(&writes, without)
            };
            scenes.push(scene.clone());
            let losses = [true, true];
            scenes.push(Scene {
                losses,
                ..scene.clone()
            });
            scenes.extend([0, 1].map(|node| Scene {
                invalidation: Some(node),
                ..scene.clone()
            }));
            let calls = std::env::var("CACHEKIT_CALLS").ok();
            if is_warm || calls.is_some() {
                scenes.push(Scene {
                    calls: calls.map_or(CALLS, |calls| calls.parse().expect("a number")),
                    ..scene
                });
            }
        }
    }
    scenes
}

#[test]
fn the_newest_write_stays_and_nothing_older_comes_after_it() {
    for scene in scenes(Without::Nothing) {
        holds(&scene);
    }
}

#[test]
fn each_rule_that_is_left_out_is_found() {
    for without in [
        Without::EarlyFlight,
        Without::FlightInTable,
        Without::Stored,
        Without::DropWhereGrounded,
        Without::DropWhereOlder,
        Without::DropWhereUnknown,
        Without::FillWhereOutdone,
        Without::Generation,
        Without::Order,
    ] {
        found(&scenes(without), 30);
    }
}

/// Nothing that a cache knows tells an older number from a newer one once that is lost.
#[test]
fn numbers_that_are_given_are_not_safe_after_a_loss() {
    let scene = Scene {
        losses: [true, false],
        ..Scene::of(&[0, 1], Without::OwnNumbers)
    };
    found(&[scene], 12);
}
