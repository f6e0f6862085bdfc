//! The head of an entry, for a store in tests that changes heads in place as scripts do in Redis.

use crate::encoding::envelope::{
    FILLED, FLAGS, FLOOR, GRACE, HEAD, HOLDER, MAGIC, ORDER, ORDERED, TOKEN, Token, millis,
};
use std::time::Duration;

const WAITERS: usize = 5;

/// The fields in the first bytes of an entry, which the cache's Lua scripts in Redis read and
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// `true` if the entry has a value or an absence. `false` if the entry has only a fencing
    /// token.
    pub(crate) is_filled: bool,
    /// `true` if a process waits until another process releases the lease of the key.
    pub(crate) is_awaited: bool,
    pub(crate) token: Token,
    pub(crate) holder: Option<Token>,
    /// The remaining time to live of the entry at which its lease ends. The lease is held while the
    /// store still keeps the entry for longer than this time.
    pub(crate) floor: Duration,
    /// The remaining time to live of the entry at which it becomes stale. The entry is fresh while
    /// the store still keeps it for longer than this time.
    pub(crate) grace: Duration,
}

impl Head {
    /// Returns the head of the entry in `bytes`, or `None` if `bytes` are too short or do not begin
    /// as an entry does.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEAD)?;
        let word = |at: usize| head[at..at + 16].try_into().map(Token).ok();
        let length = |at: usize| {
            let bytes = head[at..at + 8].try_into().ok()?;
            Some(Duration::from_millis(u64::from_be_bytes(bytes)))
        };
        head.starts_with(&MAGIC).then_some(())?;
        Some(Self {
            is_filled: head[FLAGS] & FILLED != 0,
            is_awaited: head[WAITERS] == 1,
            token: word(TOKEN)?,
            holder: word(HOLDER).filter(|holder| holder.0 != [0; 16]),
            floor: length(FLOOR)?,
            grace: length(GRACE)?,
        })
    }

    /// Returns the order (`order_by`) of the write that stored the entry in `bytes`, or `None` if
    /// the entry has no order.
    pub(crate) fn order(bytes: &[u8]) -> Option<u64> {
        let has_one = bytes.get(FLAGS)? & (FILLED | ORDERED) == FILLED | ORDERED;
        let start = bytes.len().checked_sub(ORDER)?;
        let order = bytes[start..].try_into().ok()?;
        has_one.then(|| u64::from_be_bytes(order))
    }

    /// Writes the fields of this head, except `is_filled`, into the bytes of an entry.
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        bytes[WAITERS] = u8::from(self.is_awaited);
        bytes[TOKEN..HOLDER].copy_from_slice(&self.token.0);
        let holder = self.holder.map_or([0; 16], |holder| holder.0);
        bytes[HOLDER..FLOOR].copy_from_slice(&holder);
        bytes[FLOOR..GRACE].copy_from_slice(&millis(self.floor).to_be_bytes());
        bytes[GRACE..HEAD].copy_from_slice(&millis(self.grace).to_be_bytes());
    }

    /// Returns the bytes of an entry that consists of this head and has no value.
    pub(crate) fn vacant(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes[..FLAGS].copy_from_slice(&MAGIC);
        self.write(&mut bytes);
        bytes
    }
}
