//! Compression of payloads for Redis, and decompression of bytes that may be anything.
//!
//! A packed payload is its length before compression (4 bytes, little-endian) and an LZ4 block.

#[cfg(feature = "lz4")]
pub(crate) mod lz4;
#[cfg(not(feature = "lz4"))]
#[path = "compress/off.rs"]
pub(crate) mod lz4;

use std::borrow::Cow;

/// The size in bytes from which payloads are compressed, if a function asks for it and its cache sets no
/// threshold.
pub(crate) const USUAL_THRESHOLD: usize = 1 << 10;

/// The number of bytes of the length.
const LENGTH: usize = 4;

/// The most bytes that a byte of a block can stand for.
const MOST_TIMES: usize = 255;

/// Returns `true` if this build can compress.
pub(crate) const fn is_available() -> bool {
    cfg!(feature = "lz4")
}

/// Packs the bytes in `out` from `start` on, if they are at least `threshold` and packing saves an
/// eighth of them: less is not worth a reader's time. Returns how many it saved, or `None` if it
/// changed nothing.
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

/// The bytes of an entry's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// The output of the codec.
    Plain(&'a [u8]),
    /// A packed payload, with the length that it claims to have had.
    Packed { length: usize, block: &'a [u8] },
}

impl<'a> Payload<'a> {
    /// Returns a packed payload, if `bytes` can be one.
    pub(crate) fn packed(bytes: &'a [u8]) -> Option<Self> {
        let (length, block) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        Some(Self::Packed { length, block })
    }

    /// Returns `true` if this build can open it.
    pub(crate) fn is_readable(&self) -> bool {
        matches!(self, Self::Plain(_)) || is_available()
    }

    /// Returns its length when it is open. A packed one may lie.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Packed { length, .. } => *length,
        }
    }

    /// Returns the output of the codec. For a packed payload, this makes one allocation of exactly its
    /// [`length`](Self::length), and none if so short a block cannot hold as much. Returns `None` if
    /// the bytes are no block, or one of another length.
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
