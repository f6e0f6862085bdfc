//! The first exchange with a Redis server on a new connection.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, Value, cmd};

use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::errors::wrong_role;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::rights::{INFO, Purpose, Tenant};
use crate::store::redis::script::{Digests, Scripts};
use crate::store::redis::{permissions, tls};

/// The result of the handshake with a Redis server: the server's data set, the digests of the
/// loaded Lua scripts, and the rights that the account lacks.
#[derive(Debug, Clone)]
pub(crate) struct Greeting {
    /// The first 8 bytes of the server's replication id, which changes with the server's data set.
    pub(crate) origin: [u8; 8],
    pub(crate) digests: Digests,
    /// The commands that the cache uses and the account may not run.
    pub(crate) missing_rights: MissingRights,
}

/// Asks the Redis server for its role, its replication id and the account's rights, tests that the
/// server accepts writes, and loads the cache's Lua scripts, in one round trip. To test for writes,
/// deletes the keys `nothing`, which never have a value. Returns an error if the server is a
/// replica or not ready, or, if there are several keys, a node of a Redis Cluster.
pub(crate) async fn greet(
    connection: &mut MultiplexedConnection,
    tenant: &Tenant,
    scripts: &Scripts,
    nothing: &[Vec<u8>],
) -> Result<Greeting, RedisError> {
    let mut questions = Pipeline::new();
    questions.add_command(origin_question());
    questions.add_command(permissions::question(tenant, Purpose::Cache));
    // A master that is cut off from its replicas still reports the role of a master, but refuses
    // this command. A node of a Redis Cluster refuses two names of different slots.
    let unused = questions.cmd("UNLINK");
    for name in nothing {
        unused.arg(&name[..]);
    }
    for load in scripts.load() {
        questions.add_command(load);
    }
    let answers = connection
        .send_packed_commands(&questions, 0, questions.len())
        .await?;
    // The name for a master of a cluster may have moved to another one since it was chosen.
    if nothing.len() > 1 && answers.get(2).is_some_and(is_of_cluster) {
        return Err(RedisError::from((ErrorKind::Client, OF_CLUSTER)));
    }
    let info = answers.first().and_then(text).unwrap_or_default();
    if line(info, "role:").is_none() && answers.get(2).is_some_and(is_without_keys) {
        return Err(RedisError::from((ErrorKind::Client, OF_SENTINEL)));
    }
    let is_down =
        |it: &Value| matches!(it, Value::ServerError(error) if error.code() == "CLUSTERDOWN");
    if answers.get(2).is_some_and(is_down) {
        let what = "the server serves no slots, because the cluster is down";
        return Err(RedisError::from((ErrorKind::Client, what)));
    }
    let info = expect_master(&answers)?;
    let rights = answers.get(1).unwrap_or(&Value::Nil);
    let mut missing_rights = MissingRights::read(tenant, Purpose::Cache, rights);
    let origin = origin(info);
    if origin == UNKNOWN_ORIGIN {
        missing_rights.add(INFO);
    }
    let loaded = answers.get(3..).unwrap_or_default();
    if loaded.iter().any(permissions::is_refused) {
        missing_rights.add(permissions::SCRIPT_LOAD);
    }
    // If loading is forbidden or fails, no digest is known, and every call of a script sends the
    // text of the script.
    let digests: Option<Digests> = loaded
        .iter()
        .zip(scripts.all())
        .map(|(answer, script)| Some((script, text(answer)?.into())))
        .collect();
    Ok(Greeting {
        origin,
        digests: digests.unwrap_or_default(),
        missing_rights,
    })
}

/// Asks the Redis server for its role, and tests that it accepts writes by deleting the key
/// `nothing`, which never has a value. Returns an error if the server is not the master.
pub(crate) async fn check_master(
    connection: &mut MultiplexedConnection,
    nothing: &[u8],
) -> Result<(), RedisError> {
    let mut questions = Pipeline::new();
    questions.add_command(origin_question());
    questions.cmd("UNLINK").arg(nothing);
    let answers = connection
        .send_packed_commands(&questions, 0, questions.len())
        .await?;
    expect_master(&answers).map(drop)
}

