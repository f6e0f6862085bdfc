//! What is asked of a server before anything else.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, Pipeline, RedisError, Value};

use super::link::misplaced;
use super::script::{Digests, Scripts};

/// What a server said of itself.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    /// The beginning of its replication id: it changes with the data set.
    pub(super) origin: [u8; 8],
    pub(super) digests: Digests,
}

/// Asks for the server's role and replication id, whether it takes writes, and loads the scripts:
/// one round trip. Under `nothing` nothing stands.
pub(super) async fn greet(
    connection: &mut MultiplexedConnection,
    scripts: &Scripts,
    nothing: &[u8],
) -> Result<Greeting, RedisError> {
    let mut questions = Pipeline::new();
    questions.cmd("ROLE");
    questions.cmd("INFO").arg("replication");
    // A master that is cut off says that it is one, and refuses this.
    questions.cmd("UNLINK").arg(nothing);
    for load in scripts.load() {
        questions.add_command(load);
    }
    let answers = connection
        .send_packed_commands(&questions, 0, 3 + scripts.count())
        .await?;
    let mut answers = answers.into_iter();
    let role = answers.next().unwrap_or(Value::Nil);
    let info = answers.next();
    let written = answers.next().unwrap_or(Value::Nil);
    if let Some(code) = misplaced(&role).or_else(|| misplaced(&written)) {
        let what = "the server is not ready";
        return Err(RedisError::from((ErrorKind::Client, what, code)));
    }
    if let Value::Array(role) = role
        && role
            .first()
            .and_then(text)
            .is_some_and(|role| role != "master")
    {
        return Err(RedisError::from((
            ErrorKind::Client,
            "the server is a replica",
        )));
    }
    let origin = info.as_ref().and_then(text).map_or([0; 8], origin);
    // Where loading is forbidden, or lost, every call sends the script's text.
    let digests: Option<Digests> = answers
        .map(|answer| text(&answer).map(Into::into))
        .collect();
    Ok(Greeting {
        origin,
        digests: digests.unwrap_or_default(),
    })
}

/// Whether the server does not take the user and the password, or wants some.
pub(super) fn is_refused_login(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || error
            .code()
            .is_some_and(|code| ["WRONGPASS", "NOAUTH"].contains(&code))
        || error.detail() == Some("NOAUTH")
}

/// The beginning of the replication id that stands in `info`.
pub(super) fn origin(info: &str) -> [u8; 8] {
    let id = info
        .lines()
        .find_map(|line| line.strip_prefix("master_replid:"));
    let mut origin = [0; 8];
    for (byte, pair) in origin
        .iter_mut()
        .zip(id.unwrap_or_default().as_bytes().chunks(2))
    {
        let digits = str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    origin
}

pub(super) fn text(value: &Value) -> Option<&str> {
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
        assert_eq!(origin("nothing of the kind"), [0; 8]);
    }
}
