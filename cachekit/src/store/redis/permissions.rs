//! The rights that a Redis account needs, and the check of these rights.
//!
//! Every command that the adapter sends, directly or from a script, has a row for its [`Purpose`], or
//! is in `OF_ALL_KEYS`. The handshake checks the rights of a cache. The doctor also checks those of
//! queues and of warm starts, which many caches do not have. The check runs none of the commands and
//! leaves nothing in Redis.

use std::fmt;

use redis::{Cmd, Value, cmd};

use crate::store::failure::NO_RIGHT;

/// The beginning of each kind of key in Redis, without the namespace before it.
const KEYS: [&str; 8] = [":k:", ":c1:", ":v:", ":t:", ":e:", ":g:", ":f:", ":all"];

/// A Redis command as the cache sends it: the command's name and its arguments. An argument that
/// begins with a colon is a key or a channel, to which the namespace is prepended.
type Row = &'static [&'static str];

/// The purpose that rights are needed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Every cache.
    #[default]
    Cache,
    /// The queues of write-behind functions.
    Queues,
    /// The lists of hottest keys, which a warm start reads.
    WarmStarts,
}

impl Purpose {
    fn rows(self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        let (rows, of_all_keys) = match self {
            Self::Cache => (ROWS, &OF_ALL_KEYS[..]),
            Self::Queues => (OF_QUEUES, &[][..]),
            Self::WarmStarts => (OF_WARM_STARTS, &[][..]),
        };
        let rows = rows.iter().filter_map(|row| row.split_first());
        let of_all_keys = of_all_keys.iter().map(|command| (*command, &KEYS[..]));
        rows.map(|(command, words)| (*command, words))
            .chain(of_all_keys)
    }
}

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
    &["ZADD", ":intents", "1", ""],
    &["ZREM", ":intents", ""],
    &["ZRANGEBYSCORE", ":intents", "0", "1"],
    &["ZCARD", ":intents"],
    &[PUBSUB, "NUMSUB", ""],
];

const OF_QUEUES: &[Row] = &[
    &["TIME"],
    &["HGET", ":wb:", ""],
    &["HSET", ":wb:", "", ""],
    &["HDEL", ":wb:", ""],
    &["HEXISTS", ":wb:", ""],
    &["HINCRBY", ":wb:", "", "1"],
    &["LINDEX", ":wb:", "0"],
    &["LRANGE", ":wb:", "0", "0"],
    &["LPOP", ":wb:"],
    &["RPUSH", ":wb:", ""],
    &["GET", ":wb:"],
    &["SET", ":wb:", ""],
    &["INCR", ":wb:"],
    &["DECR", ":wb:"],
    &["ZADD", ":wb:", "1", ""],
    &["ZREM", ":wb:", ""],
    &["ZCARD", ":wb:"],
    &["ZRANGE", ":wb:", "0", "0"],
    &["ZRANGEBYSCORE", ":wb:", "0", "1"],
    &["ZSCORE", ":wb:", ""],
    &["XADD", ":wb:", "*", "", ""],
    &["XLEN", ":wb:"],
    &["XRANGE", ":wb:", "-", "+"],
    &["XDEL", ":wb:", "0-1"],
    &["SCAN", "0"],
];

const OF_WARM_STARTS: &[Row] = &[
    &["PTTL", ":warm:"],
    &["MGET", ":warm:"],
    &["SET", ":warm:", "", "PX", "1"],
];

/// The commands that read or remove keys of every kind in [`KEYS`].
const OF_ALL_KEYS: [&str; 2] = ["MGET", "UNLINK"];

/// The commands that are needed for a purpose and that the Redis account may not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MissingRights {
    namespace: String,
    purpose: Purpose,
    commands: Vec<&'static str>,
}