/// Returns the text of `answers`' first answer, which is that to `INFO`. Returns an error if an
/// answer shows that the server is not the master, or not ready.
fn expect_master(answers: &[Value]) -> Result<&str, RedisError> {
    if let Some(code) = answers.iter().find_map(wrong_role) {
        let what = "the server is not ready";
        return Err(RedisError::from((ErrorKind::Client, what, code)));
    }
    let info = answers.first().and_then(text).unwrap_or_default();
    if line(info, "role:").is_some_and(|role| role != "master") {
        let what = "the server is a replica; give the address of its master";
        return Err(RedisError::from((ErrorKind::Client, what)));
    }
    Ok(info)
}

/// Returns the command that asks Redis for its role and its replication id.
pub(crate) fn origin_question() -> Cmd {
    let mut question = cmd("INFO");
    question.arg("replication");
    question
}

/// Returns the problem and the remedy if every further attempt to connect to Redis would fail like
/// the attempt with `error`: the login or the database is wrong, the server is too old, or it is a
/// node of a Redis Cluster or a sentinel. Returns `None` for every other error.
pub(crate) fn for_good(error: &RedisError) -> Option<(String, &'static str)> {
    if let Some(refusal) = tls::refusal(error) {
        return Some(refusal);
    }
    if is_refused_login(error) {
        let remedy = "check the user and the password; in an address, special characters are \
                      percent-encoded, `REDIS_PASSWORD` takes them as they are";
        return Some(("refuses the login".to_owned(), remedy));
    }
    if error.kind() == ErrorKind::RESP3NotSupported {
        let problem = "is no Redis 6 or newer: it does not know `HELLO`".to_owned();
        return Some((problem, "use Redis 7 or newer"));
    }
    let said = error.to_string();
    if said.contains(OF_CLUSTER) {
        let problem = "is a node of a Redis Cluster, and the address is that of one server";
        let remedy =
            "give `redis+cluster://host:6379`, with the address of any node of the cluster";
        return Some((problem.to_owned(), remedy));
    }
    if said.contains(OF_SENTINEL) {
        let problem = "is a sentinel, and the address is that of a Redis server";
        let remedy = "give `redis+sentinel://host:26379/mymaster`, with the name of the master";
        return Some((problem.to_owned(), remedy));
    }
    if !said.contains("refused to switch database") {
        return None;
    }
    let remedy = if said.contains("no permissions") {
        "grant `+select`, or take the number out of the address"
    } else {
        "take a number below what `databases` in its configuration says (16 if nothing), or none"
    };
    let why = error.detail().unwrap_or("no reason given");
    Some((
        format!("refuses the database of the address: {why}"),
        remedy,
    ))
}

/// The error of a handshake with a node of a Redis Cluster.
const OF_CLUSTER: &str = "the server is a node of a Redis Cluster";

/// Returns `true` if only a node of a Redis Cluster gives this answer to a command with two keys.
fn is_of_cluster(answer: &Value) -> bool {
    const CODES: [&str; 5] = ["CROSSSLOT", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"];
    matches!(answer, Value::ServerError(error) if CODES.contains(&error.code()))
}

/// The error of a handshake with a sentinel.
const OF_SENTINEL: &str = "the server is a sentinel";

/// Returns `true` if `answer`, to the removal of a key, says that the server does not know the
/// command.
fn is_without_keys(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    let is_unknown = |details: &str| details.starts_with("unknown command");
    error.code() == "ERR" && error.details().is_some_and(is_unknown)
}

/// Returns `true` if `error` says that the server refuses the login or requires one.
fn is_refused_login(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || error
            .code()
            .is_some_and(|code| ["WRONGPASS", "NOAUTH"].contains(&code))
        || error.detail() == Some("NOAUTH")
}

/// Finds the first line of `info`, the answer to `INFO`, that begins with `name`, and returns the
/// text after `name`. Returns `None` if no line begins with `name`.
fn line<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name))
}

/// Returns the first 8 bytes of the replication id in `info`, or `UNKNOWN_ORIGIN` if `info` has no
/// such id.
pub(crate) fn origin(info: &str) -> [u8; 8] {
    let id = line(info, "master_replid:");
    let mut origin = UNKNOWN_ORIGIN;
    for (byte, pair) in origin
        .iter_mut()
        .zip(id.unwrap_or_default().as_bytes().chunks(2))
    {
        let digits = str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    origin
}

pub(crate) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_beginning_of_the_replication_id() {
        let info = "# Replication\r\nrole:master\r\nmaster_replid:0123456789abcdef0000\r\n";
        assert_eq!(
            origin(info),
            [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
        );
        assert_eq!(origin("nothing of the kind"), UNKNOWN_ORIGIN);
    }
}
