//! Parses the answer of the master of an entry in a Redis Cluster to a request for the right to
//! compute.

use redis::Value;

use crate::encoding::envelope::{Token, Version};
use crate::store::port::Acquired;
use crate::store::redis::reply::{
    MalformedReply, Problem, Read, Said, acquired, bytes, int, list, token,
};

/// The answer of the master of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InCluster {
    /// The master has decided. A grant has no versions.
    Said(Acquired),
    /// The entry has a fresh value with this token, which lists these versions.
    MayBeFilled(Token, Vec<Version>),
}

impl InCluster {
    /// Returns `true` if the master granted the right to compute.
    pub(crate) fn is_granted(&self) -> bool {
        matches!(self, Self::Said(Acquired::Granted(_)))
    }
}

/// Parses the answer of the script `acquire` with the option `c`. The answer must repeat `nonce`.
pub(crate) fn acquired_in_cluster(value: Value, nonce: &[u8], origin: [u8; 8]) -> Said<InCluster> {
    let is_open = |parts: &Vec<Value>| parts.first() == Some(&Value::Int(3));
    match value {
        Value::Array(parts) if is_open(&parts) => may_be_filled(Value::Array(parts), nonce)
            .map_err(|MalformedReply| Problem::MalformedReply),
        value => acquired(value, nonce, 0, origin).map(InCluster::Said),
    }
}

fn may_be_filled(value: Value, nonce: &[u8]) -> Read<InCluster> {
    let mut parts = list(value)?;
    int(&parts.next().ok_or(MalformedReply)?)?;
    if bytes(parts.next().ok_or(MalformedReply)?)?.as_deref() != Some(nonce) {
        return Err(MalformedReply);
    }
    let token = token(parts.next())?;
    let listed = bytes(parts.next().ok_or(MalformedReply)?)?.ok_or(MalformedReply)?;
    let versions = listed.chunks(Version::LEN).map(Version::of);
    let versions = versions.collect::<Option<_>>().ok_or(MalformedReply)?;
    Ok(InCluster::MayBeFilled(token, versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: Vec<Value>) -> Said<InCluster> {
        acquired_in_cluster(Value::Array(parts), &[7; 8], [1; 8])
    }

    fn text(byte: u8, length: usize) -> Value {
        Value::BulkString(vec![byte; length])
    }

    #[test]
    fn versions_of_an_entry_are_read() {
        let version = |byte| Version([byte; Version::LEN]);
        let answer = || vec![Value::Int(3), text(7, 8), text(2, 16), text(4, 48)];
        let wanted = InCluster::MayBeFilled(Token([2; 16]), vec![version(4), version(4)]);
        assert_eq!(read(answer()), Ok(wanted));
        for (at, other) in [
            (1, text(8, 8)),
            (2, text(2, 15)),
            (3, text(4, 47)),
            (3, Value::Nil),
        ] {
            let mut answer = answer();
            answer[at] = other;
            assert_eq!(read(answer), Err(Problem::MalformedReply));
        }
        let filled = read(vec![Value::Int(2), text(7, 8)]);
        assert_eq!(filled, Ok(InCluster::Said(Acquired::Filled)));
    }
}
