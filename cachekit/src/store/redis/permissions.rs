//! The check of the rights of a Redis account.
//!
//! The handshake checks the rights of a cache. The doctor also checks those of queues and of warm
//! starts, which many caches do not have. The check runs none of the commands and leaves nothing in
//! Redis.

use std::fmt;

use redis::{Cmd, Value, cmd};

use crate::store::failure::NO_RIGHT;
use crate::store::redis::rights::{INFO, PUBSUB, Purpose, Tenant};

/// The commands that are needed for a purpose and that the Redis account may not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MissingRights {
    tenant: Tenant,
    purpose: Purpose,
    commands: Vec<&'static str>,
}

/// Returns the command that checks the account's rights for `purpose`: a script that asks Redis, for
/// each command, if the account may run the command.
pub(crate) fn question(tenant: &Tenant, purpose: Purpose) -> Cmd {
    let mut question = cmd("EVAL");
    question.arg(include_str!("permissions.lua")).arg(0);
    for (command, words) in purpose.rows(tenant.is_in_cluster) {
        // The name of a command may have two words.
        let name: Vec<_> = command.split(' ').collect();
        question.arg(name.len() + words.len()).arg(name);
        for word in words {
            question.arg(tenant.word(word));
        }
    }
    question
}

impl MissingRights {
    /// Returns no missing right of `tenant` for `purpose`.
    pub(crate) fn none(tenant: &Tenant, purpose: Purpose) -> Self {
        Self {
            tenant: tenant.clone(),
            purpose,
            commands: Vec::new(),
        }
    }

    /// Reads the missing rights of `tenant` from Redis' `answer` to the check of rights for `purpose`.
    pub(crate) fn read(tenant: &Tenant, purpose: Purpose, answer: &Value) -> Self {
        let mut missing_rights = Self::none(tenant, purpose);
        match answer {
            Value::Array(numbers) => {
                for number in numbers {
                    if let Value::Int(number) = number
                        && let Some((command, _)) = usize::try_from(*number)
                            .ok()
                            .and_then(|number| purpose.rows(tenant.is_in_cluster).nth(number))
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
        let mut remedy = format!("run `ACL SETUSER <user> {}", self.tenant.patterns());
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

/// The command that loads Lua scripts into Redis. Without the right to load scripts, each command
/// that runs a script sends the script's whole text.
pub(crate) const SCRIPT_LOAD: &str = "SCRIPT LOAD";

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
/// answer says so. For a command in a script, only the text of the error says so.
pub(crate) fn is_refused(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    // Redis 7.0 begins the error with the first words, and Redis 6 names the place in the script
    // before them. Newer servers and Valkey begin it with the second words.
    let in_script = [
        "The user executing the script can't",
        "ACL failure in script:",
    ];
    let says = |details: &str| in_script.iter().any(|words| details.contains(words));
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
        let rows = Purpose::Queues.rows(false);
        let checked: BTreeSet<_> = rows.map(|(command, _)| command).collect();
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
