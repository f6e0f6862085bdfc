//! Commands for one slot of a Redis Cluster, which are sent together.

use redis::{Arg, Cmd, Pipeline, Value, cmd};

use crate::store::redis::cluster::links::Speaker;
use crate::store::redis::place::Place;
use crate::store::redis::script::{Call, Digests, Script, Scripts};

/// Commands for the keys of one slot.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) slot: u16,
    pub(crate) in_move: InMove,
    steps: Vec<Step>,
}

/// The treatment of a group while its slot moves to another master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InMove {
    /// The group follows its keys, and is sent again while they are at both masters.
    Follow,
    /// The group follows its keys, and fails if they are at both masters.
    FollowOnce,
    /// The group stays at the present master: the subscribers are there until the slot has moved, and
    /// so may be keys that the group does not name.
    Stay,
}

/// A command for the keys of one slot.
enum Step {
    Command(Cmd),
    /// A Lua script. If the script gets the origin of the master's data set, the number is the
    /// position of that argument, which depends on the master that runs the script.
    Script(Script, Call, Option<usize>),
}

impl std::fmt::Debug for Step {
    /// Omits the keys, which contain arguments of cached functions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command(_) => f.write_str("Command"),
            Self::Script(script, ..) => write!(f, "{script:?}"),
        }
    }
}

/// The answers of one master to a group.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// An answer for each command of the group, which may be an error of the server.
    pub(crate) values: Vec<Value>,
    /// The origin of the master's data set when the commands were sent.
    pub(crate) origin: [u8; 8],
    pub(crate) speaker: Speaker,
}

impl Answer {
    /// Returns the answer to the last command, and the connection that it came from.
    pub(crate) fn last(mut self) -> (Value, Speaker) {
        (self.values.pop().unwrap_or(Value::Nil), self.speaker)
    }
}

impl Group {
    pub(crate) fn new(slot: u16) -> Self {
        Self {
            slot,
            in_move: InMove::Follow,
            steps: Vec::new(),
        }
    }

    /// Makes an empty group for the bus slot `slot`.
    pub(crate) fn of_bus(slot: u16) -> Self {
        Self::new(slot).staying()
    }

    /// Has the group stay at the present master of its slot.
    pub(crate) fn staying(mut self) -> Self {
        self.in_move = InMove::Stay;
        self
    }

    /// Has the group fail if its keys are at two masters.
    pub(crate) fn once(mut self) -> Self {
        self.in_move = InMove::FollowOnce;
        self
    }

    /// Adds a command.
    pub(crate) fn with(mut self, command: Cmd) -> Self {
        self.steps.push(Step::Command(command));
        self
    }

    /// Adds a script without an argument for the origin.
    pub(crate) fn with_script(mut self, script: Script, call: Call) -> Self {
        self.steps.push(Step::Script(script, call, None));
        self
    }

    /// Adds a script whose argument at the position `at` is the origin of the master's data set.
    pub(crate) fn with_origin(mut self, script: Script, call: Call, at: usize) -> Self {
        self.steps.push(Step::Script(script, call, Some(at)));
        self
    }

    /// Returns the number of answers to this group.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Returns `true` if no command of this group changes data.
    pub(crate) fn only_reads(&self) -> bool {
        let reads = |step: &Step| match step {
            Step::Command(command) => match command.args_iter().next() {
                Some(Arg::Simple(name)) => [&b"PTTL"[..], b"MGET"].contains(&name),
                _ => false,
            },
            Step::Script(..) => false,
        };
        self.steps.iter().all(reads)
    }

    /// Adds the commands of this group to `commands`, which go to a master in the form `way`. The data
    /// set of the master has this origin, and the master knows the scripts by these digests.
    pub(crate) fn write(
        &mut self,
        commands: &mut Pipeline,
        way: &Way,
        (origin, digests): ([u8; 8], &Digests),
        scripts: &Scripts,
    ) {
        for step in &mut self.steps {
            if way.asking.is_some() {
                commands.add_command(cmd("ASKING"));
            }
            match step {
                Step::Command(command) => {
                    commands.add_command(command.clone());
                }
                Step::Script(script, call, origin_at) => {
                    if let Some(at) = *origin_at {
                        call.replace(at, &origin);
                    }
                    commands.add_command(if way.by_text {
                        scripts.by_text(*script, call)
                    } else {
                        scripts.by_digest(*script, digests, call)
                    });
                }
            }
        }
    }
}

