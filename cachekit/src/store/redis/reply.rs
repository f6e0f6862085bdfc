//! Parses the answers of Redis to the cache's commands and scripts. An answer may contain any
//! value.

pub(crate) mod acquired;
pub(crate) mod queues;
pub(crate) mod reads;

use std::time::Duration;

use redis::Value;

use crate::encoding::envelope::{Token, Version};
use crate::model::server_info::ServerInfo;
use crate::store::failure::NO_RIGHT;
use crate::store::fill::Filled;
use crate::store::lease_grant::LeaseGrant;
use crate::store::port::Acquired;
use crate::store::redis::permissions::is_refused;
use crate::store::redis::{handshake, server_info};

/// The error for an answer of Redis that does not have the form of an answer to its command.
struct MalformedReply;

type Read<T> = Result<T, MalformedReply>;

/// The reason why an answer of Redis cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The Redis server refused the command with this error code, such as `OOM`.
    Refused(String),
    /// The answer of Redis does not have the expected form, and so may belong to another command.
    MalformedReply,
}

pub(crate) type Said<T> = Result<T, Problem>;

fn bytes(value: Value) -> Read<Option<Vec<u8>>> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(MalformedReply),
    }
}

/// Parses `value`, the value of a key in Redis, as a version. Returns `None` if the key has no
/// value, or a value that is no version.
fn version(value: Value) -> Read<Option<Version>> {
    Ok(bytes(value)?.as_deref().and_then(Version::of))
}

fn token(value: Option<Value>) -> Read<Token> {
    let bytes = bytes(value.ok_or(MalformedReply)?)?.ok_or(MalformedReply)?;
    bytes.try_into().map(Token).map_err(|_| MalformedReply)
}

fn list(value: Value) -> Read<std::vec::IntoIter<Value>> {
    match value {
        Value::Array(values) => Ok(values.into_iter()),
        _ => Err(MalformedReply),
    }
}

fn int(value: &Value) -> Read<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        _ => Err(MalformedReply),
    }
}

/// Returns the problem with the answer `value`, which cannot be parsed: a refusal if `value` is an
/// error of the server, and a malformed reply otherwise. A refusal for a missing right has the same
/// code from every version of Redis.
pub(crate) fn problem(value: &Value) -> Problem {
    match value {
        refused if is_refused(refused) => Problem::Refused(NO_RIGHT.to_owned()),
        Value::ServerError(error) => Problem::Refused(error.code().to_owned()),
        _ => Problem::MalformedReply,
    }
}

/// Checks that every answer in `values` is a number. Returns the problem of the first answer that
/// is not a number.
pub(crate) fn numbers(values: &[Value]) -> Said<()> {
    let refused = values.iter().find(|value| int(value).is_err());
    refused.map_or(Ok(()), |value| Err(problem(value)))
}

/// Checks that the answer to a `SET` says that the value was stored.
pub(crate) fn okay(values: &[Value]) -> Said<()> {
    let answer = values.first().unwrap_or(&Value::Nil);
    let is_okay = matches!(answer, Value::Okay);
    is_okay.then_some(()).ok_or_else(|| problem(answer))
}

/// Parses the answer to a `PUBLISH`: the number of subscribers that receive the message.
#[cfg(feature = "json")]
pub(crate) fn receivers(values: &[Value]) -> Said<usize> {
    let answer = values.first().unwrap_or(&Value::Nil);
    let number = int(answer)
        .ok()
        .and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| problem(answer))
}

/// Parses the answer to `INFO`. `database` is the number of the cache's database.
pub(crate) fn server_info(values: &[Value], database: i64) -> Said<ServerInfo> {
    let answer = values.first().unwrap_or(&Value::Nil);
    let text = handshake::text(answer).ok_or_else(|| problem(answer))?;
    Ok(server_info::read(text, database))
}

/// Parses the answer to an `MGET` of `count` versions. An answer with another number of values is
/// malformed.
pub(crate) fn versions(values: Value, count: usize) -> Said<Vec<Option<Version>>> {
    let problem = problem(&values);
    let read = list(values).and_then(|values| values.map(version).collect::<Read<Vec<_>>>());
    read.ok()
        .filter(|versions| versions.len() == count)
        .ok_or(problem)
}

/// Parses the answer of the Lua script `acquire`, which asks for the lease of a key. The answer
/// must repeat `nonce`, which proves that the answer belongs to this request. A grant of the lease
/// must have at least `versions` versions. Further versions in the grant are guards: versions of
/// all tags with one prefix.
/// `origin` is the origin of the data set that has the entry.
pub(crate) fn acquired(
    value: Value,
    nonce: &[u8],
    versions: usize,
    origin: [u8; 8],
) -> Said<Acquired> {
    let problem = problem(&value);
    let read = acquire_answer(value, nonce).and_then(|it| acquired_of(&it, versions, origin));
    read.map_err(|MalformedReply| problem)
}

