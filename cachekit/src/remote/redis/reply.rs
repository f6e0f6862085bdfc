//! What a server answered, taken apart. Anything may stand there.

use std::time::Duration;

use redis::Value;

use crate::envelope::{Token, Version};
use crate::remote::{Acquired, Failure, Filled, Found, Grant};

/// `None` where the answer is not of the form that was asked for.
pub(super) trait Read: Sized {
    fn bytes(self) -> Option<Option<Vec<u8>>>;
    fn list(self) -> Option<Vec<Value>>;
    fn int(&self) -> Option<i64>;
}

impl Read for Value {
    fn bytes(self) -> Option<Option<Vec<u8>>> {
        match self {
            Self::BulkString(bytes) => Some(Some(bytes)),
            Self::Nil => Some(None),
            _ => None,
        }
    }

    fn list(self) -> Option<Vec<Value>> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }
}

/// An answer of a form that was not asked for says nothing; an error says no.
pub(super) fn failure(value: &Value) -> Failure {
    match value {
        Value::ServerError(error) => Failure::Refused(error.code().to_owned()),
        _ => Failure::Refused("an answer of another form".to_owned()),
    }
}

/// The answers to `PTTL`, `MGET` and, with `late`, the script for late tags.
pub(super) fn found(
    values: &mut impl Iterator<Item = Value>,
    late: bool,
) -> Result<Found, Failure> {
    let mut next = || values.next().unwrap_or(Value::Nil);
    let (left, entry) = (next(), next());
    // A server that lost the script makes it one more question, no more.
    let late = if late { late_of(next()) } else { None };
    let problem = failure(&entry);
    let read = || {
        let mut entry = entry.list()?.into_iter().map(Read::bytes);
        let bytes = entry.next()??;
        let versions = entry
            .map(|value| Some(value?.as_deref().and_then(Version::of)))
            .collect::<Option<_>>()?;
        // Below zero: it does not exist, or lost its end by hand; then nothing is known.
        let left = Duration::from_millis(u64::try_from(left.int()?).unwrap_or_default());
        Some(Found {
            bytes,
            left,
            versions,
            late,
        })
    };
    read().ok_or(problem)
}

fn late_of(value: Value) -> Option<(Token, Vec<Option<Version>>)> {
    let mut parts = value.list()?.into_iter();
    let token = Token(parts.next()?.bytes()??.try_into().ok()?);
    let versions = parts.map(|part| Some(part.bytes()?.as_deref().and_then(Version::of)));
    Some((token, versions.collect::<Option<_>>()?))
}

/// The answer to `MGET` of versions.
pub(super) fn versions(values: Value) -> Result<Vec<Option<Version>>, Failure> {
    match values {
        Value::Array(values) => values
            .into_iter()
            .map(|value| Some(value.bytes()?.as_deref().and_then(Version::of)))
            .collect::<Option<_>>()
            .ok_or_else(|| failure(&Value::Nil)),
        other => Err(failure(&other)),
    }
}

/// The answer of the script that grants.
pub(super) fn acquired(value: Value, versions: usize) -> Result<Acquired, Failure> {
    let problem = failure(&value);
    acquired_of(value, versions).ok_or(problem)
}

fn acquired_of(value: Value, count: usize) -> Option<Acquired> {
    let mut parts = value.list()?.into_iter();
    match parts.next()?.int()? {
        2 => Some(Acquired::Filled),
        0 => {
            let left = u64::try_from(parts.next()?.int()?).ok()?;
            Some(Acquired::Held(Duration::from_millis(left)))
        }
        1 => {
            let token = Token(parts.next()?.bytes()??.try_into().ok()?);
            let mut versions = parts
                .map(|part| Version::of(&part.bytes()??))
                .collect::<Option<Vec<_>>>()?;
            let guards = (versions.len() >= count).then(|| versions.split_off(count))?;
            Some(Acquired::Granted(Grant {
                token,
                versions,
                guards,
            }))
        }
        _ => None,
    }
}

/// The answer of the script that stores.
pub(super) fn filled(value: &Value) -> Result<Filled, Failure> {
    match value.int() {
        Some(1) => Ok(Filled::Stored),
        Some(0) => Ok(Filled::Fenced),
        Some(-1) => Ok(Filled::Moved),
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
