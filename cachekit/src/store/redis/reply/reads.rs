//! Parses the answers of Redis to one or more reads that were sent together.

use std::mem::replace;
use std::time::Duration;

use redis::Value;
use smallvec::SmallVec;

use crate::encoding::envelope::{Token, Version};
use crate::store::port::Found;
use crate::store::redis::reply::{
    MalformedReply, Read, Said, bytes, int, list, problem, token, version,
};

/// The positions of one read's entry and versions in the answer to an `MGET` that several reads
/// share.
#[derive(Debug)]
pub(crate) struct Sought {
    /// The position of the entry of this read among the keys of the `MGET`.
    pub(crate) entry: usize,
    /// The positions, among the keys of the `MGET`, of the versions that the read depends on.
    pub(crate) versions: SmallVec<[usize; 6]>,
    /// The number of `versions` that the entry lists. The others were read beside the entry.
    pub(crate) listed: usize,
    /// `true` if the read also has a script, which reads the versions of value tags.
    pub(crate) has_value_tags: bool,
}

/// The results of reads that were sent together, in the order of the reads. Most reads are sent
/// alone.
pub(crate) type Results = SmallVec<[Said<Found>; 1]>;

/// Parses the answers to several reads: first each read's `PTTL`, then one `MGET` of as many keys
/// as `keys` says, then the answer of a Lua script for each read with value tags (tags made from
/// the value). Returns one result for each read.
pub(crate) fn found(mut values: Vec<Value>, reads: &[Sought], keys: usize) -> Results {
    let number = reads.len().min(values.len());
    let (ttls, rest) = values.split_at_mut(number);
    let mut rest = rest.iter_mut().map(|value| replace(value, Value::Nil));
    let entries = rest.next().unwrap_or(Value::Nil);
    let problem = problem(&entries);
    let mut entries = match entries {
        Value::Array(entries) if entries.len() == keys => entries,
        _ => Vec::new(),
    };
    let mut one = |(at, sought): (usize, &Sought)| {
        // If the server lost the script, the caller reads the value tags with another command.
        let value_tags = sought
            .has_value_tags
            .then(|| rest.next().unwrap_or(Value::Nil));
        let value_tags = value_tags.and_then(|value_tags| value_tags_of(value_tags).ok());
        let left = ttls.get(at).unwrap_or(&Value::Nil);
        if let Value::ServerError(_) = left {
            return Err(crate::store::redis::reply::problem(left));
        }
        found_of(left, &mut entries, sought, value_tags).map_err(|MalformedReply| problem.clone())
    };
    reads.iter().enumerate().map(&mut one).collect()
}

fn found_of(
    left: &Value,
    entries: &mut [Value],
    sought: &Sought,
    value_tags: Option<(Token, Vec<Option<Version>>)>,
) -> Read<Found> {
    let version = |at: &usize| match entries.get(*at).ok_or(MalformedReply)? {
        Value::BulkString(bytes) => Ok(Version::of(bytes)),
        Value::Nil => Ok(None),
        _ => Err(MalformedReply),
    };
    let mut versions = sought
        .versions
        .iter()
        .map(version)
        .collect::<Read<Vec<_>>>()?;
    let beside = versions.split_off(sought.listed.min(versions.len()));
    let entry = entries.get_mut(sought.entry).ok_or(MalformedReply)?;
    let bytes = bytes(replace(entry, Value::Nil))?;
    // A number below zero says that the key does not exist, or that another program removed its
    // expiry. In both cases the remaining life is unknown.
    let left = Duration::from_millis(u64::try_from(int(left)?).unwrap_or_default());
    Ok(Found {
        bytes,
        left,
        versions,
        value_tags,
        beside,
    })
}

fn value_tags_of(value: Value) -> Read<(Token, Vec<Option<Version>>)> {
    let mut parts = list(value)?;
    let token = token(parts.next())?;
    Ok((token, parts.map(version).collect::<Read<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_several_reads_gets_its_own() {
        let text = |text: &[u8]| Value::BulkString(text.into());
        let version = |byte| text(&[byte; Version::LEN]);
        let ttls = [Value::Int(1), Value::Int(2), Value::Int(-2)];
        let entries = vec![
            text(b"one"),
            version(1),
            text(b"two"),
            version(2),
            Value::Nil,
        ];
        let value_tags = Value::Array(vec![text(&[7; 16]), version(3)]);
        let values = ttls.into_iter().chain([Value::Array(entries), value_tags]);
        let sought = |entry, versions: &[usize], has_value_tags| Sought {
            entry,
            versions: versions.into(),
            listed: versions.len(),
            has_value_tags,
        };
        let reads = [
            sought(0, &[1], false),
            sought(2, &[1, 3], true),
            sought(4, &[3], false),
        ];
        let seen = found(values.collect(), &reads, 5).into_iter();
        let seen: Vec<_> = seen.map(Result::unwrap).collect();
        let is = |byte| Some(Version([byte; Version::LEN]));
        assert_eq!(seen[0].bytes.as_deref(), Some(&b"one"[..]));
        assert_eq!(seen[1].bytes.as_deref(), Some(&b"two"[..]));
        assert_eq!(seen[2].bytes, None);
        let millis = |found: &Found| found.left.as_millis();
        assert_eq!(
            [1, 2, 0].as_slice(),
            seen.iter().map(millis).collect::<Vec<_>>()
        );
        assert_eq!(seen[1].versions, [is(1), is(2)]);
        assert_eq!(seen[2].versions, [is(2)]);
        let value_tags = Some((Token([7; 16]), vec![is(3)]));
        assert_eq!(
            (&seen[0].value_tags, &seen[1].value_tags),
            (&None, &value_tags)
        );
    }
}
