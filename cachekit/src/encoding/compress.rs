//! Payloads made shorter for Redis, and read back from bytes that may be anything.
//!
//! A packed payload is the length of what was packed (4 bytes, little-endian) and an LZ4 block.

#[cfg(feature = "lz4")]
pub(crate) mod lz4;
#[cfg(not(feature = "lz4"))]
#[path = "compress/off.rs"]
pub(crate) mod lz4;

use std::borrow::Cow;

/// From so many bytes on, where a function asks for it and its cache says nothing.
pub(crate) const USUAL_THRESHOLD: usize = 1 << 10;

/// The length of the length.
const LENGTH: usize = 4;

/// No byte of a block stands for more than this many.
const MOST_TIMES: usize = 255;

/// Whether this build can.
pub(crate) const fn is_available() -> bool {
    cfg!(feature = "lz4")
}

/// Packs what stands in `out` from `start` on, if it has at least `threshold` bytes and an eighth
/// of them can be saved: less is not worth a reader's time. How many are saved; `None`: nothing
/// was changed.
pub(crate) fn pack(out: &mut Vec<u8>, start: usize, threshold: usize) -> Option<usize> {
    let plain = &out[start..];
    if plain.len() < threshold {
        return None;
    }
    let length = u32::try_from(plain.len()).ok()?;
    let block = lz4::compress(plain)?;
    let saved = plain.len().checked_sub(LENGTH + block.len())?;
    if saved == 0 || saved < plain.len().div_ceil(8) {
        return None;
    }
    out.truncate(start);
    out.extend(length.to_le_bytes());
    out.extend(block);
    Some(saved)
}

/// What stands in an entry for its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// As the codec wrote it.
    Plain(&'a [u8]),
    /// Packed, with the length that it says it had.
    Packed { length: usize, block: &'a [u8] },
}

impl<'a> Payload<'a> {
    /// A packed one, if `bytes` can be one.
    pub(crate) fn packed(bytes: &'a [u8]) -> Option<Self> {
        let (length, block) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        Some(Self::Packed { length, block })
    }

    /// Whether this build can open it.
    pub(crate) fn is_readable(&self) -> bool {
        matches!(self, Self::Plain(_)) || is_available()
    }

    /// How long it is when it is open. A packed one may lie.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Packed { length, .. } => *length,
        }
    }

    /// What the codec wrote. A packed one makes one allocation, of exactly its
    /// [`length`](Self::length), and none if so short a block cannot hold as much; `None`: it is
    /// no block, or one of another length.
    pub(crate) fn open(&self) -> Option<Cow<'a, [u8]>> {
        match *self {
            Self::Plain(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Packed { length, block } => {
                if length > block.len().saturating_mul(MOST_TIMES) {
                    return None;
                }
                let mut plain = vec![0; length];
                let written = lz4::decompress(block, &mut plain)?;
                (written == length).then_some(Cow::Owned(plain))
            }
        }
    }
}

#[cfg(all(test, feature = "lz4"))]
mod tests;
