//! Parses the answers of Redis about the queues of write-behind functions.

use std::time::Duration;

use redis::Value;

use crate::store::redis::reply::{MalformedReply, Read, Said, bytes, int, list, problem};
use crate::store::write_queue::{
    Claimed, ClaimedKey, DeadItem, Enqueued, Payload, QueueState, QueuedItem, Taken,
};

/// Parses `value` with `read`. An answer that `read` cannot parse is a problem.
fn said<T>(value: Value, read: impl FnOnce(Value) -> Read<T>) -> Said<T> {
    let problem = problem(&value);
    read(value).map_err(|MalformedReply| problem)
}

/// Parses the answer of the script that accepts a write.
pub(crate) fn enqueued(value: Value) -> Said<Enqueued> {
    said(value, |value| {
        let mut parts = list(value)?;
        let is_accepted = int(&next(&mut parts)?)? == 1;
        let version = number(&some_bytes(next(&mut parts)?)?)?;
        if is_accepted {
            return Ok(Enqueued::Accepted(version));
        }
        let has_older = int(&next(&mut parts)?)? == 1;
        Ok(Enqueued::Full { version, has_older })
    })
}

/// Parses a queued write. Returns `None` if the answer says that no write is queued.
pub(crate) fn queued_item(value: Value) -> Said<Option<QueuedItem>> {
    said(value, |value| Ok(bytes(value)?.map(item)))
}

/// Parses the keys that a worker claimed.
pub(crate) fn claimed(value: Value) -> Said<Claimed> {
    said(value, |value| {
        let mut parts = list(value)?;
        let state = state_of(next(&mut parts)?)?;
        let next_due = some_bytes(next(&mut parts)?)?;
        let next_due = text(&next_due);
        let next_due = match &*next_due {
            "" => None,
            // The number is negative if a claim has ended already.
            text => Some(text.parse::<i64>().map_err(|_| MalformedReply)?.max(0)),
        };
        let keys = list(next(&mut parts)?)?.map(claimed_key);
        Ok(Claimed {
            keys: keys.collect::<Read<_>>()?,
            next_due: next_due.map(|due| Duration::from_millis(due.unsigned_abs())),
            state,
        })
    })
}

fn claimed_key(value: Value) -> Read<ClaimedKey> {
    let mut parts = list(value)?;
    let key = some_bytes(next(&mut parts)?)?;
    let mut count = || u32::try_from(int(&next(&mut parts)?)?).map_err(|_| MalformedReply);
    let (attempts, lost) = (count()?, count()?);
    let items = list(next(&mut parts)?)?.map(|value| some_bytes(value).map(item));
    Ok(ClaimedKey {
        key,
        attempts,
        lost,
        items: items.collect::<Read<_>>()?,
    })
}

/// Parses the state of a queue.
pub(crate) fn state(value: Value) -> Said<QueueState> {
    said(value, state_of)
}

fn state_of(value: Value) -> Read<QueueState> {
    let mut parts = list(value)?;
    let mut text_number = || number(&some_bytes(next(&mut parts)?)?);
    let (now, last) = (text_number()?, text_number()?);
    let mut count = || u64::try_from(int(&next(&mut parts)?)?).map_err(|_| MalformedReply);
    let (writes, dead) = (count()?, count()?);
    Ok(QueueState {
        writes,
        dead,
        now,
        last,
        oldest: optional_number(next(&mut parts)?)?,
    })
}

/// Parses the version after which the next part of the keys begins. Returns `None` if there is no
/// further part.
pub(crate) fn position(value: Value) -> Said<Option<u64>> {
    said(value, |value| {
        bytes(value)?.map(|it| number(&it)).transpose()
    })
}

/// Parses dead writes.
pub(crate) fn dead(value: Value) -> Said<Vec<DeadItem>> {
    said(value, |value| list(value)?.map(dead_item).collect())
}

fn dead_item(value: Value) -> Read<DeadItem> {
    let mut parts = list(value)?;
    let id = text(&some_bytes(next(&mut parts)?)?);
    let mut fields = list(next(&mut parts)?)?;
    let (mut key, mut attempts, mut reason, mut write) = (None, 0, String::new(), None);
    while let Some(name) = fields.next() {
        let value = some_bytes(next(&mut fields)?)?;
        match &*some_bytes(name)? {
            b"key" => key = Some(value),
            b"attempts" => attempts = number(&value)?,
            b"reason" => reason = text(&value),
            b"write" => write = Some(item(value)),
            _ => {}
        }
    }
    let write = write.ok_or(MalformedReply)?;
    Ok(DeadItem {
        id,
        key: key.ok_or(MalformedReply)?,
        version: write.version,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        reason,
        payload: write.payload,
    })
}

/// Parses the position and the keys of a scan. Returns each key without its first `start` and its
/// last `end` bytes.
pub(crate) fn scanned(value: Value, start: usize, end: usize) -> Said<(u64, Vec<String>)> {
    said(value, |value| {
        let mut parts = list(value)?;
        let position = number(&some_bytes(next(&mut parts)?)?)?;
        let names = list(next(&mut parts)?)?.map(|key| {
            let key = some_bytes(key)?;
            let name = key.get(start..key.len().saturating_sub(end));
            Ok(text(name.ok_or(MalformedReply)?))
        });
        Ok((position, names.collect::<Read<_>>()?))
    })
}

/// Parses the key of a dead write that was taken. Without a key, there was no such dead write.
pub(crate) fn taken(value: Value) -> Said<Taken> {
    said(value, |value| {
        Ok(bytes(value)?.map_or(Taken::Missing, Taken::Key))
    })
}

/// Parses positions of writes.
pub(crate) fn positions(value: Value) -> Said<Vec<usize>> {
    said(value, |value| {
        let numbers = list(value)?.map(|number| int(&number));
        let positions = numbers.map(|number| usize::try_from(number?).map_err(|_| MalformedReply));
        positions.collect()
    })
}

/// Parses the answer 1 or 0, which says if the script did anything.
pub(crate) fn is_done(value: &Value) -> Said<bool> {
    let done = int(value).map(|number| number == 1);
    done.map_err(|MalformedReply| problem(value))
}

/// Parses a write in its form in Redis: the version, a colon, the letter R if reads do not get its
/// value, and the arguments. Other bytes are a write that nobody can read, with the
/// version 0.
fn item(mut bytes: Vec<u8>) -> QueuedItem {
    let colon = bytes.iter().position(|byte| *byte == b':');
    let version = colon.and_then(|colon| number(&bytes[..colon]).ok());
    let (Some(colon), Some(version)) = (colon, version) else {
        return QueuedItem {
            version: 0,
            payload: Payload::Encoded(bytes),
            is_replayed: false,
        };
    };
    let is_replayed = bytes.get(colon + 1) == Some(&b'R');
    let payload = bytes.split_off(colon + 1 + usize::from(is_replayed));
    QueuedItem {
        version,
        payload: Payload::Encoded(payload),
        is_replayed,
    }
}

/// Parses a number. Returns `None` for an empty text.
fn optional_number(value: Value) -> Read<Option<u64>> {
    let bytes = some_bytes(value)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    number(&bytes).map(Some)
}

fn number(bytes: &[u8]) -> Read<u64> {
    let text = str::from_utf8(bytes).ok();
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or(MalformedReply)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn some_bytes(value: Value) -> Read<Vec<u8>> {
    bytes(value)?.ok_or(MalformedReply)
}

fn next(values: &mut impl Iterator<Item = Value>) -> Read<Value> {
    values.next().ok_or(MalformedReply)
}
