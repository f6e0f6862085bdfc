//! What a server answered, taken apart. Anything may stand there.

use std::time::Duration;

use redis::Value;

use crate::envelope::{Token, Version};
use crate::remote::bulletin::NodeId;
use crate::remote::{Acquired, Failure, Filled, Found, Grant};

/// The answer is not of the form that was asked for.
struct Odd;

type Read<T> = Result<T, Odd>;

fn bytes(value: Value) -> Read<Option<Vec<u8>>> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(Odd),
    }
}

/// `None` also for a value that is no version.
fn version(value: Value) -> Read<Option<Version>> {
    Ok(bytes(value)?.as_deref().and_then(Version::of))
}

fn token(value: Option<Value>) -> Read<Token> {
    let bytes = bytes(value.ok_or(Odd)?)?.ok_or(Odd)?;
    bytes.try_into().map(Token).map_err(|_| Odd)
}

fn list(value: Value) -> Read<std::vec::IntoIter<Value>> {
    match value {
        Value::Array(values) => Ok(values.into_iter()),
        _ => Err(Odd),
    }
}

fn int(value: &Value) -> Read<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        _ => Err(Odd),
    }
}

/// An answer of a form that was not asked for says nothing; an error says no.
pub(super) fn failure(value: &Value) -> Failure {
    match value {
        Value::ServerError(error) => Failure::Refused(error.code().to_owned()),
        _ => Failure::Refused("an answer of another form".to_owned()),
    }
}

/// Answers of which nothing matters but that they are numbers.
pub(super) fn numbers(values: &[Value]) -> Result<(), Failure> {
    let refused = values.iter().find(|value| int(value).is_err());
    refused.map_or(Ok(()), |value| Err(failure(value)))
}

/// The members of the set of nodes; what is no node's number was not put there by us.
pub(super) fn nodes(value: Value) -> Result<Vec<NodeId>, Failure> {
    let problem = failure(&value);
    let (Value::Array(members) | Value::Set(members)) = value else {
        return Err(problem);
    };
    let node = |value| bytes(value).ok().flatten()?.try_into().ok().map(NodeId);
    Ok(members.into_iter().filter_map(node).collect())
}

/// The answers to `PTTL`, `MGET` and, with `late`, the script for late tags.
pub(super) fn found(
    values: &mut impl Iterator<Item = Value>,
    late: bool,
) -> Result<Found, Failure> {
    let mut next = || values.next().unwrap_or(Value::Nil);
    let (left, entry) = (next(), next());
    // A server that lost the script makes it one more question, no more.
    let late = if late { late_of(next()).ok() } else { None };
    let problem = failure(&entry);
    found_of(&left, entry, late).map_err(|Odd| problem)
}

fn found_of(
    left: &Value,
    entry: Value,
    late: Option<(Token, Vec<Option<Version>>)>,
) -> Read<Found> {
    let mut entry = list(entry)?;
    let bytes = bytes(entry.next().ok_or(Odd)?)?;
    let versions = entry.map(version).collect::<Read<_>>()?;
    // Below zero: it does not exist, or lost its end by hand; then nothing is known.
    let left = Duration::from_millis(u64::try_from(int(left)?).unwrap_or_default());
    Ok(Found {
        bytes,
        left,
        versions,
        late,
    })
}

fn late_of(value: Value) -> Read<(Token, Vec<Option<Version>>)> {
    let mut parts = list(value)?;
    let token = token(parts.next())?;
    Ok((token, parts.map(version).collect::<Read<_>>()?))
}

/// The answer to `MGET` of versions.
pub(super) fn versions(values: Value) -> Result<Vec<Option<Version>>, Failure> {
    let problem = failure(&values);
    let read = list(values).and_then(|values| values.map(version).collect());
    read.map_err(|Odd| problem)
}

/// The answer of the script that grants.
pub(super) fn acquired(value: Value, versions: usize) -> Result<Acquired, Failure> {
    let problem = failure(&value);
    acquired_of(value, versions).map_err(|Odd| problem)
}

fn acquired_of(value: Value, count: usize) -> Read<Acquired> {
    let mut parts = list(value)?;
    let what = int(&parts.next().ok_or(Odd)?)?;
    match what {
        2 => Ok(Acquired::Filled),
        0 => {
            let left = int(&parts.next().ok_or(Odd)?)?;
            let left = u64::try_from(left).map_err(|_| Odd)?;
            Ok(Acquired::Held(Duration::from_millis(left)))
        }
        1 => {
            let token = token(parts.next())?;
            let made = |part| version(part)?.ok_or(Odd);
            let mut versions = parts.map(made).collect::<Read<Vec<_>>>()?;
            if versions.len() < count {
                return Err(Odd);
            }
            let guards = versions.split_off(count);
            Ok(Acquired::Granted(Grant {
                token,
                versions,
                guards,
            }))
        }
        _ => Err(Odd),
    }
}

/// The answer of the script that stores.
pub(super) fn filled(value: &Value) -> Result<Filled, Failure> {
    match value {
        Value::Int(1) => Ok(Filled::Stored),
        Value::Int(0) => Ok(Filled::Fenced),
        Value::Int(-1) => Ok(Filled::Moved),
        Value::Int(2) => Ok(Filled::Older),
        _ => Err(failure(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_another_form_are_refused() {
        let odd = || Value::Array(vec![Value::Int(1), Value::BulkString(vec![1, 2, 3])]);
        assert!(acquired(odd(), 2).is_err());
        assert!(acquired(Value::Array(vec![]), 2).is_err());
        assert!(acquired(Value::Nil, 2).is_err());
        for values in [
            vec![Value::Nil, Value::Array(vec![Value::Nil])],
            vec![Value::Int(1), Value::Array(vec![])],
            vec![Value::Int(1), Value::Okay],
            vec![],
        ] {
            assert!(found(&mut values.into_iter(), false).is_err());
        }
        assert!(filled(&Value::Int(7)).is_err());
        let short = Value::Array(vec![Value::Int(1), Value::BulkString(vec![0; 16])]);
        assert!(
            acquired(short, 2).is_err(),
            "fewer versions than were asked for"
        );
    }

    #[test]
    fn a_value_that_is_no_version_is_none() {
        let values = Value::Array(vec![Value::Nil, Value::BulkString(vec![0; 3])]);
        let found = found(&mut [Value::Int(-2), values].into_iter(), true).unwrap();
        assert_eq!((found.bytes, found.left), (None, Duration::ZERO));
        assert_eq!(found.versions, [None]);
    }
}