/// Returns the command that checks the account's rights for `purpose`: a script that asks Redis, for
/// each command, if the account may run the command.
pub(crate) fn question(namespace: &str, purpose: Purpose) -> Cmd {
    let mut question = cmd("EVAL");
    question.arg(include_str!("permissions.lua")).arg(0);
    for (command, words) in purpose.rows() {
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

impl MissingRights {
    /// Reads the missing rights from Redis' `answer` to the check of rights for `purpose`.
    /// `namespace` is the namespace of the cache, which the remedy contains.
    pub(crate) fn read(namespace: &str, purpose: Purpose, answer: &Value) -> Self {
        let mut missing_rights = Self {
            namespace: namespace.to_owned(),
            purpose,
            commands: Vec::new(),
        };
        match answer {
            Value::Array(numbers) => {
                for number in numbers {
                    if let Value::Int(number) = number
                        && let Some((command, _)) = usize::try_from(*number)
                            .ok()
                            .and_then(|number| purpose.rows().nth(number))
                    {
                        missing_rights.add(command);
                    }
                }
            }
            refused if is_refused(refused) => missing_rights.add("EVAL"),
            // The server does not understand the check. If the server refuses a command later, the
            // refusal is logged at that time.
            _ => {}
        }
        missing_rights
    }

    /// Adds `command` to the missing rights, unless `command` is already among them.
    pub(crate) fn add(&mut self, command: &'static str) {
        if !self.commands.contains(&command) {
            self.commands.push(command);
        }
    }

    /// Removes the commands that are missing in `others` too.
    pub(crate) fn except(mut self, others: &Self) -> Self {
        self.commands
            .retain(|command| !others.commands.contains(command));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Returns `true` if `spare` returns `true` for every missing command, so that the cache works
    /// without all of them.
    pub(crate) fn are_all(&self, spare: impl Fn(&str) -> bool) -> bool {
        self.commands.iter().all(|command| spare(command))
    }

    /// Returns the remedy for the missing rights: the `ACL SETUSER` command that grants them.
    pub(crate) fn remedy(&self) -> String {
        let namespace = &self.namespace;
        let mut remedy = format!("run `ACL SETUSER <user> ~{namespace}:* &{namespace}:*");
        for command in &self.commands {
            let right = command.to_lowercase().replace(' ', "|");
            remedy.push_str(" +");
            remedy.push_str(&right);
        }
        remedy.push_str("` there (docs/redis.md)");
        if self.purpose != Purpose::Cache {
            return remedy;
        }
        if self.commands.contains(&INFO) {
            remedy.push_str(", or set `on_new_master` to `replay`, which needs no `INFO`");
        }
        if self.commands.iter().any(|it| OF_INTENTS.contains(it)) {
            remedy.push_str(", or call `intents(false)`, which needs no sorted set");
        }
        remedy
    }
}

impl fmt::Display for MissingRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.commands.join(", "))
    }
}

/// The command that reports the data set of a Redis server.
pub(crate) const INFO: &str = "INFO";

/// The command that loads Lua scripts into Redis. Without the right to load scripts, each command
/// that runs a script sends the script's whole text.
pub(crate) const SCRIPT_LOAD: &str = "SCRIPT LOAD";

/// The command that asks if a node still listens. Without the right to ask, marks of open writes are
/// carried out only when their time is over.
const PUBSUB: &str = "PUBSUB";

/// The commands that only the marks of open writes need.
const OF_INTENTS: [&str; 4] = ["ZADD", "ZREM", "ZRANGEBYSCORE", "ZCARD"];

/// Returns `true` if the cache works without the right to run `command`: `SCRIPT LOAD` and
/// `PUBSUB`, `INFO` if the cache accepts any data set (`any_origin`), and the commands for marks if
/// the cache does not mark its writes (`has_intents`).
pub(crate) fn can_be_spared(command: &str, any_origin: bool, has_intents: bool) -> bool {
    command == SCRIPT_LOAD
        || command == PUBSUB
        || (command == INFO && any_origin)
        || (OF_INTENTS.contains(&command) && !has_intents)
}

/// Returns `true` if Redis' `answer` says that the account lacks a right. The error code of the
/// answer says so. For a script in a Redis before version 7.2, only the text of the error says so.
pub(crate) fn is_refused(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    // Redis 7.0 begins the error with these words. Redis 6 names the place in the script before
    // them.
    let in_script = "The user executing the script can't";
    let says = |details: &str| details.contains(in_script);
    error.code() == NO_RIGHT || error.details().is_some_and(says)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_of_the_scripts_of_queues_is_checked() {
        let scripts = [include_str!("write_queue.lua"), include_str!("enqueue.lua")];
        let calls = scripts
            .iter()
            .flat_map(|script| script.split("call('").skip(1));
        let mut sent: BTreeSet<_> = calls.filter_map(|call| call.split('\'').next()).collect();
        sent.extend(["HGET", "XRANGE", "SCAN"]);
        let checked: BTreeSet<_> = Purpose::Queues.rows().map(|(command, _)| command).collect();
        assert_eq!(checked, sent);
    }

    #[test]
    fn what_the_cache_lacks_is_not_told_twice() {
        let lacks = |commands: &[&'static str]| MissingRights {
            commands: commands.to_vec(),
            ..MissingRights::default()
        };
        let of_queues = lacks(&["ZADD", "HGET"]);
        assert_eq!(of_queues.except(&lacks(&["ZADD"])), lacks(&["HGET"]));
    }
}
