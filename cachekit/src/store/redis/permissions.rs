//! The rights that an account needs, and checking them.
//!
//! Every command that this folder sends, also from a script, has a row here. The check is part of
//! the handshake, runs none of the commands and leaves nothing behind.

use std::fmt;

use redis::{Cmd, Value, cmd};

/// Every kind of key, after the namespace.
const KEYS: [&str; 8] = [":k:", ":c1:", ":v:", ":t:", ":e:", ":g:", ":f:", ":all"];

/// A command as it is sent. Words that begin with a colon follow the namespace.
type Row = &'static [&'static str];

const ROWS: &[Row] = &[
    &[INFO, "replication"],
    &["EVALSHA", "digest", "0"],
    &["PTTL", ":k:"],
    &["GETRANGE", ":k:", "0", "0"],
    &["STRLEN", ":t:"],
    &["SET", ":k:", "", "PX", "1"],
    &["SETRANGE", ":k:", "0", ""],
    &["PEXPIRE", ":k:", "1"],
    &["TIME"],
    &["PUBLISH", ":bus", ""],
    &["PUBLISH", ":wake", ""],
    &["PUBLISH", ":node:", ""],
    &["SUBSCRIBE", ":bus", ":wake", ":node:"],
    &["UNLINK", ":beat"],
];

/// The commands that read and change keys of every kind.
const OF_ALL_KEYS: [&str; 2] = ["MGET", "UNLINK"];

/// Commands that the account may not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MissingRights {
    namespace: String,
    commands: Vec<&'static str>,
}

/// Returns the check: a script that tests every row.
pub(crate) fn question(namespace: &str) -> Cmd {
    let mut question = cmd("EVAL");
    question.arg(include_str!("permissions.lua")).arg(0);
    for (command, words) in rows() {
        question.arg(words.len() + 1).arg(command);
        for word in words {
            if word.starts_with(':') {
                question.arg(format!("{namespace}{word}"));
            } else {
                question.arg(word);
            }
        }
    }
    question
}

fn rows() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let of_keys = OF_ALL_KEYS.map(|command| (command, &KEYS[..]));
    let others = ROWS.iter().filter_map(|row| row.split_first());
    others
        .map(|(command, words)| (*command, words))
        .chain(of_keys)
}

impl MissingRights {
    /// Reads the `answer` to the check of a cache with this `namespace`.
    pub(crate) fn read(namespace: &str, answer: &Value) -> Self {
        let mut missing_rights = Self {
            namespace: namespace.to_owned(),
            commands: Vec::new(),
        };
        match answer {
            Value::Array(numbers) => {
                for number in numbers {
                    if let Value::Int(number) = number
                        && let Some((command, _)) = usize::try_from(*number)
                            .ok()
                            .and_then(|number| rows().nth(number))
                    {
                        missing_rights.add(command);
                    }
                }
            }
            refused if is_refused(refused) => missing_rights.add("EVAL"),
            // An unusual server. Refused commands will show later.
            _ => {}
        }
        missing_rights
    }

    /// Adds `command`, unless it is there.
    pub(crate) fn add(&mut self, command: &'static str) {
        if !self.commands.contains(&command) {
            self.commands.push(command);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Returns `true` if `spare` accepts every missing command.
    pub(crate) fn are_all(&self, spare: impl Fn(&str) -> bool) -> bool {
        self.commands.iter().all(|command| spare(command))
    }

    /// Returns the remedy for the missing rights.
    pub(crate) fn remedy(&self) -> String {
        let namespace = &self.namespace;
        let mut remedy = format!("run `ACL SETUSER <user> ~{namespace}:* &{namespace}:*");
        for command in &self.commands {
            let right = command.to_lowercase().replace(' ', "|");
            remedy.push_str(" +");
            remedy.push_str(&right);
        }
        remedy.push_str("` there (docs/redis.md)");
        if self.commands.contains(&INFO) {
            remedy.push_str(", or set `on_new_master` to `replay`, which needs no `INFO`");
        }
        remedy
    }
}

impl fmt::Display for MissingRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.commands.join(", "))
    }
}

/// The command that reports the data set of a server.
pub(crate) const INFO: &str = "INFO";

/// The command that loads scripts. Without it, every call sends its script.
pub(crate) const SCRIPT_LOAD: &str = "SCRIPT LOAD";

/// Returns `true` if the cache works without this command. With `any_origin` it accepts every data
/// set, so it needs no `INFO`.
pub(crate) fn can_be_spared(command: &str, any_origin: bool) -> bool {
    command == SCRIPT_LOAD || (command == INFO && any_origin)
}

/// Returns `true` if an answer says that the account lacks a right: by its code or, inside a
/// script, by the text of versions before 7.2.
pub(crate) fn is_refused(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    let in_script = "The user executing the script can't";
    let says = |details: &str| details.starts_with(in_script);
    error.code() == "NOPERM" || error.details().is_some_and(says)
}
