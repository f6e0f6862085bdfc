//! Parses the answer of the master of an entry in a Redis Cluster to a request for the right to
//! compute.

use redis::Value;

use crate::encoding::envelope::{Token, Version};
use crate::store::port::Acquired;
use crate::store::redis::reply::{MalformedReply, Said, acquire_answer, acquired_of, problem};

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
    let problem = problem(&value);
    let read = acquire_answer(value, nonce).and_then(|answer| {
        if answer.digit() == b'3' {
            let (token, versions) = answer.token_and_versions()?;
            return Ok(InCluster::MayBeFilled(token, versions));
        }
        acquired_of(&answer, 0, origin).map(InCluster::Said)
    });
    read.map_err(|MalformedReply| problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redis::reply::Problem;

    fn read(digit: u8, nonce: u8, rest: &[u8]) -> Said<InCluster> {
        let answer = [&[digit], &[nonce; 8][..], rest].concat();
        acquired_in_cluster(Value::BulkString(answer), &[7; 8], [1; 8])
    }

    #[test]
    fn versions_of_an_entry_are_read() {
        let version = |byte| Version([byte; Version::LEN]);
        let listed = [&[2; 16][..], &[4; 48]].concat();
        let wanted = InCluster::MayBeFilled(Token([2; 16]), vec![version(4), version(4)]);
        assert_eq!(read(b'3', 7, &listed), Ok(wanted));
        for (nonce, rest) in [(8, &listed[..]), (7, &listed[1..]), (7, &listed[..15])] {
            assert_eq!(read(b'3', nonce, rest), Err(Problem::MalformedReply));
        }
        let filled = read(b'2', 7, b"");
        assert_eq!(filled, Ok(InCluster::Said(Acquired::Filled)));
    }
}