/// The way of a group to a master.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// The master that gets the slot, if the owner of the slot has said that it does not have these
    /// keys any more. Each command follows an `ASKING`.
    pub(crate) asking: Option<Place>,
    /// The number of masters that said that another one has the slot.
    pub(crate) moves: u8,
    /// `true` if scripts are sent by their texts, because the master did not know their digests.
    pub(crate) by_text: bool,
}

/// The next step that the errors in an answer ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirection {
    /// The slot belongs to the master at this place.
    Moved(Place),
    /// The keys are at the master at this place, which does not have the slot yet.
    Ask(Place),
    /// The slot is on its way to another master, and the keys are at both.
    TryAgain,
    /// The master does not know a script.
    Unknown,
    /// No master has the slot, or too few masters can be reached.
    Down,
}

impl Redirection {
    /// Returns what the errors in `values` ask for, or `None` if they are no redirections. `asked` is
    /// the place of the server that answered.
    pub(crate) fn of(values: &[Value], asked: &Place) -> Option<Self> {
        let mut errors = values.iter().filter_map(|value| match value {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        let one = |error: &redis::ServerError| {
            let place = || {
                // `SLOT HOST:PORT`, with an empty host, or `?`, for the host of the server that answers.
                let mut place = Place::read(error.details()?.split(' ').nth(1)?)?;
                if ["", "?"].contains(&&*place.host) {
                    place.host.clone_from(&asked.host);
                }
                Some(place)
            };
            match error.code() {
                "MOVED" => place().map(Self::Moved),
                "ASK" => place().map(Self::Ask),
                "TRYAGAIN" => Some(Self::TryAgain),
                "NOSCRIPT" => Some(Self::Unknown),
                "CLUSTERDOWN" => Some(Self::Down),
                _ => None,
            }
        };
        // The first error decides. Where others follow, the group is sent once more.
        errors.find_map(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answers: &[&str]) -> Option<Redirection> {
        let asked = Place::read("10.0.0.1:1").expect("a place");
        let read = |text: &&str| {
            let answer = redis::parse_redis_value(format!("{text}\r\n").as_bytes());
            answer.expect("an answer")
        };
        let values: Vec<Value> = answers.iter().map(read).collect();
        Redirection::of(&values, &asked)
    }

    #[test]
    fn a_group_with_a_script_or_a_write_does_not_only_read() {
        let read = |name| Group::new(1).with(cmd(name).arg("a").clone());
        assert!(read("MGET").with(cmd("PTTL")).only_reads());
        assert!(!read("UNLINK").only_reads());
        assert!(!read("MGET").with(cmd("SET")).only_reads());
        let call = Call::default();
        assert!(!read("MGET").with_script(Script::Release, call).only_reads());
    }

    #[test]
    fn redirections_are_read_from_errors() {
        let place = |text| Place::read(text).expect("a place");
        assert_eq!(of(&[":1", "$1\r\na"]), None);
        assert_eq!(of(&["-ERR wrong", ":1"]), None);
        let moved = Redirection::Moved(place("127.0.0.1:6381"));
        assert_eq!(of(&[":1", "-MOVED 3999 127.0.0.1:6381"]), Some(moved));
        let moved = Redirection::Moved(place("10.0.0.1:6381"));
        assert_eq!(of(&["-MOVED 3999 :6381"]), Some(moved.clone()));
        assert_eq!(of(&["-MOVED 3999 ?:6381"]), Some(moved));
        let ask = Redirection::Ask(place("::1:7000"));
        assert_eq!(of(&["-ASK 1 ::1:7000", "-TRYAGAIN a"]), Some(ask));
        assert_eq!(of(&["-TRYAGAIN a b"]), Some(Redirection::TryAgain));
        assert_eq!(of(&["-NOSCRIPT none"]), Some(Redirection::Unknown));
        assert_eq!(of(&["-CLUSTERDOWN it is"]), Some(Redirection::Down));
        assert_eq!(of(&["-MOVED nowhere"]), None);
    }
}