/// The answer of the script `acquire`: a digit, the nonce, and what the digit stands for.
struct AcquireAnswer {
    bytes: Vec<u8>,
    /// The position in `bytes` after the nonce.
    rest: usize,
}

impl AcquireAnswer {
    fn digit(&self) -> u8 {
        self.bytes[0]
    }

    /// Returns the token and the versions at the end of the answer.
    fn token_and_versions(&self) -> Read<(Token, Vec<Version>)> {
        let rest = self.bytes[self.rest..].split_first_chunk();
        let (token, versions) = rest.ok_or(MalformedReply)?;
        let versions = versions.chunks(Version::LEN).map(Version::of);
        let versions = versions.collect::<Option<_>>().ok_or(MalformedReply)?;
        Ok((Token(*token), versions))
    }
}

fn acquire_answer(value: Value, nonce: &[u8]) -> Read<AcquireAnswer> {
    let bytes = bytes(value)?.ok_or(MalformedReply)?;
    let rest = 1 + nonce.len();
    let repeats = bytes.get(1..rest) == Some(nonce);
    let answer = AcquireAnswer { bytes, rest };
    repeats.then_some(answer).ok_or(MalformedReply)
}

fn acquired_of(answer: &AcquireAnswer, count: usize, origin: [u8; 8]) -> Read<Acquired> {
    match answer.digit() {
        b'2' => Ok(Acquired::Filled),
        b'0' => {
            let left = str::from_utf8(&answer.bytes[answer.rest..]).map_err(|_| MalformedReply)?;
            let left = left.parse().map_err(|_| MalformedReply)?;
            Ok(Acquired::Held(Duration::from_millis(left)))
        }
        b'1' => {
            let (token, mut versions) = answer.token_and_versions()?;
            if versions.len() < count {
                return Err(MalformedReply);
            }
            let guards = versions.split_off(count);
            Ok(Acquired::Granted(LeaseGrant {
                token,
                versions,
                guards,
                origin,
            }))
        }
        _ => Err(MalformedReply),
    }
}

/// Parses the answer of the script `versions` to the question with `nonce` for `count` versions.
pub(crate) fn made_versions(value: Value, nonce: &[u8], count: usize) -> Said<Vec<Version>> {
    let problem = problem(&value);
    made_versions_of(value, nonce, count).map_err(|MalformedReply| problem)
}

fn made_versions_of(value: Value, nonce: &[u8], count: usize) -> Read<Vec<Version>> {
    let mut parts = list(value)?;
    if bytes(parts.next().ok_or(MalformedReply)?)?.as_deref() != Some(nonce) {
        return Err(MalformedReply);
    }
    let made = |part| version(part)?.ok_or(MalformedReply);
    let versions = parts.map(made).collect::<Read<Vec<_>>>()?;
    if versions.len() == count {
        Ok(versions)
    } else {
        Err(MalformedReply)
    }
}

/// Parses the answer of the script `fill`, a number, into the result of the store.
pub(crate) fn filled(value: &Value) -> Said<Filled> {
    match value {
        Value::Int(1) => Ok(Filled::Stored),
        Value::Int(0) => Ok(Filled::Fenced),
        Value::Int(-1) => Ok(Filled::Invalidated),
        Value::Int(2) => Ok(Filled::Older),
        _ => Err(problem(value)),
    }
}

