//! A command as a client sent it.

use std::fmt;

/// Commands by which a connection is set up or looked after: no cost of an operation.
const SET_UP: [&str; 10] = [
    "HELLO",
    "AUTH",
    "CLIENT",
    "SELECT",
    "PING",
    "INFO",
    "ROLE",
    "SUBSCRIBE",
    "SSUBSCRIBE",
    "CLUSTER",
];

/// One command, with where and when it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The connection, by number, in the order of their opening.
    pub connection: usize,
    /// Commands with the same number travelled together: each was sent while an earlier one of
    /// them was unanswered.
    pub round_trip: usize,
    /// The command and its arguments.
    pub args: Vec<Vec<u8>>,
}

impl Sent {
    /// The command: its first word, in upper case.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.args[0]).to_uppercase()
    }

    /// Whether `part` is in one of its arguments.
    pub fn mentions(&self, part: &str) -> bool {
        let part = part.as_bytes();
        let within = |arg: &Vec<u8>| arg.windows(part.len().max(1)).any(|window| window == part);
        part.is_empty() || self.args.iter().any(within)
    }

    /// Returns `true` if it is an invalidation of the entry or version with this whole name in Redis:
    /// a command, or the script that also removes a mark, whose first key is the set of marks.
    pub fn removes(&self, name: &str) -> bool {
        let first_key = self.args.get(3);
        let is_script =
            self.name() == "EVALSHA" && first_key.is_some_and(|it| it.ends_with(b":intents"));
        (self.name() == "UNLINK" || is_script) && self.mentions(name)
    }

    /// Whether it only sets a connection up.
    pub fn is_set_up(&self) -> bool {
        SET_UP.contains(&self.name().as_str())
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<_> = self
            .args
            .iter()
            .map(|a| a.escape_ascii().to_string())
            .collect();
        write!(f, "#{}.{} ", self.connection, self.round_trip)?;
        f.write_str(&args.join(" "))
    }
}
