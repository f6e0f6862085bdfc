//! The head of an entry, which a store changes in place.

use crate::encoding::envelope::{
    FILLED, FLAGS, GRACE, HEAD, MAGIC, ORDER, ORDERED, TOKEN, Token, millis,
};
use std::time::Duration;

const WAITERS: usize = 5;
const HOLDER: usize = 24;
const FLOOR: usize = 40;

/// The fields of an entry that the store itself reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// `true` if there is a value or an absence.
    pub(crate) is_filled: bool,
    /// `true` if a process waits for the lease to end.
    pub(crate) is_awaited: bool,
    pub(crate) token: Token,
    pub(crate) holder: Option<Token>,
    /// The lease lives while more than this is left of the entry's life.
    pub(crate) floor: Duration,
    /// The entry is fresh while more than this is left of its life.
    pub(crate) grace: Duration,
}

impl Head {
    /// Reads the head of `bytes`, if they have one.
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

    /// The order of the write that stored the entry in `bytes`, if it has one.
    pub(crate) fn order(bytes: &[u8]) -> Option<u64> {
        let has_one = bytes.get(FLAGS)? & (FILLED | ORDERED) == FILLED | ORDERED;
        let start = bytes.len().checked_sub(ORDER)?;
        let order = bytes[start..].try_into().ok()?;
        has_one.then(|| u64::from_be_bytes(order))
    }

    /// Writes the fields over the head of `bytes`, except `is_filled`.
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        bytes[WAITERS] = u8::from(self.is_awaited);
        bytes[TOKEN..HOLDER].copy_from_slice(&self.token.0);
        let holder = self.holder.map_or([0; 16], |holder| holder.0);
        bytes[HOLDER..FLOOR].copy_from_slice(&holder);
        bytes[FLOOR..GRACE].copy_from_slice(&millis(self.floor).to_be_bytes());
        bytes[GRACE..HEAD].copy_from_slice(&millis(self.grace).to_be_bytes());
    }

    /// Returns an entry that holds a token and no value.
    pub(crate) fn vacant(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes[..FLAGS].copy_from_slice(&MAGIC);
        self.write(&mut bytes);
        bytes
    }
}