/// Parses the answer of the script `fill` without a channel: the result of the store, and `true` if
/// somebody waits for the end of the lease.
pub(crate) fn filled_in_cluster(value: &Value) -> Said<(Filled, bool)> {
    /// The script adds this number if somebody waits.
    const WAITS: i64 = 16;
    match value {
        Value::Int(number) if *number >= WAITS - 1 => {
            filled(&Value::Int(number - WAITS)).map(|filled| (filled, true))
        }
        value => filled(value).map(|filled| (filled, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::port::Found;
    use crate::store::redis::reply::reads::{Sought, found};

    const ORIGIN: [u8; 8] = [3; 8];

    /// Parses the answers to the commands of one read, for an entry and `versions` versions. With
    /// `has_value_tags`, the last answer has the versions of the entry's value tags.
    fn found_one(values: Vec<Value>, versions: usize, has_value_tags: bool) -> Said<Found> {
        let sought = Sought {
            entry: 0,
            versions: (1..=versions).collect(),
            listed: versions,
            has_value_tags,
        };
        found(values, &[sought], 1 + versions).pop().unwrap()
    }

    #[test]
    fn answers_of_another_form_are_refused() {
        let answer = |digit, nonce: u8, rest: &[u8]| {
            Value::BulkString([&[digit], &[nonce; 8][..], rest].concat())
        };
        let read = |answer| acquired(answer, &[7; 8], 2, ORIGIN);
        for odd in [
            answer(b'1', 7, &[0; 15]),
            answer(b'1', 7, &[0; 16 + 48 + 1]),
            answer(b'0', 7, b"soon"),
            answer(b'0', 7, b"-1"),
            answer(b'7', 7, b""),
            Value::BulkString(vec![]),
            Value::Array(vec![]),
            Value::Nil,
        ] {
            assert!(read(odd.clone()).is_err(), "{odd:?}");
        }
        assert!(
            read(answer(b'1', 7, &[0; 16 + 24])).is_err(),
            "fewer versions than were asked for"
        );
        let granted = read(answer(b'1', 7, &[0; 16 + 3 * 24]));
        assert!(matches!(granted, Ok(Acquired::Granted(it)) if it.guards.len() == 1));
        let held = answer(b'0', 7, b"9");
        let left = Duration::from_millis(9);
        assert_eq!(read(held), Ok(Acquired::Held(left)));
        assert_eq!(read(answer(b'2', 7, b"")), Ok(Acquired::Filled));
        assert_eq!(
            read(answer(b'2', 8, b"")),
            Err(Problem::MalformedReply),
            "another's answer"
        );
        for values in [
            vec![Value::Nil, Value::Array(vec![Value::Nil])],
            vec![Value::Int(1), Value::Array(vec![])],
            vec![Value::Int(1), Value::Okay],
            vec![],
        ] {
            assert!(found_one(values, 0, false).is_err());
        }
        assert!(filled(&Value::Int(7)).is_err());
    }

    #[test]
    fn the_answer_of_another_question_is_odd_and_a_no_is_none() {
        let other = || Value::Array(vec![Value::Nil, Value::Nil]);
        let answers = vec![Value::Int(-2), other()];
        assert_eq!(found_one(answers, 0, false), Err(Problem::MalformedReply));
        assert_eq!(versions(other(), 3), Err(Problem::MalformedReply));
        assert_eq!(versions(Value::Int(1), 1), Err(Problem::MalformedReply));
        assert_eq!(
            numbers(&[Value::Int(1), other()]),
            Err(Problem::MalformedReply)
        );
    }

    /// The answers of several versions of Redis to a script whose command is refused.
    #[test]
    fn a_missing_right_is_told_from_another_error_of_a_script() {
        let code = |answer: &str| {
            let answer = redis::parse_redis_value(format!("-{answer}\r\n").as_bytes());
            match problem(&answer.expect("an error of the server")) {
                Problem::Refused(code) => code,
                Problem::MalformedReply => panic!("an error is a refusal"),
            }
        };
        let words = "The user executing the script can't run this command or subcommand";
        let place = "Error running script (call to f_c0ffee): @user_script:5: @user_script: 5:";
        for right in [
            "NOPERM User shop has no permissions to run the 'evalsha' command".to_owned(),
            format!("NOPERM {words} script: c0ffee, on @user_script:5."),
            format!("ERR {words} script: c0ffee, on @user_script:5."),
            format!("ERR {place} {words}"),
            "ERR ACL failure in script: User app has no permissions to run the 'getrange' command \
             script: c0ffee, on @user_script:1."
                .to_owned(),
        ] {
            assert_eq!(code(&right), "NOPERM", "{right}");
        }
        for other in [
            "ERR unknown command 'EVALSHA'".to_owned(),
            "ERR Unknown Redis command called from script script: c0ffee".to_owned(),
            format!("ERR {place} Unknown Redis command called from Lua script"),
            "ERR user_script:8: attempt to compare nil with number".to_owned(),
        ] {
            assert_eq!(code(&other), "ERR", "{other}");
        }
        assert_eq!(code("OOM command not allowed"), "OOM");
    }

    #[test]
    fn a_value_that_is_no_version_is_none() {
        let values = Value::Array(vec![Value::Nil, Value::BulkString(vec![0; 3])]);
        let found = found_one(vec![Value::Int(-2), values], 1, true).unwrap();
        assert_eq!((found.bytes, found.left), (None, Duration::ZERO));
        assert_eq!(found.versions, [None]);
    }
}
